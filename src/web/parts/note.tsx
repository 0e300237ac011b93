/** Short notes beside the things that they are about: advice, warnings, what went wrong, and how something stands. */

import type { ReactNode } from 'react';
import { Problem, wordsOf } from '../problem.ts';

export function Note({ tone, children }: { readonly tone: 'advice' | 'warning'; readonly children: ReactNode }) {
  return <div className={`note ${tone}`}>{children}</div>;
}

/** What went wrong; nothing if nothing did. Announced when it appears. */
export function ProblemNote({ problem, retry }: { readonly problem: unknown; readonly retry?: () => void }) {
  if (problem === undefined) return null;
  const others =
    problem instanceof Problem ? problem.fields.filter(({ message }) => message !== problem.message) : [];
  return (
    <div className="note problem" role="alert">
      <p>{wordsOf(problem)}</p>
      {others.length > 0 && (
        <ul>
          {others.map(({ path, message }) => (
            <li key={path + message}>{message}</li>
          ))}
        </ul>
      )}
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
