/** Short notes beside the things that they are about: advice, warnings, what went wrong, and how something stands. */

import type { ReactNode } from 'react';
import { wordsOf } from '../problem.ts';

export function Note({
  tone,
  children,
}: {
  readonly tone: 'advice' | 'warning';
  readonly children: ReactNode;
}) {
  return <div className={`note ${tone}`}>{children}</div>;
}

/** What went wrong; nothing if nothing did. Announced when it appears. */
export function ProblemNote({ problem, retry }: { readonly problem: unknown; readonly retry?: () => void }) {
  if (problem === undefined) return null;
  return (
    <div className="note problem" role="alert">
      <p>{wordsOf(problem)}</p>
      {retry !== undefined && (
        <button type="button" className="quiet" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

export type Tone = 'good' | 'warn' | 'bad' | 'plain';

/** A status in one word; never by colour alone. */
export const Badge = ({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) => (
  <span className={`badge ${tone}`}>{children}</span>
);
