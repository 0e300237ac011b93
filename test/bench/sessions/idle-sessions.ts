/** Idle sessions in client processes of their own, so that only the proxy's memory is measured and not theirs. */

import type { LibpqEnvironment } from '../../support/psql.ts';
import { nextMessage, startProcess } from '../processes.ts';
import type { Answer, Order } from './clients.ts';

/** One for each core of a small machine. */
const processes = 2;

/** At port 5432. Resolves when it listens. */
export const startStubBackend = async (running: AsyncDisposableStack, host: string): Promise<void> => {
  await nextMessage(startProcess(running, new URL('stub-backend.ts', import.meta.url), host));
};

export interface IdleSessions {
  /** One round trip on each. @returns how many answered */
  alive(): Promise<number>;
}

/** @throws Error when one of them is not let in */
export const openIdleSessions = async (
  running: AsyncDisposableStack,
  environment: LibpqEnvironment,
  count: number,
): Promise<IdleSessions> => {
  const clients = Array.from({ length: processes }, () =>
    startProcess(running, new URL('clients.ts', import.meta.url)),
  );
  const order = (orderOf: (index: number) => Order): Promise<Answer[]> =>
    Promise.all(
      clients.map((client, index) => {
        client.send(orderOf(index));
        return nextMessage<Answer>(client);
      }),
    );
  const answers = await order((index) => ({
    kind: 'open',
    count: Math.floor((count + index) / processes),
    environment,
  }));
  const failure = answers.find((answer) => answer.failure !== null)?.failure;
  if (failure !== undefined) throw new Error(`A session was not let in: ${failure}`);
  return {
    alive: async () => (await order(() => ({ kind: 'ask' }))).reduce((sum, { done }) => sum + done, 0),
  };
};
