/** What tests of several instances do with one of them. */

import { expect } from 'vitest';
import { buildCancelRequest } from '../../src/wire/frontend-messages.ts';
import { proxyHeader } from '../gate/gate-fixture.ts';
import { pollUntil } from '../support/poll.ts';
import type { TestInstance, TestPostern } from '../support/postern.ts';
import { RawClient } from '../support/raw-client.ts';

export interface CancelKey {
  readonly processId: number;
  readonly secret: Buffer;
}

/**
 * Sends a cancel request; resolves when its connection has ended, which says nothing.
 * @param from for an instance behind a load balancer: the client's address
 */
export const cancelThrough = async (
  { port }: Pick<TestInstance, 'port'>,
  { processId, secret }: CancelKey,
  from?: string,
): Promise<void> => {
  const canceller = await RawClient.open(port);
  try {
    if (from !== undefined) canceller.send(proxyHeader(from));
    canceller.send(buildCancelRequest(processId, secret));
    expect(await canceller.rest()).toHaveLength(0);
  } finally {
    canceller.close();
  }
};

/** Resolves when the instance has logged a line with these fields. */
export const untilLogged = (
  { logLines }: Pick<TestInstance, 'logLines'>,
  fields: Readonly<Record<string, unknown>>,
): Promise<true> =>
  pollUntil(() => {
    expect(logLines()).toContainEqual(expect.objectContaining(fields));
    return true;
  });

/**
 * Resolves when all instances know of each other, which they learn with a heartbeat at the latest: the second one from now
 * on begins when the first has looked.
 */
export const untilAcquainted = async ({ store: { owner } }: Pick<TestPostern, 'store'>): Promise<void> => {
  for (let time = 0; time < 2; time += 1) {
    const { rows } = await owner.query<{ now: Date }>('SELECT clock_timestamp() AS now');
    await pollUntil(async () => {
      const beaten = await owner.query<{ all: boolean }>(
        'SELECT bool_and(heartbeat_at > $1) AS all FROM postern.instances',
        [rows[0]?.now],
      );
      return beaten.rows[0]?.all;
    });
  }
};
