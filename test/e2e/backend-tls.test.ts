import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthorityFiles } from '../../src/authority/files.ts';
import { postgresIsLent, switchOnTls } from '../support/backend-tls.ts';
import { pollUntil } from '../support/poll.ts';
import { startPostern, type TestPostern } from '../support/postern.ts';
import { untilNoneRuns, untilRunning } from './activity.ts';
import { addAccount } from './another-account.ts';

let postern: TestPostern;
const running = new AsyncDisposableStack();

beforeAll(async () => {
  if (postgresIsLent) return;
  const directory = await mkdtemp(join(tmpdir(), 'postern-backend-'));
  running.defer(() => rm(directory, { recursive: true, force: true }));
  await createAuthorityFiles({ directory, names: ['127.0.0.1'] });
  running.defer(
    await switchOnTls({
      certificateFile: join(directory, 'server.crt'),
      keyFile: join(directory, 'server.key'),
    }),
  );
  const [serverCa, anotherCa] = [join(directory, 'server_ca.pem'), join(directory, 'client_ca.pem')];
  postern = await startPostern({
    configure: (config) => {
      const main = config.backends.get('main');
      if (!main) throw new Error('no backend "main"');
      const port = main.hosts[0].port;
      const byName = { hosts: [{ host: 'localhost', port }] } as const;
      const backends = [
        main,
        { ...main, name: 'require', tls: 'require' as const },
        { ...main, name: 'verify-ca', tls: 'verify-ca' as const, caFile: serverCa, ...byName },
        { ...main, name: 'verify-full', tls: 'verify-full' as const, caFile: serverCa },
        { ...main, name: 'another name', tls: 'verify-full' as const, caFile: serverCa, ...byName },
        { ...main, name: 'another authority', tls: 'verify-ca' as const, caFile: anotherCa },
      ];
      return { ...config, backends: new Map(backends.map((backend) => [backend.name, backend])) };
    },
  });
  running.defer(postern.stop);
});

afterAll(() => running.disposeAsync());

describe.skipIf(postgresIsLent)('the connection to a backend', () => {
  it.each(['require', 'verify-ca', 'verify-full'])('is encrypted with tls: %s', async (backend) => {
    const account = await addAccount(postern, { backend });
    const client = await account.connect();
    const { rows } = await client.query('SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
    expect(rows).toEqual([{ ssl: true, version: 'TLSv1.3' }]);
  });

  it.each([
    ['another name', "Hostname/IP does not match certificate's altnames"],
    ['another authority', 'unable to verify the first certificate'],
  ])('is not made to a server whose certificate is for or by %s', async (backend, cause) => {
    const account = await addAccount(postern, { backend });
    await expect(account.connect()).rejects.toMatchObject({
      code: '08006',
      message: 'The database server behind Postern cannot be reached.',
    });
    const line = await pollUntil(() =>
      postern.logLines().find((seen) => seen['account'] === account.account && seen['reason']),
    );
    expect(line).toMatchObject({ level: 'error', reason: 'backend-unreachable', backend });
    expect(JSON.stringify(line)).toContain(cause);
  });

  it('carries cancel requests encrypted as well', async () => {
    const account = await addAccount(postern, { backend: 'verify-full' });
    const client = await account.connect();
    const mark = 'encrypted cancel';
    const slept = client.query(`SELECT pg_sleep(600) -- ${mark}`).catch((error: unknown) => error);
    await untilRunning(postern, mark);
    await client.end();
    await untilNoneRuns(postern, mark, 3_000);
    expect(await slept).toBeInstanceOf(Error);
  });

  it('passes a large result over TLS on both sides', async () => {
    const account = await addAccount(postern, { backend: 'verify-full' });
    const client = await account.connect();
    const { rows } = await client.query("SELECT repeat('x', 1000) AS x FROM generate_series(1, 20000)");
    expect(rows).toHaveLength(20_000);
  });
});
