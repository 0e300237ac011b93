/** One action of a person that changes something: never twice at once, and what went wrong stays beside the form. */

import { useCallback, useRef, useState } from 'react';

export interface Submission<A extends unknown[]> {
  readonly pending: boolean;
  /** undefined: nothing went wrong. */
  readonly problem: unknown;
  run(...given: A): Promise<void>;
}

export function useSubmit<A extends unknown[]>(action: (...given: A) => Promise<void>): Submission<A> {
  const [state, setState] = useState<{ pending: boolean; problem?: unknown }>({ pending: false });
  const latest = useRef(action);
  latest.current = action;
  const running = useRef(false);

  const run = useCallback(async (...given: A) => {
    if (running.current) return;
    running.current = true;
    setState({ pending: true });
    try {
      await latest.current(...given);
      setState({ pending: false });
    } catch (problem) {
      setState({ pending: false, problem });
    } finally {
      running.current = false;
    }
  }, []);

  return { pending: state.pending, problem: state.problem, run };
}
