import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AccountPolicy } from '../../src/policy/account.ts';
import { admittedUntil } from '../../src/policy/addresses.ts';
import { parseAddress } from '../../src/policy/cidr.ts';
import { unpackAccount } from '../../src/policy/packed-account.ts';
import { listen } from '../../src/postgres/listen.ts';
import { updateAccount } from '../../src/store/accounts.ts';
import { deleteAddressRule, insertAddressRule } from '../../src/store/address-rules.ts';
import { type FeedHealth, followPolicy } from '../../src/store/change-feed.ts';
import { gateRole } from '../../src/store/roles.ts';
import { pollUntil } from '../support/poll.ts';
import { createStore, type TestStore } from '../support/store.ts';
import { addAccount } from './sample.ts';

let store: TestStore;
beforeAll(async () => {
  store = await createStore();
  // PostgreSQL lets nothing but networks into this column; here it must.
  await store.owner.query('ALTER TABLE postern.address_rules ALTER COLUMN cidr TYPE text');
});
afterAll(() => store.drop());

test('an account with a rule that nobody can read admits nobody, is reported, and holds up no other account', async () => {
  const [faulty, other] = [await addAccount(store.console), await addAccount(store.console)];
  const allow = (accountId: string, cidr: string) =>
    insertAddressRule(store.console, { accountId, cidr, label: '', expiresAt: null, createdBy: 'test' });
  await allow(faulty.id, '203.0.113.0/24');
  await allow(other.id, '203.0.113.0/24');
  const nonsense = await allow(faulty.id, 'nonsense');

  const accounts = new Map<string, AccountPolicy>();
  const healths: FeedHealth[] = [];
  await using stack = new AsyncDisposableStack();
  const feed = followPolicy({
    database: store.gate,
    connectListener: (channels, events) => listen(store.options(gateRole), channels, events),
    pollIntervalMs: 600_000,
    onChange: (update) => {
      for (const account of update.kind === 'whole' ? update.accounts : update.changed)
        accounts.set(account.id, unpackAccount(account));
    },
    onHealth: (health) => healths.push(health),
  });
  stack.defer(() => feed.stop());
  const admits = ({ id }: { id: string }): boolean => {
    const addresses = accounts.get(id)?.addresses;
    const address = parseAddress('203.0.113.7');
    return addresses !== undefined && address !== undefined && admittedUntil(addresses, address) > 0;
  };
  await pollUntil(() => feed.health().state === 'following');

  const problem = `The account "${faulty.name}" admits nobody because of an address rule: "nonsense" is not a CIDR.`;
  expect([admits(faulty), admits(other)]).toEqual([false, true]);
  expect(feed.health().error).toEqual(new Error(problem));
  expect(accounts.get(faulty.id)?.unreadable).toBe(problem);
  expect(healths.at(-1)).toMatchObject({ state: 'following', error: new Error(problem) });

  await updateAccount(store.console, other.id, { maxSessions: 3 });
  await pollUntil(() => accounts.get(other.id)?.maxSessions === 3);

  await deleteAddressRule(store.console, faulty.id, nonsense.id);
  await pollUntil(() => feed.health().error === null);
  expect(admits(faulty)).toBe(true);
  expect(healths.at(-1)).toMatchObject({ state: 'following', error: null });

  await allow(faulty.id, 'nonsense');
  await pollUntil(() => healths.at(-1)?.error !== null);
  expect(admits(faulty)).toBe(false);
  await updateAccount(store.console, faulty.id, { status: 'deleted' });
  await pollUntil(() => healths.at(-1)?.error === null);
});
