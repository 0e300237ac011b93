import { describe, expect, it } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { logIn, proveByScram, query } from '../support/raw-login.ts';
import { message, type RawMessage, startup } from '../support/raw-messages.ts';
import { gateUnderTest } from './gate-fixture.ts';
import { backendWith, startStubBackend } from './stub-backend.ts';

const gate = gateUnderTest();
const settings = {
  application_name: 'tést “tool”',
  client_encoding: 'LATIN1',
  DateStyle: 'SQL, DMY',
  options: '-c search_path=places -c extra_float_digits=2',
};

const newKey = async (name: string) => {
  const { text, key } = await gate.postern.createKey(name, 'regular', ['select on places.towns']);
  await gate.caughtUp();
  return { text, role: key.roleName };
};
const attempt = async (key: string) => {
  const client = await gate.greeted();
  await proveByScram(client, key);
  return client;
};
const reports = (messages: readonly RawMessage[]) =>
  messages.filter(({ type }) => type === 'S').map(({ body }) => body.toString('latin1'));

describe('the greeting of the backend', () => {
  it('comes byte for byte as on a direct connection', async () => {
    const { role } = await newKey('direct');
    await gate.postern.superuser(`ALTER ROLE "${role}" PASSWORD 'direct'`);
    const { hostname, port } = new URL(gate.postern.backendUrl);
    const direct = await RawClient.open(Number(port), hostname);
    direct.send(startup({ user: role, database: gate.postern.database, ...settings }));
    const expected = reports(await logIn(direct, 'direct', { binding: 'plain' }));
    direct.close();
    expect(expected).toContain('client_encoding\0LATIN1\0');

    // The same database and settings under another key: only the role's name may differ.
    const client = await gate.greeted(settings);
    const told = reports(await logIn(client, gate.postern.readerKey));
    const readerRole = (await query(client, 'SELECT current_user'))[0]?.[0] ?? '';
    expect(told.map((report) => report.replaceAll(readerRole, role))).toEqual(expected);
    expect(await query(client, 'SHOW search_path')).toEqual([['places']]);
  });

  it.each([
    [0, 4],
    [2, 32],
  ])('has a cancel key of our own in protocol 3.%d', async (minor, bytes) => {
    const { client, greeting } = await gate.loggedIn({ minor });
    const key = greeting.find(({ type }) => type === 'K')?.body ?? Buffer.alloc(0);
    expect(key).toHaveLength(4 + bytes);
    const [[pid] = []] = await query(client, 'SELECT pg_backend_pid()');
    expect(key.readInt32BE()).not.toBe(Number(pid));
  });

  it('comes only once the backend has accepted the role', async () => {
    const { greeting } = await gate.loggedIn();
    expect(greeting.map(({ type }) => type).join('')).toMatch(/^RRS+KZ$/);
  });
});

describe('a role that the backend does not accept any more', () => {
  it("is the operator's affair and not a wrong key", async () => {
    const { text, role } = await newKey('changed behind our back');
    await gate.postern.superuser(`ALTER ROLE "${role}" PASSWORD 'another'`);
    const client = await attempt(text);
    expect(await client.refusal()).toMatchObject({
      severity: 'FATAL',
      sqlstate: '08006',
      message: "The database server behind Postern did not accept this API key's role.",
      hint: expect.stringContaining('postern reconcile'),
    });
    const line = await gate.logged({ reason: 'backend-rejected-role' });
    expect(line).toMatchObject({ level: 'error', error: expect.stringContaining('28P01') });
  });

  it("is refused in the backend's own words where it was authenticated", async () => {
    const { text, role } = await newKey('limited');
    await gate.postern.superuser(`ALTER ROLE "${role}" CONNECTION LIMIT 0`);
    const client = await attempt(text);
    expect(await client.refusal()).toEqual({
      severity: 'FATAL',
      sqlstate: '53300',
      message: `too many connections for role "${role}"`,
      detail: '',
      hint: '',
    });
    await gate.logged({ reason: 'backend-refused' });
  });

  it('is refused in the words of PostgreSQL where it may not log in', async () => {
    const { text, role } = await newKey('switched off');
    await gate.postern.superuser(`ALTER ROLE "${role}" NOLOGIN`);
    expect(await (await attempt(text)).refusal()).toMatchObject({
      sqlstate: '28000',
      message: `role "${role}" is not permitted to log in`,
    });
  });
});

describe('a startup parameter that the backend refuses', () => {
  it.each([
    ['an unknown setting', { nonsense: 'x' }, '42704'],
    ['a value that is none', { DateStyle: 'nonsense' }, '22023'],
    ['a setting for superusers', { options: '-c log_statement=all' }, '42501'],
    ['an unknown encoding', { client_encoding: 'nonsense' }, '22023'],
  ])('is told in its own words: %s', async (_name, parameters, sqlstate) => {
    const client = await gate.greeted(parameters);
    await proveByScram(client, gate.postern.readerKey);
    expect(await client.refusal()).toMatchObject({ severity: 'FATAL', sqlstate });
  });
});

describe('a backend that is down', async () => {
  const stub = await startStubBackend();
  await stub.stop();
  const down = gateUnderTest({ configure: backendWith({ host: '127.0.0.1', port: stub.port }) });

  it('is told in one sentence', async () => {
    const client = await down.greeted();
    await proveByScram(client, down.postern.readerKey);
    expect(await client.refusal()).toMatchObject({
      severity: 'FATAL',
      sqlstate: '08006',
      message: 'The database server behind Postern cannot be reached.',
      hint: expect.stringContaining('Try again'),
    });
    const line = await down.logged({ reason: 'backend-unreachable', stage: 'open' });
    expect(JSON.stringify(line)).toContain('ECONNREFUSED');
  });

  it('does not tell strangers so', async () => {
    const client = await down.greeted();
    await proveByScram(client, 'pst_wrong');
    client.send(message('X', Buffer.alloc(0)));
    expect(await client.refusal()).toMatchObject({ sqlstate: '28P01' });
  });
});
