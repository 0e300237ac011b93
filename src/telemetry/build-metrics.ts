/**
 * Turns a table of metrics into prom-client's: counters and histograms to write to, and gauges and totals that are read
 * when somebody asks. The types let no label have a value that the table does not list.
 */

import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { MetricTable, ReadingDefinition, ValuesOfLabel } from './metric-table.ts';

type ValueOf<Values extends ValuesOfLabel> = Values extends readonly (infer Value)[] ? Value : string;

type Labels<Definition extends MetricTable[string]> = {
  readonly [Name in keyof Definition['labels']]: ValueOf<Definition['labels'][Name]>;
};

/** Without labels the value alone, which is 1 if it is not given. */
type Write<
  Definition extends MetricTable[string],
  Value extends [value?: number],
> = keyof Definition['labels'] extends never
  ? (...value: Value) => void
  : (labels: Labels<Definition>, ...value: Value) => void;

type Writable<Definition extends MetricTable[string]> = Definition['kind'] extends 'counter'
  ? { readonly inc: Write<Definition, [by?: number]> }
  : { readonly observe: Write<Definition, [seconds: number]> };

/** One number, or one for each combination of labels that there is. */
type Reading<Definition extends MetricTable[string]> = keyof Definition['labels'] extends never
  ? () => number
  : () => Iterable<readonly [labels: Labels<Definition>, value: number]>;

type ReadKey<Table extends MetricTable> = {
  [Key in keyof Table]: Table[Key] extends ReadingDefinition ? Key : never;
}[keyof Table];

/** What has to be given for a table: a function for each of its gauges and totals. */
export type ReadingsOf<Table extends MetricTable> = {
  readonly [Key in ReadKey<Table>]: Reading<Table[Key]>;
};

export type MetricsOf<Table extends MetricTable> = {
  readonly [Key in Exclude<keyof Table, ReadKey<Table>>]: Writable<Table[Key]>;
};

type AnyReading = () => number | Iterable<readonly [labels: Readonly<Record<string, string>>, value: number]>;

const samplesOf = (read: AnyReading) => {
  const value = read();
  return typeof value === 'number' ? [[{}, value] as const] : value;
};

/** An alert sees a rise only where there was a zero. With two labels most combinations never happen. */
const startAtZero = (counter: Counter, labels: MetricTable[string]['labels']): void => {
  const [[name, values] = ['', []], ...more] = Object.entries(labels);
  if (more.length > 0 || values === 'configured') return;
  for (const value of values) counter.inc({ [name]: value }, 0);
};

const buildOne = (definition: MetricTable[string], read: AnyReading, registry: Registry): unknown => {
  const { name, help, labels, merge } = definition;
  const common = {
    name,
    help,
    labelNames: Object.keys(labels),
    aggregator: merge,
    registers: [registry],
  };
  switch (definition.kind) {
    case 'counter': {
      const counter = new Counter(common);
      startAtZero(counter, labels);
      return counter;
    }
    case 'histogram':
      return new Histogram({ ...common, buckets: [...definition.buckets] });
    case 'gauge':
      return new Gauge({
        ...common,
        collect() {
          this.reset();
          for (const [of, value] of samplesOf(read)) this.set(of, value);
        },
      });
    case 'total':
      return new Counter({
        ...common,
        collect() {
          this.reset();
          for (const [of, value] of samplesOf(read)) this.inc(of, value);
        },
      });
  }
};

export const buildMetrics = <Table extends MetricTable>(
  table: Table,
  readings: ReadingsOf<Table>,
  registry: Registry,
): MetricsOf<Table> =>
  Object.fromEntries(
    Object.entries(table).map(([key, definition]) => [
      key,
      buildOne(definition, (readings as Readonly<Record<string, AnyReading>>)[key] as AnyReading, registry),
    ]),
  ) as unknown as MetricsOf<Table>;
