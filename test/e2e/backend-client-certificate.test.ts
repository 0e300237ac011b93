/** A backend that lets nobody in without a client certificate, and takes one for the login itself. */

import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthority, createServerCertificate } from '../../src/authority/create.ts';
import { issueClientCertificate } from '../../src/authority/issue.ts';
import { openBackend } from '../../src/compose/backend-admin.ts';
import type { BackendConfig } from '../../src/config/backend.ts';
import { pollUntil } from '../support/poll.ts';
import { ownServersMissing, startOwnServer } from '../support/postgres-server.ts';
import { furnish, onlyHost, type PairPostern, startPairPostern, withBackends } from './pair-fixture.ts';

const running = new AsyncDisposableStack();
let directory: string;
let under: PairPostern;
let own: Pick<BackendConfig, 'hosts' | 'tls' | 'caFile'>;
const file = (name: string) => join(directory, name);
const shown = (name: string) => ({
  clientCertificate: { certificateFile: file(`${name}.crt`), keyFile: file(`${name}.key`) },
});

/** Writes NAME.crt and NAME.key. */
const issue = async (name: string, authority: Awaited<ReturnType<typeof createAuthority>>) => {
  const claims = { authority, accountName: 'postern', days: 1, maximumDays: 1 };
  const { certificate, privateKey } = await issueClientCertificate(claims);
  await writeFile(file(`${name}.crt`), certificate.certificatePem);
  await writeFile(file(`${name}.key`), privateKey.pkcs1Pem);
};

beforeAll(async () => {
  if (ownServersMissing) return;
  directory = await mkdtemp(join(tmpdir(), 'postern-backend-'));
  running.defer(() => rm(directory, { recursive: true, force: true }));
  const ca = await createAuthority({ commonName: 'Backend CA', validDays: 1 });
  const pair = await createServerCertificate({ authority: ca, names: ['127.0.0.1'], validDays: 1 });
  await writeFile(file('ca.pem'), ca.certificatePem);
  await issue('ours', ca);
  await issue('theirs', await createAuthority({ commonName: 'Backend CA', validDays: 1 }));
  const server = await startOwnServer(running, {
    files: {
      'ca.pem': ca.certificatePem,
      'tls.crt': pair.certificatePem,
      'tls.key': pair.privateKeyPem,
      // Whoever holds the certificate of Postern may be any role.
      'pg_ident.conf': 'postern postern all\n',
    },
    settings: { ssl: 'on', ssl_cert_file: 'tls.crt', ssl_key_file: 'tls.key', ssl_ca_file: 'ca.pem' },
    hba: [
      'hostnossl all postgres 127.0.0.1/32 scram-sha-256',
      'hostssl gis all 127.0.0.1/32 scram-sha-256 clientcert=verify-ca',
      'hostssl postgres all 127.0.0.1/32 cert map=postern',
      'hostssl all all all reject',
    ],
  });
  await furnish(server);
  own = { hosts: onlyHost(server), tls: 'verify-full', caFile: file('ca.pem') };
  under = await startPairPostern(running, {
    ours: { ...own, ...shown('ours') },
    theirs: { ...own, ...shown('theirs') },
    none: { ...own },
  });
}, 120_000);
afterAll(() => running.disposeAsync());

describe.skipIf(ownServersMissing)('a backend that demands a client certificate', () => {
  it('gets it, from control as from sessions', async () => {
    const client = await (await under.accountOn('ours'))();
    const { rows } = await client.query(
      'SELECT client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl',
    );
    expect(rows).toEqual([{ client_dn: '/CN=postern' }]);
  });

  it('gets it with cancel requests as well', async () => {
    const client = await (await under.accountOn('ours'))();
    const slept = client.query('SELECT pg_sleep(600)').catch((error: unknown) => error);
    const admin = await openBackend(under.postern.config, 'ours', 'gis');
    const sleeping = async () => {
      const { rows } = await admin.query(
        "SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)'  AND state = 'active'",
      );
      return rows.length;
    };
    await pollUntil(async () => (await sleeping()) === 1);
    // Who leaves in the middle of a query has it cancelled.
    await client.end();
    await slept;
    await pollUntil(async () => (await sleeping()) === 0);
    await admin.close();
  });

  it('may take it for the login itself', async () => {
    const admin = await openBackend(under.postern.config, 'ours', 'postgres');
    const { rows } = await admin.query<{ method: string }>('SELECT system_user AS method');
    expect(rows).toEqual([{ method: 'cert:CN=postern' }]);
    await admin.close();
  });

  it.each([
    ['none', /does not let Postern in: connection requires a valid client certificate/],
    ['theirs', /cannot be reached: .*(unknown ca|certificate)/i],
  ])('is not content with %s, and says so', async (backend, sentence) => {
    await expect(openBackend(under.postern.config, backend, 'gis')).rejects.toThrow(sentence);
  });

  it('does not admit sessions without it; the log has its words', async () => {
    const logIn = await under.accountOn('ours');
    under.postern.rewrite(withBackends({ ours: { ...own, ...shown('theirs') } }));
    expect(await under.postern.serving.reload('test')).toBe('applied');
    await expect(logIn()).rejects.toMatchObject({ code: '08006' });
    const line = await pollUntil(() =>
      under.postern.logLines().findLast(({ reason }) => reason === 'backend-unreachable'),
    );
    expect(JSON.stringify(line['error'])).toMatch(/unknown ca/i);
    under.postern.rewrite(withBackends({ ours: { ...own, ...shown('ours') } }));
    expect(await under.postern.serving.reload('test')).toBe('applied');
    await logIn();
  });

  it('is shown a renewed one when its files have changed, and never a pair that does not fit', async () => {
    const logIn = await under.accountOn('ours');
    const linesSaying = (message: string) =>
      under.postern.logLines().filter(({ msg, cause }) => msg === message && cause !== 'test').length;
    /** Copies files of another pair over these, and waits until that is noticed. */
    const write = async (from: string, names: readonly string[], noticedBy: string) => {
      const before = linesSaying(noticedBy);
      for (const name of names)
        await writeFile(file(`ours.${name}`), await readFile(file(`${from}.${name}`)));
      await pollUntil(() => linesSaying(noticedBy) > before, { timeoutMs: 20_000 });
    };
    for (const name of ['crt', 'key']) await copyFile(file(`ours.${name}`), file(`original.${name}`));
    await write('theirs', ['key'], 'not reloaded, everything stays as it was');
    await logIn();
    await write('theirs', ['crt'], 'reloaded');
    await expect(logIn()).rejects.toMatchObject({ code: '08006' });
    await write('original', ['crt', 'key'], 'reloaded');
    await logIn();
  });
});
