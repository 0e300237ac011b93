import { expect, it } from 'vitest';
import { Recorder } from '../../src/telemetry/recorder.ts';
import { admitted, closed, keptLog, reporting, silentMetrics } from './report-fixture.ts';

it('attempts that the store does not take are counted and logged, and the others are stored', async () => {
  const { report, attempts } = reporting();
  for (const id of ['good', 'bad', 'good too']) report(admitted({ id }), closed);
  const metrics = silentMetrics();
  const { log, lines } = keptLog();
  const stamped: string[] = [];
  const recorder = new Recorder({
    flushIntervalMs: 60_000,
    appendAttempts: async (batch) => batch.filter(({ id }) => id === 'bad').map(() => new Error('negative')),
    stampLastUsed: async ({ keys }) => void stamped.push(...keys.keys()),
    metrics,
    log,
  });
  for (const attempt of attempts) recorder.add(attempt);
  await recorder.close();
  expect(lines).toEqual([{ level: 'error', fields: { error: new Error('negative'), dropped: 1 } }]);
  expect(await metrics.registry.getSingleMetricAsString('postern_attempts_dropped_total')).toMatch(/ 1$/m);
  expect(stamped).toEqual(['k']);
});
