/** Orders as they come: listens until `stopped`, with backoff, and never throws. Those given meanwhile are missed. */

import { type ConnectListener, keepListening } from './listening.ts';
import { type Order, orderChannel, parseOrder } from './orders.ts';

export interface FollowOrdersOptions {
  readonly connectListener: ConnectListener;
  readonly onOrder: (order: Order) => void;
  /** From now on none is missed, until the connection is lost. */
  readonly onListening: () => void;
  /** How often to ask whether the connection still answers. */
  readonly checkIntervalMs: number;
  readonly stopped: AbortSignal;
}

/** Resolves when nothing is under way any more. */
export const followOrders = ({
  onOrder,
  onListening,
  stopped,
  ...options
}: FollowOrdersOptions): Promise<void> =>
  keepListening({
    ...options,
    stopped,
    channels: [orderChannel],
    onNotification: ({ payload }) => {
      const order = stopped.aborted ? undefined : parseOrder(payload);
      if (order !== undefined) onOrder(order);
    },
    onUp: onListening,
    // Whoever follows the policy reports a store that is away.
    onDown: () => undefined,
  });
