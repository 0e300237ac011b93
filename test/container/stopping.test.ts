/** What a container engine does when it stops a container: SIGTERM, patience, SIGKILL. Postern needs no SIGKILL. */

import { once } from 'node:events';
import type pg from 'pg';
import { getContainerRuntimeClient } from 'testcontainers';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { pollUntil } from '../support/poll.ts';
import { type Gate, type Stack, startStack } from './stack.ts';

const engine = inject('engine');
/** Of compose.yaml, `stop_grace_period`. */
const graceMs = 50_000;

describe.skipIf(engine === null)('stopping a container', () => {
  if (engine === null) return;
  let stack: Stack;
  let gate: Gate;

  beforeAll(async () => {
    stack = await startStack(engine);
  });
  beforeEach(async () => {
    gate = await stack.startGate();
  });
  afterAll(() => stack?.stop());

  const byEngine = async () => (await getContainerRuntimeClient()).container.getById(gate.container.getId());

  /** Runs until it is told to commit. */
  const openTransaction = async (): Promise<pg.Client> => {
    const client = await stack.connect(gate);
    await client.query('BEGIN');
    await client.query('INSERT INTO towns VALUES (501)');
    return client;
  };
  const untilNotReady = () => pollUntil(async () => (await gate.ask('/readyz')).status === 503);

  it('ends idle sessions with 57P01, lets a transaction finish, and exits with 0', async () => {
    const idle = await stack.connect(gate);
    const ended = once(idle, 'error');
    const working = await openTransaction();
    const startedAt = performance.now();
    const stopped = gate.container.stop({ timeout: graceMs, remove: false });
    expect((await ended)[0]).toMatchObject({ code: '57P01' });
    await untilNotReady();
    await expect(stack.connect(gate)).rejects.toThrow();
    const { rows } = await working.query('SELECT count(*)::int AS towns FROM towns');
    expect(rows).toEqual([{ towns: 501 }]);
    await working.query('ROLLBACK');
    await stopped;
    expect(performance.now() - startedAt).toBeLessThan(graceMs);
    expect((await (await byEngine()).inspect()).State).toMatchObject({ Running: false, ExitCode: 0 });
    // Exit code 0 is that of Postern: SIGKILL gives 137.
    expect((await gate.logLines()).length).toBeGreaterThan(0);
  });

  it('ends at once on a second signal', async () => {
    await openTransaction();
    const container = await byEngine();
    const exited = container.wait();
    await container.kill({ signal: 'SIGTERM' });
    await untilNotReady();
    const secondAt = performance.now();
    await container.kill({ signal: 'SIGTERM' });
    expect(await exited).toMatchObject({ StatusCode: 1 });
    expect(performance.now() - secondAt).toBeLessThan(5_000);
  });
});
