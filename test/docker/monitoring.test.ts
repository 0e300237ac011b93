/** Alerts and dashboard ask for metrics that exist, by labels that exist, and alerts fire when they should. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { read, readYaml, repository } from './files.ts';

interface RuleFile {
  readonly groups: readonly {
    readonly name: string;
    readonly rules: readonly { alert: string; expr: string }[];
  }[];
}
interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets?: readonly { expr: string }[];
    readonly gridPos: { x: number; y: number; w: number; h: number };
  }[];
  readonly annotations: { readonly list: readonly { expr: string }[] };
}

/** What Prometheus adds, and `le` of histograms. */
const commonLabels = ['job', 'instance', 'le'];

/** Name → labels. Of every Node process, and of the page that another test keeps like the table of metrics. */
const knownMetrics = (): Map<string, readonly string[]> => {
  const ofProcess = new Registry();
  collectDefaultMetrics({ register: ofProcess });
  const known = new Map<string, readonly string[]>([['up', []]]);
  for (const { name } of ofProcess.getMetricsAsArray()) known.set(name, []);
  const rows = read('docs/operations.md').matchAll(/^\| `(postern_\w+)` \| \w+ \| ([^|]*) \|/gm);
  for (const [, name = '', labels = ''] of rows) {
    known.set(
      name,
      labels.split(';').map((label) => label.replace(/:.*/, '').trim()),
    );
  }
  return known;
};

/** Every metric in an expression with the labels that it is chosen by. */
const metricsIn = (expression: string): { name: string; labels: string[] }[] =>
  [...expression.matchAll(/\b((?:postern|nodejs|process)_\w+|up)\b(?:\{([^}]*)\})?/g)].map(
    ([, name = '', selector = '']) => ({
      name: name.replace(/_(?:bucket|sum|count)$/, ''),
      labels: [...selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label = '']) => label),
    }),
  );

const [rules] = readYaml('docker/prometheus/alerts.yml') as [RuleFile];
const dashboard = JSON.parse(read('docker/grafana/dashboards/postern.json')) as Dashboard;
const alerts = rules.groups.flatMap((group) => group.rules);

const promtool = (...args: string[]) =>
  spawnSync('promtool', args, { cwd: join(repository, 'docker/prometheus'), encoding: 'utf8' });
const promtoolMissing = promtool('--version').status !== 0;
if (promtoolMissing) process.stderr.write('promtool is not installed: its tests are SKIPPED.\n');

describe('what is asked for exists', () => {
  const known = knownMetrics();
  const expressions = [
    ...alerts.map(({ alert, expr }) => ({ where: alert, expr })),
    ...dashboard.panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => ({ where: title, expr })),
    ),
    ...dashboard.annotations.list.map(({ expr }) => ({ where: 'annotation', expr })),
  ];

  it('finds metrics at all', () => {
    expect([...known.keys()].filter((name) => name.startsWith('postern_')).length).toBeGreaterThan(15);
    expect(expressions.length).toBeGreaterThan(35);
    expect(metricsIn('sum(rate(postern_login_seconds_bucket{part="key", le=~"1"}[5m])) / up')).toEqual([
      { name: 'postern_login_seconds', labels: ['part', 'le'] },
      { name: 'up', labels: [] },
    ]);
  });

  it.each(expressions)('in $where: $expr', ({ expr }) => {
    const asked = metricsIn(expr);
    expect(asked).not.toEqual([]);
    for (const { name, labels } of asked) {
      expect([...known.keys()]).toContain(name);
      expect([...commonLabels, ...(known.get(name) ?? [])]).toEqual(expect.arrayContaining(labels));
    }
  });
});

it('every alert is told to somebody, in a sentence and with advice', () => {
  for (const rule of alerts) {
    expect(rule).toMatchObject({
      alert: expect.stringMatching(/^Postern[A-Z]/),
      labels: { severity: expect.stringMatching(/^(critical|warning)$/) },
      annotations: { summary: expect.stringMatching(/\.$/), description: expect.stringMatching(/\.$/) },
    });
  }
});

it('every alert has a story in which it fires', () => {
  const told = [...read('docker/prometheus/alerts.test.yml').matchAll(/^ +alertname: (\w+)$/gm)];
  expect(new Set(told.map(([, name]) => name))).toEqual(new Set(alerts.map(({ alert }) => alert)));
});

it('panels lie beside each other and not upon each other', () => {
  const fields = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
  );
  expect(new Set(fields).size).toBe(fields.length);
});

it('Prometheus on Kubernetes gets the same rules', () => {
  expect(readYaml('docker/kubernetes/monitoring/prometheus-rule.yaml')).toMatchObject([
    { spec: { groups: rules.groups } },
  ]);
});

describe.skipIf(promtoolMissing)('promtool', () => {
  it.each([
    { what: 'takes the configuration and the rules', args: ['check', 'config', 'prometheus.yml'] },
    { what: 'finds every alert quiet and firing as told', args: ['test', 'rules', 'alerts.test.yml'] },
  ])('$what', ({ args }) => {
    const { status, stdout, stderr } = promtool(...args);
    expect({ status, said: `${stdout}${stderr}` }).toMatchObject({ status: 0 });
  });
});
