/** What a shell or a container sees of a command: exit codes, streams, signals; all of it by real processes. */

import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pollUntil } from '../support/poll.ts';
import { postgresUrl } from '../support/postgres.ts';
import { createStore, type TestStore } from '../support/store.ts';
import { type CliFixture, createCliFixture, startCli } from './run.ts';

let store: TestStore;
let cli: CliFixture;

beforeAll(async () => {
  store = await createStore();
  cli = await createCliFixture({ storeUrl: store.url, backendUrl: postgresUrl() });
});

afterAll(async () => {
  await cli?.remove();
  await store?.drop();
});

const configuration = (): Promise<string> => readFile(join(cli.directory, 'postern.yaml'), 'utf8');

/** The fixture's configuration with replacements, in a file beside it. */
const changed = async (...replacements: readonly (readonly [string, string])[]): Promise<string> => {
  let text = await configuration();
  for (const [from, to] of replacements) text = text.replace(from, to);
  const file = join(cli.directory, 'changed.yaml');
  await writeFile(file, text);
  return file;
};

describe('wrong usage is exit code 2 and touches nothing', () => {
  test.each([
    { args: ['frobnicate'], says: /^postern: unknown command 'frobnicate'/ },
    { args: ['account', 'show'], says: /^postern: missing required argument 'name'\n$/ },
    { args: ['account', 'create', 'x', '--backend', 'b'], says: /--database/ },
    { args: ['account', 'list', '--colour'], says: /^postern: unknown option '--colour'/ },
    { args: ['address', 'add', 'x', '::1', '--expires', 'soon'], says: /"soon" is not a duration/ },
    { args: ['attempt', 'list', 'x', '--limit', '0'], says: /whole number, 1 or more/ },
    { args: ['key', 'create', 'x', 'y', '--kind', 'golden'], says: /Allowed choices are regular, master/ },
    { args: ['key'], says: /^Usage: postern key / },
  ])('postern $args', async ({ args, says }) => {
    const { code, out, err } = await cli.run(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(says);
  });

  test('with --json it is an object', async () => {
    const { code, err } = await cli.run('address', 'list', '--json');
    expect(code).toBe(2);
    expect(JSON.parse(err)).toEqual({ error: "missing required argument 'account'" });
  });

  test('asking for help is none', async () => {
    const { code, out, err } = await cli.run('key', 'create', '--help');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    for (const option of ['--grant', '--config', '--json']) expect(out).toContain(option);
  });
});

describe('a bad configuration is exit code 78', () => {
  test('a file that is not there', async () => {
    const { code, out, err } = await cli.run('serve', '--config', 'none.yaml');
    expect({ code, out }).toEqual({ code: 78, out: '' });
    expect(err).toMatch(/^postern: The configuration .*none\.yaml cannot be read \(ENOENT\)/);
  });

  test('tells every problem on a line of its own', async () => {
    const file = await changed(['tls: disable', 'tls: maybe'], ['public: { host', 'publik: { host']);
    const { code, err } = await cli.run('account', 'list', '--config', file);
    expect(code).toBe(78);
    const lines = err.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line).toMatch(/^postern: (public|publik|backends\.main\.tls): /);
  });

  test('config check also reads the files that it names', async () => {
    expect(await cli.json('config', 'check')).toEqual({
      file: join(cli.directory, 'postern.yaml'),
      problems: [],
    });
    const file = await changed(
      ['key_file: pki/server.key', 'key_file: pki/client_ca.key'],
      ['server_ca_file: pki/server_ca.pem', 'server_ca_file: pki/none.pem'],
      ['host: localhost', 'host: db.example.com'],
    );
    const { code, err } = await cli.run('config', 'check', '--config', file);
    expect(code).toBe(78);
    expect(err.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^postern: gate\.certificate_file: The key in .* does not belong/),
      expect.stringMatching(/^postern: authority\.server_ca_file: The file .*none\.pem cannot be read/),
    ]);
    const foreign = await cli.run(
      'config',
      'check',
      '--config',
      await changed(['host: localhost', 'host: db.example.com']),
    );
    expect(foreign.err).toMatch(
      /is for localhost, 127\.0\.0\.1 and not for public\.host "db\.example\.com"\.\n$/,
    );
  });
});

describe('a database that cannot be used is one sentence without its password', () => {
  const withStore = async (url: string): Promise<string> => {
    await writeFile(join(cli.directory, 'other.url'), url, { mode: 0o600 });
    return changed(['file:store.url', 'file:other.url']);
  };

  test.each([
    {
      what: 'nobody listens',
      url: 'postgresql://postern:hunter2@127.0.0.1:1/store',
      says: 'postern: The store at 127.0.0.1:1 cannot be reached: the connection was refused.\n',
    },
    {
      what: 'no such host',
      url: 'postgresql://postern:hunter2@db.invalid/store',
      says: /^postern: The store at db\.invalid:5432 cannot be reached: .*\n$/,
    },
    {
      what: 'not a URL',
      url: 'hunter2',
      says: 'postern: A database URL must look like postgresql://user:password@host:5432/database.\n',
    },
  ])('$what', async ({ url, says }) => {
    const { code, out, err } = await cli.run('account', 'list', '--config', await withStore(url));
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toEqual(typeof says === 'string' ? says : expect.stringMatching(says));
    expect(err).not.toContain('hunter2');
  });

  test('a wrong password', async () => {
    const url = new URL(store.url);
    url.password = 'hunter2';
    const { code, err } = await cli.run('migrate', '--config', await withStore(url.href));
    expect(code).toBe(1);
    expect(err).toMatch(
      /^postern: The store at .* does not let Postern in: password authentication failed for user "/,
    );
    expect(err).not.toContain('hunter2');
  });

  test('a backend', async () => {
    const file = await changed([`port: ${new URL(postgresUrl()).port}`, 'port: 1']);
    const { code, err } = await cli.run(
      ...[
        'account',
        'create',
        'somebody',
        '--backend',
        'main',
        '--database',
        'x',
        '--owner',
        'y',
        '--config',
        file,
      ],
    );
    expect(code).toBe(1);
    expect(err).toBe(
      'postern: The backend "main" at 127.0.0.1:1 cannot be reached: the connection was refused.\n',
    );
  });
});

test('ca create writes what config check accepts, and never again', async () => {
  const args = ['ca', 'create', '--dir', 'fresh', '--name', 'localhost', '--name', '127.0.0.1'];
  const { code, out, err } = await cli.run(...args);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toContain(`certificate_file: ${join(cli.directory, 'fresh/server.crt')}`);
  expect((await stat(join(cli.directory, 'fresh/client_ca.key'))).mode & 0o777).toBe(0o600);
  const file = await changed(['pki/server.crt', 'fresh/server.crt'], ['pki/server.key', 'fresh/server.key']);
  expect((await cli.run('config', 'check', '--config', file)).code).toBe(0);

  const again = await cli.run(...args);
  expect(again).toMatchObject({ code: 1, out: '' });
  expect(await readdir(join(cli.directory, 'fresh'))).toHaveLength(6);
  const wrong = await cli.run('ca', 'create', '--dir', 'wrong', '--name', 'https://x');
  expect(wrong).toMatchObject({ code: 1, out: '' });
  expect(await readdir(cli.directory)).not.toContain('wrong');
});

describe('serve', () => {
  /** Resolves with its port when it listens. */
  const untilServing = async ({ child, ended }: ReturnType<typeof startCli>): Promise<number> => {
    const { rows } = await pollUntil(async () => {
      if (child.exitCode !== null) throw new Error(`serve ended: ${(await ended).err}`);
      const found = await store.owner.query<{ address: string }>('SELECT address FROM postern.instances');
      return found.rowCount === 1 && found;
    });
    return Number(rows[0]?.address.split(':').at(-1));
  };

  const instances = () => cli.json<{ id: string; address: string }[]>('instance', 'list');

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'ends with 0 on %s and leaves nothing in the store',
    async (signal) => {
      const serving = startCli(cli.directory, ['serve']);
      const { child, ended } = serving;
      const client = connect(await untilServing(serving), '127.0.0.1');
      await once(client, 'connect');
      client.destroy();
      child.kill(signal);
      const { code, err } = await ended;
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(await instances()).toEqual([]);
    },
  );

  test('reads its configuration again on SIGHUP and by order, and no more once it stops', async () => {
    const file = await changed(['listen: 127.0.0.1:0', 'listen: 127.0.0.1:0']);
    const serving = startCli(cli.directory, ['serve', '--config', file]);
    const { child, texts, ended } = serving;
    const lines = () => texts.out.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
    const untilLogged = (fields: object) =>
      pollUntil(() => {
        expect(lines()).toContainEqual(expect.objectContaining(fields));
        return true;
      });
    try {
      await untilServing(serving);
      await changed(['client_ca_file: pki', 'client_ca_file: nowhere']);
      child.kill('SIGHUP');
      await untilLogged({
        msg: 'not reloaded, everything stays as it was',
        cause: 'SIGHUP',
        problem: expect.stringMatching(
          /^The file .*nowhere.*\(gate\.client_ca_file\) cannot be read \(ENOENT\)\.$/,
        ),
      });
      await changed(['gate:', 'limits: { sessions: 7 }\ngate:']);
      child.kill('SIGHUP');
      await untilLogged({ msg: 'reloaded', cause: 'SIGHUP' });
      const [instance] = await instances();
      expect(await cli.json('reload')).toMatchObject([{ id: instance?.id, address: instance?.address }]);
      await untilLogged({ msg: 'reloaded', cause: expect.stringMatching(/^order of cli/) });
      expect(await cli.json('audit', 'list')).toMatchObject([{ action: 'instance.reload', target: 'all' }]);
    } finally {
      child.kill('SIGTERM');
      child.kill('SIGHUP');
    }
    expect(await ended).toMatchObject({ code: 0, err: '' });
    expect(await cli.run('reload')).toMatchObject({ code: 0, out: 'No instance is running.\n' });
  });

  test('says in one sentence why it cannot start', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const file = await changed(['listen: 127.0.0.1:0', `listen: 127.0.0.1:${port}`]);
    const { code, err } = await cli.run('serve', '--config', file);
    taken.close();
    expect(code).toBe(1);
    expect(err).toMatch(
      new RegExp(`^postern: The gate cannot listen on 127\\.0\\.0\\.1:${port}: another program .*\\n$`),
    );
  });

  test('leaves the one that it was to replace alone when it is told to end before it serves', async () => {
    const first = startCli(cli.directory, ['serve']);
    const { hostname, port, pathname, username, password } = new URL(store.url);
    const held = new Set<Socket>();
    let open = false;
    const pass = (socket: Socket) => {
      const onward = connect(Number(port), hostname);
      socket.pipe(onward).pipe(socket);
      for (const end of [socket, onward]) end.on('error', () => end.destroy());
    };
    const way: Server = createServer((socket) => (open ? pass(socket) : held.add(socket)));
    way.listen(0, '127.0.0.1');
    await once(way, 'listening');
    const { port: wayPort } = way.address() as { port: number };
    try {
      await untilServing(first);
      await writeFile(
        join(cli.directory, 'way.url'),
        `postgresql://${username}:${password}@127.0.0.1:${wayPort}${pathname}`,
      );
      const file = await changed(['file:store.url', 'file:way.url']);
      const second = startCli(cli.directory, ['serve', '--config', file, '--replace', `${first.child.pid}`]);
      await pollUntil(() => held.size > 0, { timeoutMs: 20_000 });
      second.child.kill('SIGTERM');
      open = true;
      for (const socket of held) pass(socket);
      expect(await second.ended).toMatchObject({ code: 0 });
      expect(first.texts.out).not.toContain('draining');
    } finally {
      first.child.kill('SIGTERM');
      way.close();
    }
    expect(await first.ended).toMatchObject({ code: 0 });
  });

  test('a second signal ends it at once, even while the store does not answer', async () => {
    const sockets = new Set<Socket>();
    const silent: Server = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    await writeFile(join(cli.directory, 'silent.url'), `postgresql://p:q@127.0.0.1:${port}/store`);
    const file = await changed(['file:store.url', 'file:silent.url']);
    const { child, ended } = startCli(cli.directory, ['serve', '--config', file]);
    await pollUntil(() => sockets.size > 0);
    child.kill('SIGTERM');
    const { code } = await pollUntil(async () => {
      child.kill('SIGTERM');
      return child.exitCode === null ? null : ended;
    });
    expect(code).toBe(1);
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
});
