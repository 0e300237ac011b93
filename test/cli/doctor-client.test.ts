/** `postern doctor` at a client's side, against a real gate: at which step it stops, and what it says there. */

import { once } from 'node:events';
import { chmod, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthorityFiles } from '../../src/authority/files.ts';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { parseDsn, parseServiceFile } from '../../src/cli/doctor/target.ts';
import { startPostern, type TestPostern } from '../support/postern.ts';
import { postgresUrl } from '../support/postgres.ts';
import { startCli } from './run.ts';

let postern: TestPostern;
let closed: TestPostern;
let foreign: string;

beforeAll(async () => {
  [postern, closed] = await Promise.all([startPostern(), startPostern({ allow: ['192.0.2.0/24'] })]);
  foreign = await mkdtemp(join(tmpdir(), 'postern-doctor-'));
  await createAuthorityFiles({ directory: foreign, names: ['localhost'] });
});

afterAll(async () => {
  await Promise.all([postern?.stop(), closed?.stop()]);
  if (foreign) await rm(foreign, { recursive: true });
});

const standard = (of: TestPostern = postern) => ({
  host: 'localhost',
  port: String(of.port),
  user: of.account,
  dbname: of.account,
  sslmode: 'verify-full',
  sslcert: 'client.crt',
  sslkey: 'client.key',
  sslrootcert: 'server_ca.pem',
});

const examine = async (
  parameters: Readonly<Record<string, string>>,
  key: string,
  directory = postern.files.directory,
) => {
  const dsn = Object.entries(parameters)
    .map(([name, value]) => `${name}='${value}'`)
    .join(' ');
  const environment = { PGPASSWORD: key, HOME: directory };
  const { code, out, err } = await startCli(directory, ['doctor', '--json', '--dsn', dsn], environment).ended;
  if (out === '') throw new Error(err);
  return { code, findings: JSON.parse(out) as Finding[], out };
};

const steps = ['DNS', 'TCP', 'SSLRequest', 'TLS', 'client certificate', 'startup', 'API key', 'ready'];

test('walks the whole way with the files of a bundle', async () => {
  const { code, findings, out } = await examine(standard(), postern.readerKey);
  expect(findings.map(({ check }) => check)).toEqual(steps);
  // The test's authority issues for 30 days, less the minutes gone by.
  expect(findings.filter(({ outcome }) => outcome !== 'ok').map(({ seen }) => seen)).toEqual([
    expect.stringMatching(/serial [0-9a-f]+\. It expires on /),
  ]);
  expect(code).toBe(0);
  expect(out).not.toContain(postern.readerKey);
});

test('reads a pg_service.conf and prints one line per step', async () => {
  const lines = Object.entries(standard()).map(([name, value]) => `${name}=${value}`);
  const file = join(postern.files.directory, 'doctor.conf');
  await writeFile(file, ['# a comment', `[${postern.account}]`, ...lines, ''].join('\n'));
  const run = (...more: string[]) =>
    startCli(postern.files.directory, ['doctor', '--service', file, ...more], {
      PGPASSWORD: postern.readerKey,
    }).ended;
  const { code, out, err } = await run();
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out.trimEnd().split('\n')).toHaveLength(steps.length);
  expect(out).toMatch(/^ok {7}ready: The server waits for queries\.$/m);
  const other = await run('--service-name', 'nobody');
  expect(other).toMatchObject({ code: 1, out: '' });
  expect(other.err).toMatch(/no service "nobody": it has acc-/);
});

interface Broken {
  readonly what: string;
  readonly change?: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  readonly key?: () => string;
  readonly step: string;
  readonly seen: RegExp;
  readonly advice: RegExp;
}

const backendPort = () => new URL(postgresUrl()).port;

const copyOfKey = async (mode: number): Promise<string> => {
  const file = join(foreign, `mode-${mode}.key`);
  await copyFile(join(postern.files.directory, 'client.key'), file);
  await chmod(file, mode);
  return file;
};

const broken: readonly Broken[] = [
  {
    what: 'a host that does not exist',
    change: () => ({ host: 'db.invalid' }),
    step: 'DNS',
    seen: /db\.invalid cannot be looked up/,
    advice: /Check host/,
  },
  {
    what: 'a port where nobody listens',
    change: () => ({ host: '127.0.0.1', port: '1' }),
    step: 'TCP',
    seen: /127\.0\.0\.1: ECONNREFUSED/,
    advice: /Nobody listens there/,
  },
  {
    what: 'sslmode=disable',
    change: () => ({ sslmode: 'disable' }),
    step: 'SSLRequest',
    seen: /never gives/,
    advice: /sslmode=verify-full/,
  },
  {
    what: 'the port of the database behind Postern',
    change: () => ({ host: '127.0.0.1', port: backendPort() }),
    step: 'SSLRequest',
    seen: /offers no TLS: it is not a Postern/,
    advice: /the database behind it/,
  },
  {
    what: 'a foreign server CA',
    change: () => ({ sslrootcert: join(foreign, 'server_ca.pem') }),
    step: 'TLS',
    seen: /not to be trusted: the CA that signed it is not in sslrootcert/,
    advice: /server_ca\.pem of a newer bundle/,
  },
  {
    what: 'a missing server CA',
    change: () => ({ sslrootcert: 'none.pem' }),
    step: 'TLS',
    seen: /none\.pem cannot be read \(ENOENT\)/,
    advice: /relative names/,
  },
  {
    what: 'a host that is not in the certificate',
    change: () => ({ host: 'gate.example.com', hostaddr: '127.0.0.1' }),
    step: 'TLS',
    seen: /is for DNS:localhost.*not for "gate\.example\.com"/,
    advice: /as the certificate has it/,
  },
  {
    what: 'a missing certificate file',
    change: () => ({ sslcert: 'none.crt' }),
    step: 'client certificate',
    seen: /none\.crt is not there/,
    advice: /relative names/,
  },
  {
    what: 'a key that others can read',
    change: async () => ({ sslkey: await copyOfKey(0o644) }),
    step: 'client certificate',
    seen: /has mode 0644, which libpq refuses/,
    advice: /chmod 600/,
  },
  {
    what: 'the key of another certificate',
    change: () => ({ sslkey: join(foreign, 'server.key') }),
    step: 'client certificate',
    seen: /does not belong to the certificate/,
    advice: /same bundle/,
  },
  {
    what: "another account's name as user",
    change: () => ({ user: 'somebody' }),
    step: 'client certificate',
    seen: /belongs to the account "acc-.*" and the user is "somebody"/,
    advice: /Write user=acc-/,
  },
  {
    what: 'a database that is not the account’s',
    change: () => ({ dbname: 'elsewhere' }),
    step: 'startup',
    seen: /^FATAL: .*elsewhere.*SQLSTATE 3D000/,
    advice: /^HINT: /,
  },
  {
    what: 'no API key',
    key: () => '',
    step: 'API key',
    seen: /There is none/,
    advice: /PGPASSWORD/,
  },
  {
    what: 'a wrong API key',
    key: () => 'pst_wrong',
    step: 'API key',
    seen: /^FATAL: .*SQLSTATE 28P01/,
    advice: /^HINT: /,
  },
];

describe('says at which step it fails and why', () => {
  test.each(broken)('$what', async ({ change, key, step, seen, advice }) => {
    const { code, findings } = await examine(
      { ...standard(), ...(await change?.()) },
      key ? key() : postern.readerKey,
    );
    const last = findings.at(-1);
    expect(last).toMatchObject({ check: step, outcome: 'failed' });
    expect(last?.seen).toMatch(seen);
    expect(last?.advice).toMatch(advice);
    expect(findings.map(({ check }) => check)).toEqual(steps.slice(0, steps.indexOf(step) + 1));
    expect(code).toBe(1);
  });

  test('an address that is not allowed, in the words of Postern', async () => {
    const { findings } = await examine(standard(closed), closed.readerKey, closed.files.directory);
    expect(findings.at(-1)).toMatchObject({
      check: 'startup',
      outcome: 'failed',
      seen: expect.stringMatching(/^FATAL: .*SQLSTATE 28000\) DETAIL: .*127\.0\.0\.1/),
      advice: expect.stringMatching(/^HINT: /),
    });
  });

  test('a server that is not a PostgreSQL', async () => {
    const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const port = String((server.address() as AddressInfo).port);
    const { findings } = await examine({ ...standard(), host: '127.0.0.1', port }, postern.readerKey);
    server.close();
    expect(findings.at(-1)).toMatchObject({
      check: 'SSLRequest',
      outcome: 'failed',
      seen: 'The server does not speak the protocol of PostgreSQL.',
    });
  });
});

test('warns of an unverified server and goes on', async () => {
  const { sslrootcert: _, ...rest } = standard();
  const { code, findings } = await examine({ ...rest, sslmode: 'require' }, postern.readerKey);
  expect(findings.find(({ check }) => check === 'TLS')).toMatchObject({
    outcome: 'warning',
    seen: expect.stringMatching(/sslmode=require does not verify it/),
  });
  expect(code).toBe(0);
});

describe('the place to connect to', () => {
  test('is read from keywords with quotes and from a URI alike', () => {
    const fromKeywords = parseDsn("host=db user = ann  dbname='my \\'own\\' db' port=6432 sslmode=require");
    expect(fromKeywords).toMatchObject({ host: 'db', user: 'ann', database: "my 'own' db", port: 6432 });
    const fromUri = parseDsn("postgresql://ann@db:6432/my%20'own'%20db?sslmode=require");
    expect(fromUri).toEqual(fromKeywords);
  });

  test.each([
    ['user=ann', /No host/],
    ['host=db', /No user/],
    ['host=db user=ann port=none', /The port "none"/],
    ['host=db user=ann sslmode=perhaps', /sslmode "perhaps"/],
    ['host=a,b user=ann', /Several hosts/],
    ["host=db user='ann", /cannot be read from character 8/],
    ['host=db user=ann password=pst_secret', /does not belong on the command line/],
  ])('%s is refused', (dsn, says) => {
    expect(() => parseDsn(dsn)).toThrow(says);
  });

  test.each([
    ['[a]\nhost = db\n', undefined, /Line 2 /],
    ['host=db\n', undefined, /Line 1 /],
    ['[a]\nhost=db\nuser=a\n[b]\n', undefined, /has a, b/],
    ['', undefined, /has none/],
  ])('service file %j is refused', (text, name, says) => {
    expect(() => parseServiceFile(text, name)).toThrow(says);
  });

  test('is wrong usage when it is given twice', async () => {
    const { code, err } = await startCli(foreign, ['doctor', '--service', 'x', '--dsn', 'y']).ended;
    expect(code).toBe(2);
    expect(err).toMatch(/cannot be used with option/);
  });
});
