/** What this instance does when another one, or a person, gives an order. Never throws. */

import { Refusal } from '../errors.ts';
import type { CancelElsewhere } from '../fleet/cancel-elsewhere.ts';
import type { SessionRegistry } from '../gate/registry.ts';
import { parseAddress } from '../policy/addresses.ts';
import type { CancelQueryOrder, EndSessionOrder, Order } from '../store/orders.ts';
import type { Log } from '../telemetry/log.ts';

export interface Obedience {
  readonly registry: SessionRegistry;
  readonly cancelElsewhere: CancelElsewhere;
  readonly send: (order: Order) => Promise<void>;
  readonly onReloadOrder: (actor: string) => void;
  readonly log: Log;
}

const endSession = ({ session, actor }: EndSessionOrder, { registry, log }: Obedience): void => {
  const found = registry.end(session, new Refusal('ended-by-operator'));
  if (found) log.info({ connection: session, actor }, 'session ended by order');
};

/** Answered only once the backend has dealt with it: until then the other instance holds its client. */
const cancelQuery = async (
  { request, digest, address }: CancelQueryOrder,
  { registry, send, log }: Obedience,
): Promise<void> => {
  const session = registry.sessionWithDigest(digest, parseAddress(address));
  if (!session) return;
  await session.cancelQuery();
  log.debug({ connection: session.id, address }, 'query cancelled for another instance');
  await send({ kind: 'query-cancelled', request }).catch((error: unknown) =>
    log.debug({ error }, 'a cancelled query could not be reported'),
  );
};

export const obeyOrder = (order: Order, obedience: Obedience): void => {
  switch (order.kind) {
    case 'end-session':
      endSession(order, obedience);
      break;
    case 'cancel-query':
      void cancelQuery(order, obedience);
      break;
    case 'query-cancelled':
      obedience.cancelElsewhere.answered(order.request);
      break;
    case 'reload':
      obedience.onReloadOrder(order.actor);
      break;
  }
};
