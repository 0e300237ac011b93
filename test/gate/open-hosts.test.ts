import type { Socket } from 'node:net';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { placeText } from '../../src/place.ts';
import { proveByScram } from '../support/raw-login.ts';
import { message } from '../support/raw-messages.ts';
import { gateUnderTest, gateWith } from './gate-fixture.ts';
import {
  ask,
  backendWith,
  greeting,
  type Serve,
  type StubBackend,
  startStubBackend,
  text,
} from './stub-backend.ts';

const [first, second] = [await startStubBackend(), await startStubBackend()];
afterAll(() => Promise.all([first.stop(), second.stop()]));

const placeOf = ({ port }: StubBackend) => ({ host: '127.0.0.1', port });
const hosts = [placeOf(first), placeOf(second)] as const;
const both = { hosts, connectTimeoutMs: 700 };

/** Greets as a server that reports itself so, and gives what it hears afterwards along. */
const greetsAs =
  (inHotStandby: string | null, heard: Buffer[] = []): Serve =>
  (socket) => {
    const report =
      inHotStandby === null ? Buffer.alloc(0) : message('S', text(`in_hot_standby\0${inHotStandby}\0`));
    socket.write(Buffer.concat([ask(0), report, greeting.subarray(ask(0).length)]));
    socket.on('data', (bytes: Buffer) => heard.push(bytes));
  };
const refuses =
  (sqlstate: string, words: string): Serve =>
  (socket) =>
    socket.end(message('E', text(`SFATAL\0VFATAL\0C${sqlstate}\0M${words}\0\0`)));
const isSilent: Serve = () => undefined;

const isReached = (stub: StubBackend, serve: Serve) => {
  const seen = { logins: 0 };
  stub.behave((socket: Socket, bytes: Buffer) => {
    seen.logins += 1;
    serve(socket, bytes);
  });
  return seen;
};

describe('of two hosts', () => {
  const gate = gateUnderTest({ configure: backendWith(both) });
  // Hosts are as good as new: none is passed over for what it did in the test before.
  beforeEach(async () => void (await gate.postern.serving.reload('test')));
  const login = async () => {
    const client = await gate.greeted();
    await proveByScram(client, gate.postern.readerKey);
    return client;
  };

  it.each([
    ['there are too many connections', '53300', 'sorry, too many clients already'],
    ['there is no such database', '3D000', 'database "geography" does not exist'],
  ])('the first says that %s, and that is what the client hears', async (_name, sqlstate, words) => {
    first.behave(refuses(sqlstate, words));
    const seen = isReached(second, greetsAs('off'));
    expect(await (await login()).refusal()).toMatchObject({ sqlstate, message: words });
    expect(seen.logins).toBe(0);
    await gate.logged({ reason: 'backend-refused' });
  });

  it.each<[string, Serve]>([
    ['is starting up', refuses('57P03', 'the database system is starting up')],
    ['closes at once', (socket) => socket.destroy()],
    ['closes after the password', (socket) => socket.end(ask(0))],
    ['speaks HTTP', (socket) => socket.write(text('HTTP/1.1 400 Bad Request\r\n\r\n'))],
    ['is silent', isSilent],
  ])(
    'the first %s, and nothing of it reaches the client, who is served by the second',
    async (_name, serve) => {
      const seen = isReached(first, serve);
      second.behave(greetsAs('off'));
      const client = await login();
      const said = await client.readThrough('Z');
      expect(said.map(({ type }) => type).join('')).toBe('RRSSNKZ');
      expect(seen.logins).toBe(1);
      client.close();
      await gate.logged({ backendHost: placeText(placeOf(second)) });
      await expect.poll(() => first.size).toBe(0);
    },
  );

  it('neither serves, and the client hears what tells it most, the log everything', async () => {
    first.behave((socket) => socket.destroy());
    second.behave(refuses('57P03', 'the database system is starting up'));
    expect(await (await login()).refusal()).toMatchObject({
      sqlstate: '57P03',
      message: 'the database system is starting up',
    });
    const line = await gate.logged({ reason: 'backend-refused' });
    expect(line['error']).toEqual({
      [placeText(placeOf(first))]: expect.any(String),
      [placeText(placeOf(second))]: '57P03 the database system is starting up',
    });
  });
});

describe.each([
  ['primary', 'on', 'off', 'is the primary'],
  ['standby', 'off', 'on', 'is a standby'],
] as const)('a session that is for a %s', (targetSessionAttrs, wrong, right, words) => {
  const gate = gateUnderTest({ configure: backendWith({ ...both, targetSessionAttrs }) });
  const login = async () => {
    const client = await gate.greeted();
    await proveByScram(client, gate.postern.readerKey);
    return client;
  };

  it('leaves what it is not for with a word, and has told its client nothing of it', async () => {
    const heard: Buffer[] = [];
    first.behave(greetsAs(wrong, heard));
    second.behave(greetsAs(right));
    const client = await login();
    const said = await client.readThrough('Z');
    expect(said.filter(({ type, body }) => type === 'S' && body.toString().startsWith('in_hot'))).toEqual([
      { type: 'S', body: text(`in_hot_standby\0${right}\0`) },
    ]);
    await expect.poll(() => Buffer.concat(heard).toString('hex')).toBe('5800000004');
    await expect.poll(() => first.size).toBe(0);
  });

  it.each([
    ['is of the other kind', wrong],
    ['does not say what it is', null],
  ])('is refused when every host %s', async (_name, inHotStandby) => {
    for (const stub of [first, second]) stub.behave(greetsAs(inHotStandby));
    expect(await (await login()).refusal()).toMatchObject({
      severity: 'FATAL',
      sqlstate: '57P03',
      message: `None of the database servers behind Postern ${words} at the moment.`,
    });
    await gate.logged({ reason: `backend-no-${targetSessionAttrs}`, level: 'error' });
    await expect.poll(() => first.size + second.size).toBe(0);
  });
});

describe('the deadline of a login', () => {
  const gate = gateUnderTest({
    configure: (config) => gateWith({ loginTimeoutMs: 1_000 })(backendWith(both)(config)),
  });

  it('holds for all hosts together', async () => {
    for (const stub of [first, second]) stub.behave(isSilent);
    const client = await gate.greeted();
    await proveByScram(client, gate.postern.readerKey);
    expect(await client.refusal()).toMatchObject({
      sqlstate: '08006',
      message: 'The connection was not logged in within 1 second.',
    });
    await expect.poll(() => first.size + second.size).toBe(0);
  });
});
