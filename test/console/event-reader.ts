/** A client of a stream of server-sent events: collects what arrives until it is closed. */

import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';

export interface EventReader {
  readonly status: number;
  readonly headers: Headers;
  /** The data of all events so far, parsed. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into events, which the schemas describe
  readonly events: readonly any[];
  readonly ended: boolean;
  close(): void;
}

export const readEvents = async (url: string, headers: Record<string, string>): Promise<EventReader> => {
  const abort = new AbortController();
  const response = await fetch(url, { headers, signal: abort.signal });
  const reader = {
    status: response.status,
    headers: response.headers,
    events: [] as unknown[],
    ended: false,
    close: () => abort.abort(),
  };
  const collect = async (): Promise<void> => {
    if (response.body !== null) {
      for await (const line of createInterface(Readable.fromWeb(response.body as ReadableStream))) {
        if (line.startsWith('data: ')) reader.events.push(JSON.parse(line.slice('data: '.length)));
      }
    }
  };
  void collect()
    .catch(() => undefined)
    .finally(() => {
      reader.ended = true;
    });
  return reader;
};
