/**
 * Reading exact amounts from a stream in paused mode: packets arrive split and merged, and what was not asked for
 * stays in the stream for whoever reads next (TLS, the relay).
 */

import type { Readable } from 'node:stream';
import { Refusal } from '../errors.ts';
import { type Peer, parseMessageHeader } from '../wire/messages.ts';

/** Resolves when the stream may have more to read or has ended; rejects when the signal aborts. */
const untilReadable = (stream: Readable, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const settle = (finish: () => void) => () => {
      stream
        .off('readable', onReadable)
        .off('end', onReadable)
        .off('close', onReadable)
        .off('error', onReadable);
      signal.removeEventListener('abort', onAbort);
      finish();
    };
    const onReadable = settle(resolve);
    const onAbort = settle(() => reject(signal.reason));
    stream.on('readable', onReadable).on('end', onReadable).on('close', onReadable).on('error', onReadable);
    signal.addEventListener('abort', onAbort);
  });

/**
 * The next `bytes` bytes (at least one), no more. Takes what is there as it comes: a stream with unread bytes in it
 * says "readable" again at once, and waiting for the rest of them would spin without ever letting it arrive.
 * @returns undefined when the stream ended before the first of them
 * @throws Refusal `client-gone` when it ends in between; the signal's reason when that aborts
 */
export const readOrEnd = async (
  stream: Readable,
  bytes: number,
  signal: AbortSignal,
): Promise<Buffer | undefined> => {
  const parts: Buffer[] = [];
  let missing = bytes;
  for (;;) {
    signal.throwIfAborted();
    const part: Buffer | null = stream.read(Math.min(missing, stream.readableLength) || 1);
    if (part) {
      parts.push(part);
      missing -= part.length;
      if (missing === 0) return parts.length === 1 ? part : Buffer.concat(parts);
    } else if (stream.readableEnded || stream.destroyed) {
      if (parts.length > 0) throw new Refusal('client-gone');
      return undefined;
    } else await untilReadable(stream, signal);
  }
};

/** As `readOrEnd`, for places where the stream may not end. */
export const readExactly = async (stream: Readable, bytes: number, signal: AbortSignal): Promise<Buffer> => {
  if (bytes === 0) return Buffer.alloc(0);
  const chunk = await readOrEnd(stream, bytes, signal);
  if (!chunk) throw new Refusal('client-gone');
  return chunk;
};

export interface Message {
  /** The message's first byte. */
  readonly type: number;
  readonly body: Buffer;
}

/** One typed message whose body is at most `maxBytes` long. */
export const readMessage = async (
  stream: Readable,
  maxBytes: number,
  signal: AbortSignal,
  peer: Peer,
): Promise<Message> => {
  const { type, bodyBytes } = parseMessageHeader(await readExactly(stream, 5, signal), maxBytes, peer);
  return { type, body: await readExactly(stream, bodyBytes, signal) };
};

export interface EndWatch {
  /** Aborts with Refusal `client-gone`. */
  readonly signal: AbortSignal;
  stop(): void;
}

/**
 * Notices that the peer has left while nobody reads its stream. What it sent before stays there for the next reader,
 * and as long as there is some it has not left.
 */
export const watchForEnd = (stream: Readable): EndWatch => {
  const controller = new AbortController();
  const onGone = (): void => controller.abort(new Refusal('client-gone'));
  // Without a reader a stream only finds its end when somebody looks.
  const look = (): void => {
    if (stream.readableLength === 0) stream.read(0);
  };
  stream.on('readable', look).on('end', onGone).on('close', onGone);
  if (stream.readableEnded || stream.destroyed) onGone();
  return {
    signal: controller.signal,
    stop: () => void stream.off('readable', look).off('end', onGone).off('close', onGone),
  };
};
