/**
 * What a work of the benchmark is: one module of `works/`, listed in `works/all.ts`. It measures what it wants on the
 * bench that it is given, one thing after the other, and returns plain values; nobody else knows what it did.
 */

import type { Bench } from './bench.ts';

/** What the product promises about a work. */
export interface Target {
  /** Unique in its work; the name of its value in `Outcome.measured`. */
  readonly id: string;
  /** What is measured, for people: `proxy CPU per query, 8 clients, compared with PgBouncer`. */
  readonly what: string;
  readonly bound: 'at most' | 'at least';
  readonly limit: number;
  /** Behind the number: `×`, `MB`, `%`. */
  readonly unit: string;
}

export interface Table {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Outcome {
  readonly tables: readonly Table[];
  /** By the ids of the targets; what is missing was not measured in this form. */
  readonly measured: Readonly<Record<string, number>>;
}

export interface Work {
  /** For `--work`. */
  readonly id: string;
  /** Its heading in the report. */
  readonly title: string;
  /** Whether it is part of the quick form. */
  readonly quick: boolean;
  readonly targets: readonly Target[];
  run(bench: Bench): Promise<Outcome>;
}
