/** What this instance does when another one, or a person, gives an order. Never throws. */

import type { CancelElsewhere } from '../fleet/cancel-elsewhere.ts';
import type { Crew } from '../fleet/crew.ts';
import type { Order } from '../store/orders.ts';
import type { Log } from '../telemetry/log.ts';

export interface Obedience {
  readonly crew: Crew;
  readonly cancelElsewhere: CancelElsewhere;
  readonly send: (order: Order) => Promise<void>;
  readonly onReloadOrder: (actor: string) => void;
  readonly onInstanceHears: (instance: string) => void;
  readonly log: Log;
}

export const obeyOrder = (order: Order, obedience: Obedience): void => {
  const { crew, cancelElsewhere, send, onReloadOrder, onInstanceHears, log } = obedience;
  switch (order.kind) {
    case 'end-session':
      void crew.any((worker) => worker.endSession(order.session, order.actor));
      break;
    case 'cancel-query': {
      const { request, digest, address } = order;
      // Answered only once the backend has dealt with it: until then the other instance holds its client.
      void crew
        .any((worker) => worker.cancelQueryWithDigest(digest, address))
        .then(async (found) => {
          if (!found) return;
          log.debug({ address }, 'query cancelled for another instance');
          await send({ kind: 'query-cancelled', request });
        })
        .catch((error: unknown) => log.debug({ error }, 'a cancelled query could not be reported'));
      break;
    }
    case 'query-cancelled':
      cancelElsewhere.answered(order.request);
      break;
    case 'reload':
      onReloadOrder(order.actor);
      break;
    case 'instance-hears':
      onInstanceHears(order.instance);
      break;
  }
};
