/** Reads the PROXY header that a trusted load balancer must send first, and not one byte more. */

import type { Readable } from 'node:stream';
import { Refusal } from '../../errors.ts';
import { parseProxyHeader } from '../../wire/proxy-header.ts';
import { readOrEnd } from '../reading.ts';

/**
 * @returns where the client is; null for the balancer's own health check (LOCAL, UNKNOWN)
 * @throws Refusal `no-bytes`, `proxy-header-invalid`, or the signal's reason
 */
export const readProxyHeader = async (
  stream: Readable,
  signal: AbortSignal,
): Promise<{ address: string; port: number } | null> => {
  let bytes: Buffer = Buffer.alloc(0);
  for (;;) {
    const header = parseProxyHeader(bytes);
    switch (header.kind) {
      case 'proxied':
        return header;
      case 'local':
        return null;
      case 'invalid':
        throw new Refusal('proxy-header-invalid', { reason: header.reason });
      case 'need-more': {
        const more = await readOrEnd(stream, header.minimum - bytes.length, signal);
        if (!more) throw new Refusal(bytes.length === 0 ? 'no-bytes' : 'client-gone');
        bytes = Buffer.concat([bytes, more]);
      }
    }
  }
};
