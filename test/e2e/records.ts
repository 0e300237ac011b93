/** What the gate wrote into the store about connections, awaited: it is written beside them, in batches. */

import { findAccount } from '../../src/store/accounts.ts';
import { type Attempt, listAttempts } from '../../src/store/attempts.ts';
import { type ListedSession, listSessions } from '../../src/store/sessions.ts';
import { pollUntil } from '../support/poll.ts';
import type { TestPostern } from '../support/postern.ts';

const accountIdOf = async ({ store }: TestPostern, account: string): Promise<string> => {
  const found = await findAccount(store.console, account);
  if (!found) throw new Error(`no account ${account}`);
  return found.id;
};

/** The account's live sessions, as soon as there are any in the store. */
export const untilMirrored = async (
  postern: TestPostern,
  account: string,
): Promise<[ListedSession, ...ListedSession[]]> => {
  const id = await accountIdOf(postern, account);
  return pollUntil(async () => {
    const [first, ...others] = await listSessions(postern.store.console, id);
    return first && ([first, ...others] as const satisfies [ListedSession, ...ListedSession[]]);
  });
};

/** Resolves when the store knows of no live session of the account any more. */
export const untilUnmirrored = async (postern: TestPostern, account: string): Promise<void> => {
  const id = await accountIdOf(postern, account);
  await pollUntil(async () => (await listSessions(postern.store.console, id)).length === 0);
};

/** The attempt of the client that called itself `applicationName`. */
export const untilAttempted = ({ store }: TestPostern, applicationName: string): Promise<Attempt> =>
  pollUntil(async () => {
    const attempts = await listAttempts(store.console, null, { limit: 1000 });
    return attempts.find((attempt) => attempt.applicationName === applicationName);
  });
