/**
 * The first bytes of a connection: direct TLS, or PostgreSQL's SSLRequest and GSSENCRequest in either order, or a
 * CancelRequest in plaintext. Anything else in plaintext is refused.
 */

import { Refusal } from '../../errors.ts';
import { parseStartupLength, parseStartupPacket } from '../../wire/startup.ts';
import { readExactly, readOrEnd } from '../reading.ts';
import type { Admitted, CancelOrder } from '../values.ts';

const tlsHandshake = 0x16;
const willing = Buffer.from('S');
const unwilling = Buffer.from('N');

/** @returns how TLS begins, or the order that came instead of it */
export const negotiate = async ({ line, login }: Admitted): Promise<'direct' | 'requested' | CancelOrder> => {
  const { stream } = line;
  for (let gssRefused = false; ; gssRefused = true) {
    const first = await readOrEnd(stream, 1, login.signal);
    if (!first) throw new Refusal(gssRefused ? 'client-gone' : 'no-bytes');
    if (first[0] === tlsHandshake && !gssRefused) {
      stream.unshift(first);
      return 'direct';
    }
    const word = Buffer.concat([first, await readExactly(stream, 3, login.signal)]);
    const body = await readExactly(stream, parseStartupLength(word), login.signal);
    const packet = parseStartupPacket(body);
    switch (packet.kind) {
      case 'cancel':
        return packet;
      case 'startup':
        throw new Refusal('tls-required');
      case 'gss-request':
        if (gssRefused) throw new Refusal('too-many-negotiations');
        stream.write(unwilling);
        // As PostgreSQL does: who does not wait for the answer expected another one.
        if (stream.readableLength > 0) throw new Refusal('data-before-tls');
        break;
      case 'ssl-request':
        // CVE-2021-23214: what is already here was sent in clear and must never be read as if it came through TLS.
        if (stream.readableLength > 0) throw new Refusal('data-before-tls');
        stream.write(willing);
        return 'requested';
    }
  }
};
