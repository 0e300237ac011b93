/** `postern doctor` at the operator's side: an installation in order, and everything that can be wrong with one. */

import { once } from 'node:events';
import { chmod, copyFile, readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthority } from '../../src/authority/create.ts';
import { createAuthorityFiles } from '../../src/authority/files.ts';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { judgeClock } from '../../src/cli/doctor/store.ts';
import { pollUntil } from '../support/poll.ts';
import {
  createDatabase,
  postgresUrl,
  runAsSuperuser,
  type TestDatabase,
  uniqueName,
} from '../support/postgres.ts';
import { createStore, type TestStore } from '../support/store.ts';
import { type CliFixture, createCliFixture, startCli } from './run.ts';

const account = uniqueName('doc').replace('_', '-');
const owner = uniqueName('owner');
const weak = uniqueName('weak');
let store: TestStore;
let backend: TestDatabase;
let cli: CliFixture;

beforeAll(async () => {
  [store, backend] = await Promise.all([createStore(), createDatabase()]);
  await runAsSuperuser(
    backend.url,
    `CREATE ROLE ${owner} NOLOGIN`,
    `CREATE ROLE ${weak} LOGIN PASSWORD 'hunter2'`,
    `ALTER DATABASE ${backend.name} OWNER TO ${owner}`,
  );
  cli = await createCliFixture({ storeUrl: store.url, backendUrl: backend.url });
  const database = ['--database', backend.name, '--owner', owner];
  await cli.json('account', 'create', account, '--backend', 'main', ...database);
  await cli.json('key', 'create', account, 'master', '--kind', 'master');
  await runAsSuperuser(
    backend.url,
    `GRANT CONNECT ON DATABASE ${backend.name} TO ${weak}`,
    `GRANT CONNECT ON DATABASE ${new URL(store.url).pathname.slice(1)} TO ${weak}`,
  );
});

afterAll(async () => {
  await cli?.run('account', 'delete', account);
  await cli?.remove();
  await store?.drop();
  await backend?.drop();
  const roles = await runAsSuperuser(
    postgresUrl(),
    `SELECT rolname FROM pg_roles WHERE rolname LIKE '%${account}%'`,
  );
  const names = [`"${owner}"`, `"${weak}"`, ...roles.map(({ rolname }) => `"${rolname}"`)];
  await runAsSuperuser(postgresUrl(), `DROP ROLE ${names.join(', ')}`);
});

const write = (name: string, text: string): Promise<void> =>
  writeFile(join(cli.directory, name), text, { mode: 0o600 });

type Replacement = readonly [from: string, to: string];

/** The fixture's configuration with replacements. */
const examine = async (...replacements: readonly Replacement[]) => {
  let text = await readFile(join(cli.directory, 'postern.yaml'), 'utf8');
  for (const [from, to] of replacements) {
    if (!text.includes(from)) throw new Error(`no "${from}" in the configuration`);
    text = text.replace(from, to);
  }
  await write('changed.yaml', text);
  const { code, out, err } = await cli.run('doctor', '--json', '--config', 'changed.yaml');
  if (out === '') throw new Error(err);
  expect(out + err).not.toContain('hunter2');
  return { code, findings: JSON.parse(out) as Finding[] };
};

const asUser = (url: string, user: string): string => {
  const changed = new URL(url);
  changed.username = user;
  changed.password = 'hunter2';
  return changed.href;
};

test('finds nothing wrong with an installation that is in order', async () => {
  const { code, findings } = await examine(['telemetry:', 'limits: { sessions: 10 }\ntelemetry:']);
  expect(findings.filter(({ outcome }) => outcome !== 'ok')).toEqual([]);
  expect(code).toBe(0);
  expect(findings.map(({ check }) => check)).toEqual([
    'configuration',
    'store.url',
    'gate.certificate_file',
    'gate.client_ca_file',
    'authority.certificate_file',
    'authority.server_ca_file',
    'gate.key_file',
    'authority.key_file',
    'gate.listen',
    'telemetry.listen',
    'store',
    'clock',
    'store role postern_gate',
    'store role postern_console',
    'store schema',
    'sealing_keys',
    'backend main',
    'backend main hosts',
    'backend main server',
    'backend main admin',
    'backend main password_encryption',
    'backend main max_connections',
    `backend main account ${account}`,
    `backend main database ${backend.name}`,
  ]);
  expect(findings.find(({ check }) => check === 'sealing_keys')?.seen).toBe('1 sealed role passwords open.');
});

interface Broken {
  readonly what: string;
  readonly arrange?: () => Promise<unknown>;
  readonly change?: () => readonly Replacement[];
  readonly undo?: () => Promise<unknown>;
  readonly check: string;
  readonly outcome: 'warning' | 'failed';
  readonly seen: RegExp;
}

const inStore = (name: string, url: () => string) => ({
  arrange: () => write(`${name}.url`, url()),
  change: (): Replacement[] => [['file:store.url', `file:${name}.url`]],
});

/** A complete set of certificates that are good for so long. */
const madeFor = (days: number, name: string) => async () => {
  await createAuthorityFiles({
    directory: join(cli.directory, name),
    names: ['localhost'],
    authorityDays: days,
    serverDays: days,
  });
};

const pki = (from: string, to: string): Replacement => [`pki/${from}`, `${to}/${from}`];

const adminIs = (user: string): Replacement => [
  `user: ${decodeURIComponent(new URL(postgresUrl()).username)}`,
  `user: ${user}`,
];

const broken: readonly Broken[] = [
  {
    what: 'a configuration that does not load',
    change: () => [['tls: disable', 'tls: maybe']],
    check: 'configuration',
    outcome: 'failed',
    seen: /^backends\.main\.tls: /,
  },
  {
    what: 'a missing file',
    change: () => [['pki/server_ca.pem', 'pki/none.pem']],
    check: 'authority.server_ca_file',
    outcome: 'failed',
    seen: /none\.pem cannot be read \(ENOENT\)/,
  },
  {
    what: "another certificate's key",
    change: () => [['pki/server.key', 'pki/client_ca.key']],
    check: 'gate.certificate_file',
    outcome: 'failed',
    seen: /does not belong to the certificate/,
  },
  {
    what: 'a server certificate for another name',
    change: () => [['public: { host: localhost', 'public: { host: db.example.com']],
    check: 'gate.certificate_file',
    outcome: 'failed',
    seen: /not for public\.host "db\.example\.com"/,
  },
  {
    what: 'a server certificate that is about to expire',
    arrange: madeFor(20, 'soon'),
    change: () => [pki('server.crt', 'soon'), pki('server.key', 'soon')],
    check: 'gate.certificate_file',
    outcome: 'warning',
    seen: /^It expires on /,
  },
  {
    what: 'a client CA that has expired',
    arrange: async () => {
      const now = Date.parse('2021-01-01');
      await write(
        'old.pem',
        (await createAuthority({ commonName: 'Old', validDays: 1, now })).certificatePem,
      );
    },
    change: () => [['client_ca_file: pki/client_ca.pem', 'client_ca_file: old.pem']],
    check: 'gate.client_ca_file',
    outcome: 'failed',
    seen: /^It expired on 2021-/,
  },
  {
    what: 'a key that others can read',
    arrange: async () => {
      await copyFile(join(cli.directory, 'pki/server.key'), join(cli.directory, 'open.key'));
      await chmod(join(cli.directory, 'open.key'), 0o640);
    },
    change: () => [['pki/server.key', 'open.key']],
    check: 'gate.key_file',
    outcome: 'warning',
    seen: /mode 0640/,
  },
  {
    what: 'a store that cannot be reached',
    ...inStore('nobody', () => 'postgresql://postern:hunter2@127.0.0.1:1/store'),
    check: 'store',
    outcome: 'failed',
    seen: /127\.0\.0\.1:1 cannot be reached: the connection was refused/,
  },
  {
    what: 'a store that was not migrated',
    ...inStore('empty', () => backend.url),
    check: 'store schema',
    outcome: 'failed',
    seen: /has 0 of \d+ migrations: run `postern migrate`/,
  },
  {
    what: 'a login of the store without its roles',
    ...inStore('weak', () => asUser(store.url, weak)),
    check: 'store role postern_gate',
    outcome: 'failed',
    seen: /is not a member/,
  },
  {
    what: 'another sealing key',
    arrange: () => write('other.key', Buffer.alloc(32, 7).toString('base64')),
    change: () => [['file:sealing.key', 'file:other.key']],
    check: 'sealing_keys',
    outcome: 'failed',
    seen: /^1 of 1 sealed role passwords do not open: .*"k1"/,
  },
  {
    what: 'a backend that cannot be reached',
    change: () => [[`port: ${new URL(postgresUrl()).port}`, 'port: 1']],
    check: 'backend main',
    outcome: 'failed',
    seen: /127\.0\.0\.1:1 cannot be reached without TLS: .*ECONNREFUSED/,
  },
  {
    what: 'a backend without the TLS that is asked for',
    change: () => [['tls: disable', 'tls: verify-full']],
    check: 'backend main',
    outcome: 'failed',
    seen: /cannot be reached with TLS \(verify-full\): the backend offers no TLS/,
  },
  {
    what: "a client certificate for a backend with another one's key",
    change: () => [
      ['tls: disable', 'tls: require\n    certificate_file: pki/server.crt\n    key_file: pki/client_ca.key'],
    ],
    check: 'backends.main.certificate_file',
    outcome: 'failed',
    seen: /does not belong to the certificate/,
  },
  {
    what: 'a key for a backend that others can read',
    arrange: async () => {
      await copyFile(join(cli.directory, 'pki/server.key'), join(cli.directory, 'shared.key'));
      await chmod(join(cli.directory, 'shared.key'), 0o644);
    },
    change: () => [
      ['tls: disable', 'tls: require\n    certificate_file: pki/server.crt\n    key_file: shared.key'],
    ],
    check: 'backends.main.key_file',
    outcome: 'warning',
    seen: /mode 0644/,
  },
  {
    what: 'one of two hosts that cannot be reached',
    change: () => [['host: 127.0.0.1', "host: [127.0.0.1, '127.0.0.1:1']"]],
    check: 'backend main host 127.0.0.1:1',
    outcome: 'failed',
    seen: /cannot be reached without TLS: .*ECONNREFUSED/,
  },
  {
    what: "a wrong password of the backend's admin",
    arrange: () => write('wrong.password', 'hunter2'),
    change: () => [['file:admin.password', 'file:wrong.password'], adminIs(owner)],
    check: 'backend main admin',
    outcome: 'failed',
    seen: /does not let Postern in/,
  },
  {
    what: 'an admin who may not create roles',
    arrange: () => write('weak.password', 'hunter2'),
    change: () => [['file:admin.password', 'file:weak.password'], adminIs(weak)],
    check: 'backend main admin',
    outcome: 'failed',
    seen: /may not create roles/,
  },
  {
    what: "an admin who cannot hand out the account's owner role",
    arrange: () => write('weak.password', 'hunter2'),
    change: () => [['file:admin.password', 'file:weak.password'], adminIs(weak)],
    check: `backend main account ${account}`,
    outcome: 'failed',
    seen: /cannot hand out the role/,
  },
  {
    what: 'a database that is open to everybody',
    arrange: () => runAsSuperuser(backend.url, `GRANT CONNECT ON DATABASE ${backend.name} TO PUBLIC`),
    undo: () => runAsSuperuser(backend.url, `REVOKE CONNECT ON DATABASE ${backend.name} FROM PUBLIC`),
    check: `backend main database PLACE`,
    outcome: 'failed',
    seen: /Every role of the server may connect/,
  },
  {
    what: 'passwords as MD5',
    arrange: () =>
      runAsSuperuser(backend.url, `ALTER DATABASE ${backend.name} SET password_encryption = 'md5'`),
    undo: () => runAsSuperuser(backend.url, `ALTER DATABASE ${backend.name} RESET password_encryption`),
    check: 'backend main password_encryption',
    outcome: 'warning',
    seen: /^md5: /,
  },
  {
    what: 'more sessions than the backend has connections',
    change: () => [['telemetry:', 'limits: { sessions: 100000 }\ntelemetry:']],
    check: 'backend main max_connections',
    outcome: 'warning',
    seen: /limits\.sessions is 100000/,
  },
  {
    what: 'an account whose backend is not configured',
    change: () => [['  main:', '  other:']],
    check: `account ${account}`,
    outcome: 'failed',
    seen: /Its backend "main" is not configured/,
  },
];

describe('finds and explains', () => {
  test.each(broken)('$what', async ({ arrange, change, undo, check, outcome, seen }) => {
    await arrange?.();
    try {
      const { code, findings } = await examine(...(change?.() ?? []));
      const found = findings.find((each) => each.check === check.replace('PLACE', backend.name));
      expect(found).toMatchObject({ outcome });
      expect(found?.seen).toMatch(seen);
      expect(code).toBe(findings.some((each) => each.outcome === 'failed') ? 1 : 0);
      if (outcome === 'failed') expect(code).toBe(1);
    } finally {
      await undo?.();
    }
  });

  test('everything that is wrong at once, one line each', async () => {
    const text = await readFile(join(cli.directory, 'postern.yaml'), 'utf8');
    await write(
      'two.yaml',
      text.replace('server_ca.pem', 'none.pem').replace('tls: disable', 'tls: require'),
    );
    const { code, out, err } = await cli.run('doctor', '--config', 'two.yaml');
    const lines = out.trimEnd().split('\n');
    expect(lines.filter((line) => line.startsWith('failed '))).toEqual([
      expect.stringMatching(/^failed {3}authority\.server_ca_file: .*postern ca create/),
      expect.stringMatching(/^failed {3}backend main: .*Check backends\.main\.host/),
    ]);
    for (const line of lines) expect(line).toMatch(/^(ok {5}|warning|failed ) {2}\S/);
    expect({ code, err }).toEqual({ code: 1, err: `postern: 2 of ${lines.length} checks failed.\n` });
  });
});

/** Ports that were free a moment ago. */
const freePorts = async (count: number): Promise<number[]> => {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
};

describe('a port that is in use', () => {
  test('by somebody else is told', async () => {
    const stranger = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const { port } = stranger.address() as AddressInfo;
    const { findings } = await examine(['listen: 127.0.0.1:0', `listen: 127.0.0.1:${port}`]);
    stranger.close();
    expect(findings.find(({ check }) => check === 'gate.listen')).toEqual({
      check: 'gate.listen',
      outcome: 'failed',
      seen: `127.0.0.1:${port} is in use, and not by a Postern with this configuration.`,
      advice: 'Stop that program or choose another port in gate.listen.',
    });
  });

  test('by this Postern is in order', async () => {
    const [gate, console, telemetry] = await freePorts(3);
    const ports: readonly Replacement[] = [
      ['listen: 127.0.0.1:0', `listen: 127.0.0.1:${gate}`],
      [
        'telemetry: { listen: "127.0.0.1:0" }',
        `console: { listen: "127.0.0.1:${console}" }\ntelemetry: { listen: "127.0.0.1:${telemetry}" }`,
      ],
    ];
    const free = await examine(...ports);
    const outcomesOf = (findings: readonly Finding[]) =>
      findings.filter(({ check }) => check.endsWith('.listen')).map(({ seen }) => seen);
    const all = [gate, console, telemetry];
    expect(outcomesOf(free.findings)).toEqual(all.map((port) => `127.0.0.1:${port} is free.`));

    const { child, ended } = startCli(cli.directory, ['serve', '--config', 'changed.yaml']);
    try {
      await pollUntil(
        async () => {
          if (child.exitCode !== null) throw new Error(`serve ended: ${(await ended).err}`);
          const ready = await fetch(`http://127.0.0.1:${telemetry}/readyz`).catch(() => null);
          return ready?.status === 200;
        },
        { timeoutMs: 20_000 },
      );
      const { findings } = await examine(...ports);
      expect(outcomesOf(findings)).toEqual(all.map((port) => `A Postern serves 127.0.0.1:${port} already.`));
    } finally {
      child.kill('SIGTERM');
      await ended;
    }
  });
});

test.each([
  [4_900, 'ok', '4.9 s apart'],
  [5_100, 'warning', '5.1 s apart'],
  [61_000, 'failed', '61.0 s apart'],
] as const)('a clock that is %i ms off is %s', (offMs, outcome, seen) => {
  const found = judgeClock(offMs);
  expect(found.outcome).toBe(outcome);
  expect(found.seen).toContain(seen);
});
