import { describe, expect, it } from 'vitest';
import { Refusal } from '../../src/errors.ts';
import { admitted, closed, reporting } from './report-fixture.ts';

describe('a connection during which the clock was set back', () => {
  it('lasted no time, and takes nothing away from any metric', async () => {
    const { metrics, lines, attempts, report } = reporting(400);
    report(admitted({ securedAfterMs: -100, identifiedAfterMs: -300, openedAfterMs: -400 }), closed);
    expect(attempts).toMatchObject([{ durationMs: 0 }]);
    expect(lines).toMatchObject([{ fields: { durationMs: 0 } }]);
    const sums = (await metrics.registry.metrics())
      .split('\n')
      .filter((line) => /^postern_.*_sum/.test(line));
    expect(sums.length).toBeGreaterThan(2);
    expect(sums.filter((line) => !line.endsWith(' 0'))).toEqual([]);
  });
});

describe('a connection that did not come through to its backend', () => {
  it.each([
    [new Refusal('backend-unreachable'), 'backend-unreachable'],
    [new Refusal('client-gone'), 'abandoned'],
    [new Refusal('ended-key-revoked'), 'abandoned'],
  ])('counts for that backend (%s)', async (refusal, outcome) => {
    const { metrics, report } = reporting();
    const { openedAfterMs: _, ...facts } = admitted({ backend: 'main', stage: 'open' });
    report(facts, { kind: 'refused', refusal });
    const { backend: __, ...elsewhere } = { ...facts, stage: 'greet' as const };
    report(elsewhere, { kind: 'refused', refusal });
    const text = await metrics.registry.getSingleMetricAsString('postern_backend_logins_total');
    expect(text.split('\n').filter((line) => !line.startsWith('#'))).toEqual([
      `postern_backend_logins_total{backend="main",outcome="${outcome}"} 1`,
    ]);
  });
});

describe('the attempt of a connection', () => {
  it('is recorded where its account is known, and not where it only carried a cancel request', () => {
    const { attempts, report } = reporting();
    report(admitted({ id: 'known' }), closed);
    report(admitted({ id: 'cancel' }), { kind: 'cancel', outcome: 'forwarded' });
    const { accountId: _, account: __, ...stranger } = admitted({ id: 'stranger', user: 'acme' });
    report(stranger, { kind: 'refused', refusal: new Refusal('certificate-missing') });
    expect(attempts).toMatchObject([{ id: 'known', accountId: 'a', account: 'acme' }]);
  });
});
