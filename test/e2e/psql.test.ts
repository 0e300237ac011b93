import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthorityFiles, loadAuthority } from '../../src/authority/files.ts';
import { issueClientCertificate } from '../../src/authority/issue.ts';
import { createCertificate } from '../../src/control/certificates.ts';
import { unzip } from '../authority/unzip.ts';
import { startPostern, type TestPostern } from '../support/postern.ts';
import { type LibpqEnvironment, psqlMissing, startPsql } from '../support/psql.ts';
import { addAccount } from './another-account.ts';
import { libpqEnvironment, psql } from './psql-client.ts';

let postern: TestPostern;

beforeAll(async () => {
  postern = await startPostern();
});

afterAll(() => postern?.stop());

/** The line of the log about the connection whose id the client was told. */
const logLineOf = (stderr: string): Record<string, unknown> | undefined => {
  const id = /Connection ([0-9a-f]{12})/.exec(stderr)?.[1];
  return postern.logLines().find(({ connection }) => connection === id);
};

/** A certificate for the same account name, by an authority that anybody could make. */
const foreignCertificate = async (): Promise<LibpqEnvironment> => {
  const directory = join(postern.directory, 'foreign');
  await mkdir(directory);
  await createAuthorityFiles({ directory, names: ['localhost'] });
  const { certificate, privateKey } = await issueClientCertificate({
    authority: await loadAuthority({
      certificateFile: join(directory, 'client_ca.pem'),
      keyFile: join(directory, 'client_ca.key'),
    }),
    accountName: postern.account,
    days: 1,
    maximumDays: 1,
  });
  const [PGSSLCERT, PGSSLKEY] = [join(directory, 'c.crt'), join(directory, 'c.key')];
  await writeFile(PGSSLCERT, certificate.certificatePem);
  await writeFile(PGSSLKEY, privateKey.pkcs1Pem, { mode: 0o600 });
  return { PGSSLCERT, PGSSLKEY };
};

describe.skipIf(psqlMissing)('psql with the files of an unpacked bundle', () => {
  it.each<[string, LibpqEnvironment]>([
    ['sslmode=require', { PGSSLMODE: 'require', PGSSLROOTCERT: undefined }],
    ['sslmode=verify-ca', { PGSSLMODE: 'verify-ca' }],
    ['sslmode=verify-full', { PGSSLMODE: 'verify-full' }],
    ['an address instead of a name', { PGHOST: '127.0.0.1' }],
    ['channel_binding=require', { PGCHANNELBINDING: 'require' }],
    ['channel_binding=disable', { PGCHANNELBINDING: 'disable' }],
    ['TLS 1.2', { PGSSLMAXPROTOCOLVERSION: 'TLSv1.2', PGCHANNELBINDING: 'require' }],
  ])('connects with %s', async (_, environment) => {
    const { stdout, stderr, status } = await psql(
      postern,
      'SELECT current_user, count(*) FROM places.towns',
      environment,
    );
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(stdout).toMatch(/^postern_acc-[0-9a-f]+_[0-9a-f]{12}\|500$/);
  });

  it('connects by the service file, from within the folder that the ZIP was unpacked to', async () => {
    const { bundle } = await createCertificate(postern.context, postern.account, {
      name: 'zipped',
      days: null,
      csr: null,
    });
    await postern.caughtUp();
    const folder = join(postern.directory, 'unzipped');
    await mkdir(folder);
    for (const { name, mode, content } of unzip(bundle)) {
      await writeFile(join(folder, name), content);
      await chmod(join(folder, name), mode & 0o777);
    }
    const { stdout, stderr } = await startPsql(
      ['SELECT current_database()'],
      { PGSERVICEFILE: 'pg_service.conf', PGPASSWORD: postern.readerKey },
      folder,
      `service=${postern.account} port=${postern.port}`,
    ).result;
    expect({ stdout, stderr }).toEqual({ stdout: postern.database, stderr: '' });
  });

  it.each([
    ['no database', () => undefined],
    ['the account as database', () => postern.account],
    ["the database's own name", () => postern.database],
  ])('reaches the database of the account when it names %s', async (_, database) => {
    const { stdout } = await psql(postern, 'SELECT current_database()', { PGDATABASE: database() });
    expect(stdout).toBe(postern.database);
  });
});

describe.skipIf(psqlMissing)('psql that is refused', () => {
  interface Refused {
    readonly what: string;
    readonly environment: () => LibpqEnvironment | Promise<LibpqEnvironment>;
    readonly says: () => string;
    readonly sqlstate: string;
  }
  it.each<Refused>([
    {
      what: 'a wrong API key',
      environment: () => ({ PGPASSWORD: 'wrong' }),
      says: () => `API key authentication failed for user "${postern.account}".`,
      sqlstate: '28P01',
    },
    {
      what: 'no certificate',
      environment: () => ({ PGSSLCERT: '/nowhere', PGSSLKEY: undefined }),
      says: () => 'The client sent no certificate.',
      sqlstate: '28000',
    },
    {
      what: "another authority's certificate",
      environment: foreignCertificate,
      says: () => 'The client certificate was not issued by this Postern.',
      sqlstate: '28000',
    },
    {
      what: 'an address that is not in the list',
      environment: async () => libpqEnvironment(await addAccount(postern, { allow: ['192.0.2.0/24'] })),
      says: () => 'The address 127.0.0.1 is not in the allowlist of the account "',
      sqlstate: '28000',
    },
    {
      what: 'another user',
      environment: () => ({ PGUSER: 'postgres' }),
      says: () =>
        `The certificate belongs to the account "${postern.account}" and not to the user "postgres".`,
      sqlstate: '28000',
    },
    {
      what: 'another database',
      environment: () => ({ PGDATABASE: 'postgres' }),
      says: () => 'The database "postgres" does not exist or does not belong to this account.',
      sqlstate: '3D000',
    },
    {
      what: 'no TLS',
      environment: () => ({ PGSSLMODE: 'disable' }),
      says: () => 'Postern accepts encrypted connections only.',
      sqlstate: '28000',
    },
  ])('for $what is told so, and the log has it under the same id', async (refused) => {
    const result = await psql(postern, 'SELECT 1', await refused.environment());
    expect(result).toMatchObject({ stdout: '', status: 2 });
    expect(result.stderr).toContain(`FATAL:  ${refused.says()}`);
    expect(logLineOf(result.stderr)).toMatchObject({ sqlstate: refused.sqlstate, outcome: 'refused' });
  });

  it('does not trust a Postern whose certificate comes from another authority', async () => {
    const directory = join(postern.directory, 'stranger');
    await mkdir(directory);
    await createAuthorityFiles({ directory, names: ['localhost'] });
    const { stderr } = await psql(postern, 'SELECT 1', { PGSSLROOTCERT: join(directory, 'server_ca.pem') });
    expect(stderr).toContain('certificate verify failed');
  });
});
