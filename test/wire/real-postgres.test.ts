/**
 * The same bytes to a real PostgreSQL: it must refuse what we refuse and under the same SQLSTATE, understand what
 * we build, and answer as often as the frame trackers expect.
 */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { failureOf } from '../../src/failures.ts';
import { buildNegotiateProtocolVersion } from '../../src/wire/backend-messages.ts';
import { buildMessage, cString, splitCStrings } from '../../src/wire/bytes.ts';
import { BackendToClientFrames, ClientToBackendFrames } from '../../src/wire/frames.ts';
import {
  buildSaslInitialResponse,
  buildSaslResponse,
  buildStartup,
  buildTerminate,
} from '../../src/wire/frontend-messages.ts';
import { buildMd5Password } from '../../src/wire/md5-password.ts';
import {
  parseAuthentication,
  parseBackendKeyData,
  parseErrorFields,
  parseMessageHeader,
} from '../../src/wire/messages.ts';
import { continueScramClient, finishScramClient, startScramClient } from '../../src/wire/scram-client.ts';
import { saltPassword } from '../../src/wire/scram-keys.ts';
import { parseStartupPacket } from '../../src/wire/startup.ts';
import { postgresUrl, runAsSuperuser } from '../support/postgres.ts';
import { bytes, hex, refusalOf } from './feed.ts';

interface Message {
  readonly type: string;
  readonly body: Buffer;
  readonly whole: Buffer;
}

/** One connection, read message by message; every byte read goes to `onBytes` too. */
const withServer = async (
  use: (socket: Socket, messages: AsyncGenerator<Message>) => Promise<void>,
  onBytes: (chunk: Buffer) => void = () => undefined,
): Promise<void> => {
  const url = new URL(postgresUrl());
  const socket = connect(Number(url.port || 5432), url.hostname);
  await once(socket, 'connect');
  try {
    await use(socket, readMessages(socket, onBytes));
  } finally {
    socket.destroy();
  }
};

async function* readMessages(socket: Socket, onBytes: (chunk: Buffer) => void): AsyncGenerator<Message> {
  let pending: Buffer = Buffer.alloc(0);
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    onBytes(chunk);
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 5) {
      const { type, bodyBytes } = parseMessageHeader(pending.subarray(0, 5), 1_000_000, 'backend');
      if (pending.length < 5 + bodyBytes) break;
      const whole = pending.subarray(0, 5 + bodyBytes);
      pending = pending.subarray(5 + bodyBytes);
      yield { type: String.fromCharCode(type), body: whole.subarray(5), whole };
    }
  }
}

const next = async (messages: AsyncGenerator<Message>, type: string): Promise<Message> => {
  const { value } = await messages.next();
  if (value?.type === type) return value;
  const said = value?.type === 'E' ? parseErrorFields(value.body).message : value?.type;
  throw new Error(`expected a message ${type}, got ${said}`);
};

const packet = (body: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return bytes(length, body);
};

const superuser = new URL(postgresUrl());
const user = Buffer.from(decodeURIComponent(superuser.username));
const startup = buildStartup(0, [
  { name: 'user', value: user },
  { name: 'database', value: bytes('postgres') },
  { name: 'application_name', value: bytes('wire') },
]);

/** Logs in as the superuser by SCRAM and reads on to the first ReadyForQuery. */
const logIn = async (socket: Socket, messages: AsyncGenerator<Message>): Promise<void> => {
  socket.write(startup);
  const request = parseAuthentication((await next(messages, 'R')).body);
  if (request.kind !== 'sasl')
    throw new Error(`the test's PostgreSQL asks for ${request.kind}, not for SCRAM`);
  const client = startScramClient({
    mechanisms: request.mechanisms,
    clientNonce: 'fyko+d2lbbFgONRv9qkxdawL',
    channelBinding: null,
  });
  socket.write(buildSaslInitialResponse(client.mechanism, client.clientFirst));
  const first = parseAuthentication((await next(messages, 'R')).body);
  const answer = continueScramClient(
    client.state,
    first.kind === 'sasl-continue' ? first.data : '',
    (salt, iterations) => saltPassword(decodeURIComponent(superuser.password), salt, iterations),
  );
  socket.write(buildSaslResponse(answer.clientFinal));
  const final = parseAuthentication((await next(messages, 'R')).body);
  finishScramClient(answer.serverSignature, final.kind === 'sasl-final' ? final.data : '');
  expect(parseAuthentication((await next(messages, 'R')).body)).toEqual({ kind: 'ok' });
};

describe('a real PostgreSQL', () => {
  test.each([
    ['no terminator', bytes(hex('00030000'), 'user\0a\0')],
    ['no parameter and no terminator', hex('00030000')],
    ['a missing value', bytes(hex('00030000'), 'user\0\0')],
    ['bytes behind the terminator', bytes(hex('00030000'), 'user\0a\0\0x')],
    ['a NUL behind the terminator', bytes(hex('00030000'), 'user\0a\0\0\0')],
    // Not 2.0: PostgreSQL answers that in the message format of protocol 2, as a bare string.
    ['protocol 4.0 and garbage', bytes(hex('00040000'), 'garbage')],
  ])('refuses a startup packet with %s under our SQLSTATE', async (_, body) => {
    const code = refusalOf(() => parseStartupPacket(body));
    await withServer(async (socket, messages) => {
      socket.write(packet(body));
      const error = parseErrorFields((await next(messages, 'E')).body);
      expect(error.sqlstate).toBe(code && failureOf(code).sqlstate);
      expect(error.severity).toBe('FATAL');
    });
  });

  test('negotiates a greased protocol version in the bytes that we would send', async () => {
    await withServer(async (socket, messages) => {
      const parameters = [
        { name: 'user', value: user },
        { name: '_pq_.test_protocol_negotiation', value: bytes('') },
      ];
      socket.write(buildStartup(9999, parameters));
      const { body, whole } = await next(messages, 'v');
      const serverMinor = body.readUInt16BE(2);
      expect(serverMinor).toBeLessThanOrEqual(2);
      expect(whole).toEqual(buildNegotiateProtocolVersion(serverMinor, ['_pq_.test_protocol_negotiation']));
    });
  });

  test('accepts our login, and everything it says until ReadyForQuery is understood', async () => {
    await withServer(async (socket, messages) => {
      await logIn(socket, messages);
      const status = new Map<string, string>();
      for await (const { type, body } of messages) {
        if (type === 'Z') break;
        if (type === 'K') expect(parseBackendKeyData(body).secret.length).toBe(4);
        if (type !== 'S') continue;
        const [name, value] = splitCStrings(body) ?? [];
        status.set(String(name), String(value));
      }
      expect(status.get('application_name')).toBe('wire');
      expect(status.has('server_version')).toBe(true);
    });
  });

  test('computes the same md5 password', async () => {
    const [row] = await runAsSuperuser(
      postgresUrl(),
      `select 'md5' || md5(convert_to(md5('secret' || 'demo'), 'UTF8') || '\\x01020304'::bytea) as answer`,
    );
    expect(buildMd5Password('demo', 'secret', hex('01020304'))).toBe(row?.['answer']);
  });

  const parse = (text: string): Buffer => buildMessage('P', bytes(0), cString(text), hex('0000'));
  const bind = buildMessage('B', hex('00 00 0000 0000 0000'));
  const execute = buildMessage('E', hex('00 00000000'));
  const sync = buildMessage('S');
  const query = (text: string): Buffer => buildMessage('Q', cString(text));
  const copy = bytes(parse('copy pg_temp.numbers from stdin'), bind, execute);
  const createTable = query('create temp table numbers (n int)');

  test.each([
    ['simple queries in one go', [query('select 1'), query('select 2; select 3'), query('')]],
    ['an error in a transaction', [query('begin'), query('select 1/0'), query('select 1')]],
    [
      'pipelined extended queries',
      [parse('select 1'), bind, execute, sync, parse('nonsense'), bind, execute, sync],
    ],
    [
      'COPY by a simple query',
      [query('copy pg_temp.numbers from stdin'), buildMessage('d', bytes('1\n')), buildMessage('c')],
    ],
    [
      'COPY by an extended query, as libpq does it',
      [copy, sync, buildMessage('d', bytes('1\n')), buildMessage('c'), sync],
    ],
    ['the same, given up', [copy, sync, buildMessage('f', cString('no')), sync]],
    ['the same with bad data', [copy, sync, buildMessage('d', bytes('x\n')), buildMessage('c'), sync]],
    ['the same with one Sync', [copy, buildMessage('d', bytes('1\n')), buildMessage('c'), sync]],
  ])('answers %s as often as the tracker expects', async (_, messagesToSend) => {
    const backendToClient = new BackendToClientFrames();
    const clientToBackend = new ClientToBackendFrames();
    await withServer(
      async (socket, messages) => {
        await logIn(socket, messages);
        const stream = bytes(createTable, ...messagesToSend, buildTerminate());
        clientToBackend.push(stream);
        socket.write(stream);
        for await (const message of messages) expect(message.whole.length).toBeGreaterThan(0);
      },
      (chunk) => backendToClient.push(chunk),
    );
    // The first ReadyForQuery ends the login and answers nothing.
    expect(backendToClient.readies - 1).toBe(clientToBackend.expectedReadies);
    expect([backendToClient.atBoundary, clientToBackend.terminateSeen]).toEqual([true, true]);
    expect('ITE').toContain(String.fromCharCode(backendToClient.transactionStatus));
  });
});
