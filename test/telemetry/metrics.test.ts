/** `docs/operations.md` shows the table of metrics, and so does the registry; this keeps all three the same. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mergeMetrics } from '../../src/telemetry/merge.ts';
import {
  gateTable,
  instanceTable,
  type MetricTable,
  processTable,
} from '../../src/telemetry/metric-table.ts';
import { silentMetrics } from './report-fixture.ts';

const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
const definitions: readonly MetricTable[string][] = [
  ...Object.values(processTable),
  ...Object.values(instanceTable),
  ...Object.values(gateTable),
];

const readable = 8;
const describeLabel = ([name, values]: readonly [string, readonly string[] | 'configured']): string =>
  values === 'configured' || values.length > readable ? name : `${name}: ${values.join(', ')}`;

describe('the table of metrics', () => {
  it('is the one in the documentation, row by row', () => {
    const rows = definitions.map(
      ({ kind, name, labels, merge, help }) =>
        `| \`${name}\` | ${kind === 'total' ? 'counter' : kind} | ${Object.entries(labels).map(describeLabel).join('; ')} | ${merge} | ${help} |`,
    );
    expect(page.split('\n').filter((line) => /^\| `postern_\w+` \|/.test(line))).toEqual(rows);
  });

  it('has every name that the documentation mentions', () => {
    const known = new Set(
      definitions.flatMap(({ name, kind }) =>
        kind === 'histogram' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
      ),
    );
    const mentioned =
      page.match(/\bpostern_\w+_(?:total|seconds|state|limit|active|open|version|bucket)\b/g) ?? [];
    expect(mentioned.length).toBeGreaterThan(definitions.length);
    expect(mentioned.filter((name) => !known.has(name))).toEqual([]);
  });

  it('is what the registry has, and the registry has no other', () => {
    // prom-client types its metrics without the label names that every one of them has.
    const metrics = silentMetrics().registry.getMetricsAsArray() as unknown as {
      name: string;
      help: string;
      labelNames: string[];
      aggregator: string;
    }[];
    expect(
      metrics
        .filter(({ name }) => name.startsWith('postern_'))
        .map(({ name, help, labelNames, aggregator }) => ({ name, help, labelNames, aggregator })),
    ).toEqual(
      definitions.map(({ name, help, labels, merge }) => ({
        name,
        help,
        labelNames: Object.keys(labels),
        aggregator: merge,
      })),
    );
  });

  it('follows the conventions for names', () => {
    for (const { name, kind } of definitions) {
      expect(name).toMatch(/^postern_[a-z_]+$/);
      expect(name.endsWith('_total'), name).toBe(kind === 'counter' || kind === 'total');
      if (kind === 'histogram') expect(name).toMatch(/_seconds$/);
    }
  });
});

describe('the metrics of several processes', () => {
  it('become one as the table says', async () => {
    const one = silentMetrics({
      activeSessions: () => 3,
      policyAgeSeconds: () => 1,
      policyVersion: () => 7,
      relayedBytes: () => [[{ direction: 'client_to_backend' }, 10]],
    });
    const other = silentMetrics({
      activeSessions: () => 4,
      policyAgeSeconds: () => 2,
      policyVersion: () => 6,
      relayedBytes: () => [[{ direction: 'client_to_backend' }, 5]],
    });
    one.certificateExpiries.set('server', 1_000);
    other.certificateExpiries.set('server', 1_000);
    one.loginSeconds.observe({ part: 'client' }, 0.2);
    other.loginSeconds.observe({ part: 'client' }, 0.3);
    one.reloads.inc({ outcome: 'applied' });
    const lag = 'nodejs_eventloop_lag_p99_seconds';
    const parts = await Promise.all([one, other].map(({ registry }) => registry.getMetricsAsJSON()));
    const lags = parts.map((part) => part.find(({ name }) => name === lag)?.values[0]?.value ?? 0);
    const text = await mergeMetrics(parts);
    expect(text.split('\n')).toContain(`${lag} ${Math.max(...lags)}`);
    for (const line of [
      'postern_sessions_active 7',
      'postern_policy_age_seconds 2',
      'postern_policy_version 6',
      'postern_bytes_total{direction="client_to_backend"} 15',
      'postern_certificate_expiry_timestamp_seconds{certificate="server"} 1000',
      'postern_login_seconds_count{part="client"} 2',
      'postern_login_seconds_sum{part="client"} 0.5',
      'postern_reloads_total{outcome="applied"} 1',
      'postern_reloads_total{outcome="failed"} 0',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
  });
});
