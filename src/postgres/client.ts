/**
 * The `pg` client that everything in this folder connects with: it looks at what a server sends before the parser of `pg`,
 * which believes servers, does. A list of error fields without its end keeps that parser in a loop for ever, and other
 * malformed messages have it throw where nobody catches; either is the end of the process.
 *
 * Here a message that is not understood ends its connection, with an error that arrives where the network's errors do.
 */

import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import pg, { type ClientConfig } from 'pg';
import { messageOf } from '../errors.ts';
import { isFrameLength } from '../wire/frames.ts';

declare module 'pg' {
  interface Connection {
    /** Not in the types of `pg`: called with each stream, plain or TLS, of whose `data` messages are to be made. */
    attachListeners(stream: EventEmitter): void;
  }
}

const headerBytes = 5;

/** What PostgreSQL says about Postern's own statements comes nowhere near, and it goes into logs. */
const maxErrorBytes = 1 << 20;

/** The body of an ErrorResponse or NoticeResponse: fields of a type byte and a string each, then a NUL and no more. */
const isFieldList = (body: Buffer): boolean => {
  let field = 0;
  while (field < body.length && body[field] !== 0) {
    const end = body.indexOf(0, field);
    if (end === -1) return false;
    field = end + 1;
  }
  return field === body.length - 1;
};

const checkErrorOrNotice = (message: Buffer): void => {
  if (message.length > maxErrorBytes) throw new Error('an error or notice is too long');
  if (!isFieldList(message.subarray(headerBytes))) throw new Error('an error or notice is malformed');
};

/**
 * How long a message is of which `bytes` are there: its header alone, as long as that is not complete.
 * @throws Error when its length is one that no message has
 */
const wantedBytesOf = (bytes: Buffer): number => {
  if (bytes.length < headerBytes) return headerBytes;
  const length = bytes.readInt32BE(1);
  if (!isFrameLength(length)) throw new Error(`a message cannot be ${length} bytes long`);
  return 1 + length;
};

/** Cuts a stream into its messages. One that arrives in many chunks is put together once, when all of it is there. */
class MessageCutter {
  #chunks: Buffer[] = [];
  #bytes = 0;
  #wantedBytes = headerBytes;

  /**
   * The messages that `chunk` completes, with their headers; all of them are to be taken before the next call.
   * @throws Error when a message says of itself a length that no message has
   */
  *push(chunk: Buffer): Generator<Buffer> {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < this.#wantedBytes) return;
    let bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    let wantedBytes = wantedBytesOf(bytes);
    while (bytes.length >= wantedBytes) {
      yield bytes.subarray(0, wantedBytes);
      bytes = bytes.subarray(wantedBytes);
      wantedBytes = wantedBytesOf(bytes);
    }
    this.#chunks = bytes.length === 0 ? [] : [bytes];
    this.#bytes = bytes.length;
    this.#wantedBytes = wantedBytes;
  }
}

class Connection extends pg.Connection {
  /** Everything happens in the stream's own event, as without the check: what a server says before it closes is heard. */
  override attachListeners(stream: Duplex): void {
    const cutter = new MessageCutter();
    const parser = new EventEmitter();
    super.attachListeners(parser);
    stream.on('data', (chunk: Buffer) => {
      try {
        for (const message of cutter.push(chunk)) {
          const type = message[0];
          if (type === 0x45 || type === 0x4e) checkErrorOrNotice(message);
          parser.emit('data', message);
        }
      } catch (cause) {
        stream.destroy(
          new Error(`The database server sent what Postern does not understand: ${messageOf(cause)}.`, {
            cause,
          }),
        );
      }
    });
  }
}

/** As `pg.Client`; a pool takes the class. */
export class Client extends pg.Client {
  override readonly connection: pg.Connection;

  constructor(config?: ClientConfig) {
    super(config);
    // Not given to `super` in a copy of `config`: a pool has made the password in it one that is not copied.
    this.connection = new Connection(config);
  }
}
