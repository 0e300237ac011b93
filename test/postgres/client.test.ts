import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { Client } from '../../src/postgres/client.ts';
import { greeting, text } from '../gate/stub-backend.ts';
import { message } from '../support/raw-messages.ts';

const events = [
  'authenticationOk',
  'parameterStatus',
  'notice',
  'backendKeyData',
  'errorMessage',
  'readyForQuery',
] as const;

/** What the client is told when these chunks arrive, and what its stream is destroyed with. */
const heardOf = (chunks: readonly Buffer[]): { heard: string[]; error: Error | null } => {
  const { connection } = new Client();
  const heard: string[] = [];
  for (const event of events) connection.on(event, () => heard.push(event));
  const stream = new PassThrough().on('error', () => undefined);
  connection.attachListeners(stream);
  for (const chunk of chunks) stream.emit('data', chunk);
  return { heard, error: stream.errored };
};

const good = Buffer.concat([
  greeting,
  message('E', text('SERROR\0VERROR\0C55P03\0Mbusy\0\0')),
  message('Z', text('I')),
]);
const cuts = (bytes: Buffer): Buffer[][] => [
  [bytes],
  Array.from(bytes, (byte) => Buffer.of(byte)),
  ...Array.from(bytes.subarray(1), (_, index) => [bytes.subarray(0, index + 1), bytes.subarray(index + 1)]),
];

it('hears the same messages however they are cut into chunks', () => {
  const told = ['authenticationOk', 'parameterStatus', 'notice', 'backendKeyData', 'readyForQuery'];
  for (const chunks of cuts(good)) {
    expect(heardOf(chunks)).toEqual({ heard: [...told, 'errorMessage', 'readyForQuery'], error: null });
  }
});

it('hears what came before a malformed message, however it is cut, and not that', () => {
  const bytes = Buffer.concat([good, message('E', text('Mgo away\0'))]);
  for (const chunks of cuts(bytes)) {
    const { heard, error } = heardOf(chunks);
    expect(heard).toHaveLength(7);
    expect(error?.message).toContain('an error or notice is malformed');
  }
});
