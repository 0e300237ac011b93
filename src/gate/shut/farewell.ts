/** The last words to a client: an ErrorResponse by the closed table, then a graceful close. */

import type { Socket } from 'node:net';
import type { Refusal } from '../../errors.ts';
import { failureOf } from '../../failures.ts';
import { buildErrorResponse } from '../../wire/backend-messages.ts';
import type { ClientLine } from '../client-line.ts';
import type { ConnectionFacts } from '../facts.ts';

/** How long a client may take to read what was still on its way, and then to close. */
const flushMs = 30_000;
const lingerMs = 2_000;

/** What the person may need when asking for help; never a secret. */
const detailOf = (facts: ConnectionFacts): string =>
  [
    `Connection ${facts.id} from ${facts.address}`,
    facts.certificateSerial === undefined ? 'no certificate' : `certificate ${facts.certificateSerial}`,
  ].join(', ');

/** Says why, if the failure has words for the client and the line can carry them now. */
export const tell = (line: ClientLine, refusal: Refusal, facts: ConnectionFacts): void => {
  const { sqlstate, message, hint } = failureOf(refusal.code);
  if (sqlstate === null || !line.canSpeak) return;
  line.stream.write(
    buildErrorResponse({
      severity: 'FATAL',
      sqlstate,
      message: message(refusal.facts),
      detail: `${detailOf(facts)}.`,
      ...(hint === undefined ? {} : { hint }),
    }),
  );
};

/**
 * FIN first, then a short linger in which unread bytes are drained: a close with unread bytes becomes a reset, and a
 * reset destroys the message on its way. Resolves when the socket is closed.
 */
export const closeGracefully = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) {
      resolve();
      return;
    }
    let giveUp = setTimeout(() => socket.destroy(), flushMs);
    socket.once('finish', () => {
      clearTimeout(giveUp);
      giveUp = setTimeout(() => socket.destroy(), lingerMs);
    });
    socket.once('close', () => {
      clearTimeout(giveUp);
      resolve();
    });
    if (socket.destroyed) return;
    socket.resume();
    socket.end();
  });
