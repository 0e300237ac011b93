/**
 * Every change and its audit event are one transaction of the store: there is never one without the other.
 * What merely notes that a backend has followed (a key became active, grants were applied) is no decision of anybody
 * and not audited.
 */

import type { Queryable } from '../postgres/query.ts';
import { appendAudit } from '../store/audit.ts';
import type { StoreContext } from './context.ts';

/** null: did not exist before, does not exist after. Rows as the store gives them; they hold no secrets. */
export interface Change<Before, After> {
  readonly before: Before;
  readonly after: After;
}

/**
 * Called with the row in the transaction that changes it; throws when it is not as the asker saw it. So of two who
 * change the same thing at once, the second learns of it.
 */
export type Expectation<Row> = (current: Row) => void;

export const expectAnything = (): void => undefined;

/**
 * Runs `write` and records what it changed.
 * @param event `action` is noun and verb (`key.revoke`), `target` as people name it (`demo/laptop`)
 */
export const recordChange = <Before, After>(
  { store, actor }: StoreContext,
  event: { readonly action: string; readonly target: string },
  write: (tx: Queryable) => Promise<Change<Before, After>>,
): Promise<Change<Before, After>> =>
  store.transaction(async (tx) => {
    const change = await write(tx);
    await appendAudit(tx, { actor, ...event, ...change });
    return change;
  });
