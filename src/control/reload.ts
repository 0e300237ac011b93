/** The order to all gates to read their configuration and certificates again. What each makes of it, its log says. */

import { appendAudit } from '../store/audit.ts';
import { type ListedInstance, listInstances } from '../store/instances.ts';
import { sendOrder } from '../store/orders.ts';
import type { StoreContext } from './context.ts';

/** @returns the instances that are alive, to whom the order goes */
export const orderReload = async ({ store, actor }: StoreContext): Promise<ListedInstance[]> => {
  const instances = (await listInstances(store)).filter(({ state }) => state === 'alive');
  await store.transaction(async (tx) => {
    await sendOrder(tx, { kind: 'reload', actor });
    await appendAudit(tx, {
      actor,
      action: 'instance.reload',
      target: 'all',
      before: null,
      after: instances.map(({ id, address }) => ({ id, address })),
    });
  });
  return instances;
};
