/** `docs/operations.md` lists every metric with its labels; this keeps the list true. */

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { silentMetrics } from './report-fixture.ts';

const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');

it('has every metric in the documentation, and none there that does not exist', () => {
  const { registry } = silentMetrics();
  // prom-client types its metrics without the label names that every one of them has.
  const metrics = registry.getMetricsAsArray() as unknown as {
    name: string;
    help: string;
    labelNames: string[];
  }[];
  const rows = metrics
    .filter(({ name }) => name.startsWith('postern_'))
    .map(({ name, help, labelNames }) => `| \`${name}\` | ${labelNames.join(', ')} | ${help} |`);
  expect(page.split('\n').filter((line) => line.startsWith('| `postern_'))).toEqual(rows);
});
