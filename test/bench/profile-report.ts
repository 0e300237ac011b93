/** A CPU profile of V8, told as shares of the time in which the process worked; idling is left out. */

import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inDigits } from './statistics.ts';
import type { Table } from './work.ts';

/** What `node --cpu-prof` writes: https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      /** From 0; -1: none. */
      readonly lineNumber: number;
    };
  }[];
  /** Ids of nodes. */
  readonly samples: readonly number[];
  /** Microseconds before each sample since the one before it, the first since the start. */
  readonly timeDeltas: readonly number[];
  /** On the clock of `process.hrtime`, in microseconds. */
  readonly startTime: number;
}

/** From and to, on the clock of `process.hrtime`, in microseconds. */
export type Span = readonly [number, number];

type Kind = 'Postern' | 'packages' | 'JavaScript of Node' | 'native' | 'garbage collection';

const root = fileURLToPath(new URL('../../', import.meta.url));

const kindOf = ({ functionName, url }: CpuProfile['nodes'][number]['callFrame']): Kind => {
  if (functionName === '(garbage collector)') return 'garbage collection';
  if (url.startsWith('node:')) return 'JavaScript of Node';
  if (url.includes('/node_modules/')) return 'packages';
  return url === '' ? 'native' : 'Postern';
};

const placeOf = ({ url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string => {
  if (url === '') return '';
  const file = url.startsWith('file:') ? relative(root, fileURLToPath(url)) : url;
  return `${file}:${lineNumber + 1}`;
};

interface SelfTime {
  readonly name: string;
  readonly place: string;
  readonly kind: Kind;
  readonly microseconds: number;
}

/** Of every function that ran within the span, the longest first. */
export const selfTimes = (profile: CpuProfile, [from, to]: Span): SelfTime[] => {
  const nodes = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const found = new Map<string, SelfTime>();
  let at = profile.startTime;
  profile.samples.forEach((id, index) => {
    at += profile.timeDeltas[index] ?? 0;
    const frame = nodes.get(id);
    if (frame === undefined || frame.functionName === '(idle)' || at < from || at > to) return;
    const name = frame.functionName || '(anonymous)';
    const place = placeOf(frame);
    const { microseconds } = found.get(`${name} ${place}`) ?? { microseconds: 0 };
    // A sample stands for the time until the next one.
    const lasted = profile.timeDeltas[index + 1] ?? 0;
    found.set(`${name} ${place}`, { name, place, kind: kindOf(frame), microseconds: microseconds + lasted });
  });
  return [...found.values()].sort((left, right) => right.microseconds - left.microseconds);
};

const shownFunctions = 15;

/** Shares of each kind, then the functions that take most. */
export const profileTable = (times: readonly SelfTime[], caption: string): Table => {
  const total = times.reduce((sum, { microseconds }) => sum + microseconds, 0);
  const share = (microseconds: number) => `${inDigits((100 * microseconds) / total)} %`;
  const kinds = Object.entries(Object.groupBy(times, ({ kind }) => kind))
    .map(([kind, those]) => ({ kind, sum: those.reduce((sum, { microseconds }) => sum + microseconds, 0) }))
    .sort((left, right) => right.sum - left.sum);
  return {
    caption,
    columns: ['share', 'kind', 'function', 'where'],
    rows: [
      ...kinds.map(({ kind, sum }) => [share(sum), kind, '**all**', '']),
      ...times
        .slice(0, shownFunctions)
        .map(({ name, place, kind, microseconds }) => [share(microseconds), kind, name, place]),
    ],
  };
};
