import type { Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { createAuthority, createServerCertificate } from '../../src/authority/create.ts';
import type { ConnectionOptions } from '../../src/postgres/options.ts';
import { ask, greeting, type Serve, startStubBackend, text } from '../gate/stub-backend.ts';
import { message } from '../support/raw-messages.ts';
import type { Outcome, Use } from './hostile-server-thread.ts';

const server = await startStubBackend();
afterAll(() => server.stop());

const authority = await createAuthority({ commonName: 'Stub CA', validDays: 1 });
const pair = await createServerCertificate({ authority, names: ['localhost'], validDays: 1 });
const secureContext = createSecureContext({ cert: pair.certificatePem, key: pair.privateKeyPem });

type Answer = (stream: Socket) => void;

/** Answers the SSLRequest, and the startup packet inside TLS. */
const insideTls =
  (answer: Answer): Serve =>
  (socket) => {
    socket.write('S');
    const stream = new TLSSocket(socket, { isServer: true, secureContext });
    stream.on('error', () => undefined).once('data', () => answer(stream));
  };

const patienceMs = 10_000;

/** What comes of a connection to the stub; rejects when the thread dies of it, or hangs. */
const outcomeOf = async (
  answer: Answer,
  { use = 'connection', sslmode = 'disable' }: { use?: Use; sslmode?: 'disable' | 'require' } = {},
): Promise<Outcome> => {
  server.behave(sslmode === 'disable' ? answer : insideTls(answer));
  const options: ConnectionOptions = {
    url: `postgresql://u:p@127.0.0.1:${server.port}/d?sslmode=${sslmode}`,
    applicationName: 'hostile-server',
    connectTimeoutMs: 2 * patienceMs,
  };
  const thread = new Worker(new URL('hostile-server-thread.ts', import.meta.url), {
    workerData: { use, options },
  });
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  const timer = setTimeout(() => reject(new Error('The thread hangs.')), patienceMs);
  thread.once('message', resolve).once('error', reject);
  try {
    const outcome = await promise;
    // As long as the thread lives, so that it is the client that has let go.
    await expect.poll(() => server.size, { timeout: patienceMs }).toBe(0);
    return outcome;
  } finally {
    clearTimeout(timer);
    await thread.terminate();
  }
};

const says =
  (...bytes: readonly Buffer[]): Answer =>
  (stream) =>
    stream.write(Buffer.concat(bytes));

const afterLogin =
  (answer: Answer): Answer =>
  (stream) => {
    stream.write(greeting);
    stream.once('data', () => answer(stream));
  };

const notUnderstood = (reason: string): Outcome => ({
  message: `The database server sent what Postern does not understand: ${reason}.`,
  sqlstate: undefined,
});
const malformed = notUnderstood('an error or notice is malformed');

const good = 'SERROR\0VERROR\0C55P03\0Mcould not obtain lock\0\0';
const emptyError = message('E', text(''));
const parameter = message('S', text('server_version\x0018\0'));

describe('a server that sends', () => {
  it.each<[string, Buffer]>([
    ['an error with nothing at all', emptyError],
    ['an error without its end', message('E', text('SERROR\0C55P03\0Mgo away\0'))],
    ['an error cut off in a field', message('E', text('SERROR\0C55P03\0Mgo aw'))],
    ['an error that is no list of fields', message('E', text('xyz'))],
    ['an error that goes on behind its end', message('E', text(`${good}x`))],
    ['a notice with nothing at all', message('N', text(''))],
    ['a notice without its end', message('N', text('SNOTICE\0Mhello\0'))],
    ['good messages and an empty error in one piece', Buffer.concat([ask(0), parameter, emptyError])],
  ])('%s is left at once', async (_name, bytes) => {
    expect(await outcomeOf(says(bytes))).toEqual(malformed);
  });

  it.each<[string, Buffer, string]>([
    ['a negative length', Buffer.from('45ffffffff', 'hex'), 'a message cannot be -1 bytes long'],
    ['a length of nothing', Buffer.from('4500000000', 'hex'), 'a message cannot be 0 bytes long'],
    ['two gigabytes', Buffer.from('447fffffff', 'hex'), 'a message cannot be 2147483647 bytes long'],
    [
      'a megabyte of error',
      message('E', Buffer.concat([text('M'), Buffer.alloc(1 << 20, 0x78), text('\0\0')])),
      'an error or notice is too long',
    ],
    ['an unknown request', ask(99), 'Unknown authenticationOk message type 99'],
  ])('%s is left with the reason', async (_name, bytes, reason) => {
    expect(await outcomeOf(says(bytes))).toEqual(notUnderstood(reason));
  });

  it.each<[string, Buffer]>([
    ['a request without a code', message('R', text(''))],
    ['rows of less than no columns', message('D', Buffer.from('ffff', 'hex'))],
    ['columns that are not there', message('T', Buffer.from('7fff', 'hex'))],
  ])('%s costs the connection and no more', async (_name, bytes) => {
    expect((await outcomeOf(says(bytes))).message).toMatch(
      /^The database server sent what Postern does not understand: /,
    );
  });
});

describe.each(['disable', 'require'] as const)('with sslmode %s', (sslmode) => {
  it.each(['connection', 'pool', 'listener'] as const)('an empty error ends a %s', async (use) => {
    expect(await outcomeOf(says(emptyError), { use, sslmode })).toEqual(malformed);
    expect(await outcomeOf(afterLogin(says(emptyError)), { use, sslmode })).toEqual(malformed);
  });

  it('an error in one piece or byte by byte keeps its SQLSTATE, also when the server closes behind it', async () => {
    const refusal = { message: 'could not obtain lock', sqlstate: '55P03' };
    const bytes = message('E', text(good));
    expect(await outcomeOf((stream) => stream.end(bytes), { sslmode })).toEqual(refusal);
    const byteByByte: Answer = async (stream) => {
      stream.setNoDelay(true);
      for (const byte of Buffer.concat([ask(0), parameter, bytes])) {
        await new Promise<unknown>((resolve) => stream.write(Buffer.of(byte), resolve));
      }
      stream.end();
    };
    expect(await outcomeOf(byteByByte, { sslmode })).toEqual(refusal);
  });
});

it('a malformed notice while nothing is asked is the loss of a listener', async () => {
  const done = Buffer.concat([message('C', text('SET\0')), message('Z', text('I'))]);
  const answer: Answer = (stream) => {
    stream.write(greeting);
    stream.once('data', () => {
      stream.write(done);
      stream.once('data', () => stream.write(Buffer.concat([done, message('N', text(''))])));
    });
  };
  expect(await outcomeOf(answer, { use: 'listener' })).toEqual(malformed);
});

it('an empty error in five pieces is found', async () => {
  expect(
    await outcomeOf(async (stream) => {
      stream.setNoDelay(true);
      for (const byte of emptyError) {
        await new Promise<unknown>((resolve) => stream.write(Buffer.of(byte), resolve));
      }
    }),
  ).toEqual(malformed);
});
