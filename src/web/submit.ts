/**
 * One action of a person that changes something: never twice at once, what went wrong stays beside the form, and what
 * is created is created once.
 */

import { useCallback, useRef, useState } from 'react';
import { useConsole } from './context.ts';
import type { CreationKeys } from './creation.ts';

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

/** `Api.create` for one form: while it is open, the same request is the same creation. */
export function useCreate(): <T>(path: string, body?: object) => Promise<T> {
  const { api } = useConsole();
  const keys = useRef<CreationKeys>(new Map());
  return (path, body) => api.create(keys.current, path, body);
}
