/**
 * Both CAs replaced while a gate and a console run, which are never restarted or told: what clients with old and with new
 * bundles meet at each stage, with verify-full by libpq (where psql is installed) and by Node.
 */

import { X509Certificate } from 'node:crypto';
import { copyFile, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { certificatesIn } from '../../src/authority/key-pair.ts';
import { clientAuthorityFiles, serverAuthorityFiles } from '../../src/authority/rotation-state.ts';
import type { RotationStage } from '../../src/authority/rotation-steps.ts';
import { type AuthorityRequest, rotateAuthority } from '../../src/control/rotate-authority.ts';
import { listAudit } from '../../src/store/audit.ts';
import { pollUntil } from '../support/poll.ts';
import { type ClientFiles, startPostern, type TestInstance, type TestPostern } from '../support/postern.ts';
import { psqlMissing, startPsql } from '../support/psql.ts';

// A gate notices changed files after two equal looks, 2 seconds apart; several times in each test.
vi.setConfig({ testTimeout: 90_000 });

let postern: TestPostern;

beforeAll(async () => {
  postern = await startPostern({
    configure: (config) => ({
      ...config,
      console: {
        listen: { host: '127.0.0.1', port: 0 },
        tls: null,
        trustedProxies: [],
        adminToken: null,
      },
    }),
  });
});

afterAll(() => postern?.stop());

const at = (name: string) => join(postern.directory, name);
const reloads = () => postern.logLines().filter(({ msg }) => msg === 'reloaded').length;

const rotate = async (kind: 'server' | 'client', stage: RotationStage, force = false) => {
  const { authority, gate } = postern.config;
  if (!authority || !gate) throw new Error('The fixture has both.');
  const files =
    kind === 'server' ? serverAuthorityFiles(authority, gate, null) : clientAuthorityFiles(authority, gate);
  const request: AuthorityRequest = { files, stage, force, dryRun: false };
  const before = reloads();
  // Says first, as people are told to ask, what it is about to do.
  const planned = await rotateAuthority(postern.context, { ...request, dryRun: true });
  const done = await rotateAuthority(postern.context, request);
  expect(done.steps).toEqual(planned.steps);
  await pollUntil(() => reloads() > before, { timeoutMs: 20_000 });
  return done;
};

/** As an account's owner does it, by the running console. */
const issue = async (name: string): Promise<ClientFiles> => {
  const answer = await fetch(`http://127.0.0.1:${postern.serving.consolePort}/api/v1/certificates`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${postern.masterKey}`,
      'content-type': 'application/json',
      'idempotency-key': name,
    },
    body: JSON.stringify({ name }),
  });
  expect({ name, status: answer.status }).toEqual({ name, status: 201 });
  const { files } = (await answer.json()) as {
    files: { name: string; mode: string; encoding: BufferEncoding; content: string }[];
  };
  const directory = await mkdtemp(join(postern.directory, 'issued-'));
  for (const file of files) {
    const mode = Number.parseInt(file.mode, 8);
    await writeFile(join(directory, file.name), Buffer.from(file.content, file.encoding), { mode });
  }
  const read = (wanted: string) => files.find((file) => file.name === wanted)?.content ?? '';
  await postern.caughtUp();
  return {
    certificate: read('client.crt'),
    key: read('client.key'),
    serverCa: read('server_ca.pem'),
    directory,
  };
};

/** Rejects with what the client is told. */
const logIn = async (
  { certificate, key, serverCa, directory }: ClientFiles,
  { port }: { readonly port: number } = postern,
): Promise<void> => {
  const client = await postern.connect({ port, ssl: { ca: serverCa, cert: certificate, key } });
  await client.end();
  if (psqlMissing) return;
  const environment = {
    PGHOST: 'localhost',
    PGPORT: String(port),
    PGUSER: postern.account,
    PGDATABASE: postern.database,
    PGPASSWORD: postern.readerKey,
    PGSSLMODE: 'verify-full',
    PGSSLCERT: join(directory, 'client.crt'),
    PGSSLKEY: join(directory, 'client.key'),
    PGSSLROOTCERT: join(directory, 'server_ca.pem'),
  };
  const { result } = startPsql(['SELECT 1'], environment, directory);
  expect(await result).toEqual({ status: 0, stdout: '1', stderr: '' });
};

const trustedBy = ({ serverCa }: ClientFiles) => certificatesIn(serverCa).map(({ subject }) => subject);

describe('a server CA is replaced', () => {
  let both: ClientFiles;

  it('begin: new bundles trust both, and all clients come in', async () => {
    await rotate('server', 'begin');
    both = await issue('both');
    expect(new Set(trustedBy(both)).size).toBe(2);
    await logIn(both);
    await logIn(postern.files);
  });

  it('switch: is refused while bundles are left that know only the old, and says whose', async () => {
    await expect(rotate('server', 'switch')).rejects.toThrow(
      `Active certificates of ${postern.account} (1) came in bundles that trust the old server CA alone: give`,
    );
    await logIn(postern.files);
  });

  it('switch: sessions stay, the new bundle goes on, the old one no longer knows the server', async () => {
    const session = await postern.connect();
    const { dependents } = await rotate('server', 'switch', true);
    expect(dependents).toEqual([{ account: postern.account, certificates: 1, lastUsedAt: expect.any(Date) }]);
    await logIn(both);
    await expect(logIn(postern.files)).rejects.toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
    expect((await session.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    const between = await issue('between');
    expect(trustedBy(between)).toEqual(trustedBy(both).toReversed());
    await logIn(between);
  });

  it('finish: new bundles trust the new one alone, and whoever knows it stays in', async () => {
    await rotate('server', 'finish');
    const after = await issue('after');
    expect(trustedBy(after)).toEqual(trustedBy(both).slice(1));
    await logIn(after);
    await logIn(both);
  });
});

describe('a client CA is replaced', () => {
  let old: ClientFiles;
  let fresh: ClientFiles;

  /** On another host: it has a copy of the file, which somebody has to bring. */
  let elsewhere: TestInstance;

  const bringFile = async () => {
    const reloaded = () => elsewhere.logLines().filter(({ msg }) => msg === 'reloaded').length;
    const before = reloaded();
    await copyFile(at('client_ca.pem'), at('elsewhere.pem'));
    await pollUntil(() => reloaded() > before, { timeoutMs: 20_000 });
  };

  it('begin, switch: certificates of both are admitted, new ones come from the new', async () => {
    await copyFile(at('client_ca.pem'), at('elsewhere.pem'));
    elsewhere = await postern.startInstance((config) => ({
      ...config,
      console: null,
      gate: config.gate && { ...config.gate, clientCaFile: at('elsewhere.pem') },
    }));
    old = await issue('old');
    await rotate('client', 'begin');
    await bringFile();
    await logIn(old);
    await rotate('client', 'switch');
    fresh = await issue('fresh');
    const issuerOf = ({ certificate }: ClientFiles) => new X509Certificate(certificate).issuer;
    expect(issuerOf(fresh)).toMatch(/^CN=Postern client CA [0-9a-f]{8}$/);
    expect(issuerOf(fresh)).not.toBe(issuerOf(old));
    for (const gate of [postern, elsewhere]) {
      await logIn(old, gate);
      await logIn(fresh, gate);
    }
  });

  it('finish: is refused while certificates of the old are left, and says whose', async () => {
    await expect(rotate('client', 'finish')).rejects.toThrow(
      `Active certificates of ${postern.account} (5) are signed by the old client CA: issue new ones`,
    );
    await logIn(old);
  });

  it('finish: whoever still has one is told why it is refused', async () => {
    await rotate('client', 'finish', true);
    // As long as nobody has brought the file.
    await logIn(old, elsewhere);
    await bringFile();
    for (const gate of [postern, elsewhere]) {
      await logIn(fresh, gate);
      await expect(logIn(old, gate)).rejects.toMatchObject({
        code: '28000',
        message: 'The client certificate was not issued by this Postern.',
      });
    }
  });

  it('every stage is in the audit, with what was done', async () => {
    const events = await listAudit(postern.context.store, { limit: 100 });
    const rotations = events.filter(({ action }) => /^(server|client)-ca\./.test(action));
    expect(rotations.map(({ action }) => action).toReversed()).toEqual([
      'server-ca.begin',
      'server-ca.switch',
      'server-ca.finish',
      'client-ca.begin',
      'client-ca.switch',
      'client-ca.finish',
    ]);
    expect(rotations[0]).toMatchObject({ actor: 'test', after: { steps: expect.any(Array) } });
    expect(JSON.stringify(rotations)).not.toContain('PRIVATE');
  });
});
