import { describe, expect, it } from 'vitest';
import { pollUntil } from '../support/poll.ts';
import { startPostern } from '../support/postern.ts';
import { untilNoneRuns, untilRunning } from './activity.ts';
import { query, takeOver } from './raw-session.ts';

describe('a Postern that is stopped', () => {
  it('tells its sessions, cancels their queries, and admits nobody any more', async () => {
    await using stack = new AsyncDisposableStack();
    const postern = await startPostern();
    stack.defer(postern.stop);
    const [busy, idle] = [await postern.connect(), await postern.connect()];
    const told = new Promise((resolve) => idle.once('error', resolve));
    const slept = busy.query('SELECT pg_sleep(600) -- stopped').catch((error: unknown) => error);
    await untilRunning(postern, 'stopped');
    await postern.serving.stop();
    const ending = { code: '57P01', message: 'The session was ended because Postern shuts down.' };
    expect(await slept).toMatchObject(ending);
    expect(await told).toMatchObject(ending);
    await untilNoneRuns(postern, 'stopped', 2_000);
    await expect(postern.connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('does not wait for a client that reads nothing', async () => {
    await using stack = new AsyncDisposableStack();
    const postern = await startPostern();
    stack.defer(postern.stop);
    const { stream } = takeOver(await postern.connect());
    stream.pause();
    stream.write(query("SELECT repeat('x', 1000) FROM generate_series(1, 1000000) -- stuck"));
    const pid = await untilRunning(postern, 'stuck');
    await pollUntil(async () => {
      const [row] = await postern.superuser(`SELECT wait_event FROM pg_stat_activity WHERE pid = ${pid}`);
      return row?.['wait_event'] === 'ClientWrite';
    });
    const stoppedAt = performance.now();
    await postern.serving.stop();
    expect(performance.now() - stoppedAt).toBeLessThan(8_000);
    stream.destroy();
  });
});
