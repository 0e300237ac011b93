/**
 * A session that `pg` logged in and whose stream is then driven byte by byte: what a well-behaved library never does,
 * and what every network does.
 */

import type { TLSSocket } from 'node:tls';
import type pg from 'pg';
import { buildMessage } from '../../src/wire/bytes.ts';
import { parseErrorFields } from '../../src/wire/messages.ts';

export interface ReceivedMessage {
  readonly type: string;
  readonly body: Buffer;
}

export interface RawSession {
  readonly stream: TLSSocket;
  /** What has come by now: whole messages, and how many bytes of an unfinished one. */
  received(): { readonly messages: readonly ReceivedMessage[]; readonly unfinishedBytes: number };
  /** Resolves when the gate has closed its side. */
  readonly ended: Promise<unknown>;
}

interface Inside {
  readonly connection: { readonly stream: TLSSocket };
  readonly processID: number;
  readonly secretKey: number;
}

/** The cancel key that the gate gave to this client. */
export const cancelKeyOf = (client: pg.Client): { processId: number; secret: Buffer } => {
  const { processID, secretKey } = client as unknown as Inside;
  const secret = Buffer.alloc(4);
  secret.writeInt32BE(secretKey);
  return { processId: processID, secret };
};

/** Takes the stream over; `client` must not be used for queries any more. */
export const takeOver = (client: pg.Client): RawSession => {
  const { stream } = (client as unknown as Inside).connection;
  stream.removeAllListeners('data');
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise((resolve) => stream.once('end', resolve).once('close', resolve));
  return { stream, ended, received: () => split(Buffer.concat(chunks)) };
};

const split = (bytes: Buffer): ReturnType<RawSession['received']> => {
  const messages: ReceivedMessage[] = [];
  let at = 0;
  while (bytes.length - at >= 5) {
    const end = at + 1 + bytes.readInt32BE(at + 1);
    if (end > bytes.length) break;
    messages.push({ type: String.fromCharCode(bytes[at] as number), body: bytes.subarray(at + 5, end) });
    at = end;
  }
  return { messages, unfinishedBytes: bytes.length - at };
};

export const typesOf = (messages: readonly ReceivedMessage[]): string =>
  messages.map(({ type }) => type).join('');

/** The last ErrorResponse among them. */
export const errorOf = (
  messages: readonly ReceivedMessage[],
): { sqlstate: string; message: string } | null => {
  const error = messages.findLast(({ type }) => type === 'E');
  return error ? parseErrorFields(error.body) : null;
};

export const query = (text: string): Buffer => buildMessage('Q', Buffer.from(`${text}\0`));
