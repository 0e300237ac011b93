/**
 * An answer that goes on: server-sent events (HTML standard, "Server-sent events"). It ends when the client goes, when it
 * reads too slowly, or when `end` is called; then `onEnd` runs, once.
 */

import { PassThrough, type Readable } from 'node:stream';

export interface EventStream {
  /** For `reply.send`. */
  readonly body: Readable;
  /** @param data on one line */
  send(event: string, id: string, data: string): void;
  /** What clients ignore; it keeps proxies from taking the connection for dead. */
  comment(text: string): void;
  end(): void;
}

export const eventStreamType = 'text/event-stream';

/** A client that lets so much wait is not reading; it will connect again. */
const unreadBytes = 1024 * 1024;
const reconnectAfterMs = 3_000;

export const openEventStream = (onEnd: () => void): EventStream => {
  const body = new PassThrough();
  body.once('close', onEnd);
  // The client went away in the middle: `close` follows and says all there is to say.
  body.on('error', () => undefined);
  const write = (text: string): void => {
    if (body.writableEnded || body.destroyed) return;
    if (body.writableLength + body.readableLength > unreadBytes) body.destroy();
    else body.write(text);
  };
  write(`retry: ${reconnectAfterMs}\n\n`);
  return {
    body,
    send: (event, id, data) => write(`id: ${id}\nevent: ${event}\ndata: ${data}\n\n`),
    comment: (text) => write(`: ${text}\n\n`),
    end: () => body.end(),
  };
};
