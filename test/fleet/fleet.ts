/** What tests of several instances do with one of them. */

import { expect } from 'vitest';
import { buildCancelRequest } from '../../src/wire/frontend-messages.ts';
import { proxyHeader } from '../gate/gate-fixture.ts';
import { pollUntil } from '../support/poll.ts';
import type { TestInstance } from '../support/postern.ts';
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

/** A log line of the instance with these fields, once it is there. */
export const untilLogged = (
  { logLines }: Pick<TestInstance, 'logLines'>,
  fields: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> =>
  pollUntil(() =>
    logLines().find((line) => Object.entries(fields).every(([name, value]) => line[name] === value)),
  );
