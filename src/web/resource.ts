/**
 * Data of the API as a part of the page sees it. What was loaded stays on screen while it is loaded again, and also
 * when that fails: `problem` beside `data` means that the data are stale. The last question asked is the one answered.
 */

import { useCallback, useEffect, useRef, useState } from 'react';
import type { Api } from './api.ts';
import { useConsole } from './context.ts';
import type { Page } from './model.ts';

export interface Resource<T> {
  /** undefined: not loaded yet. */
  readonly data: T | undefined;
  readonly problem: unknown;
  readonly loading: boolean;
  reload(): Promise<void>;
  /** Loads it again because time has passed, not because of what somebody did. */
  refresh(): Promise<void>;
  set(change: (data: T) => T): void;
}

/** @param path of the API; null: nothing is loaded, for parts that are closed */
export function useResource<T>(path: string | null): Resource<T> {
  const { api } = useConsole();
  const [state, setState] = useState<{ data?: T; problem?: unknown; loading: boolean }>({ loading: true });
  const question = useRef(0);

  const load = useCallback(
    async (ask: Api['get']) => {
      if (path === null) return;
      question.current += 1;
      const asked = question.current;
      setState((before) => ({ ...before, loading: true }));
      const next = await ask<T>(path).then(
        (data) => (_: object) => ({ data, loading: false }),
        (problem: unknown) => (before: object) => ({ ...before, problem, loading: false }),
      );
      if (asked === question.current) setState(next);
    },
    [path],
  );
  const reload = useCallback(() => load(api.get), [api, load]);
  const refresh = useCallback(() => load(api.poll), [api, load]);

  useEffect(() => {
    void reload();
    return () => {
      question.current += 1;
    };
  }, [reload]);

  const set = useCallback((change: (data: T) => T) => {
    setState((before) => (before.data === undefined ? before : { ...before, data: change(before.data) }));
  }, []);

  return { data: state.data, problem: state.problem, loading: state.loading, reload, refresh, set };
}

export interface List<T> extends Resource<Page<T>> {
  readonly items: readonly T[] | undefined;
  /** Adds the next part; null: everything is there. */
  readonly more: (() => Promise<void>) | null;
}

/** A list that comes in parts; loading it again starts from the first. */
export function useList<T extends object>(path: string | null, limit = 100): List<T> {
  const { api } = useConsole();
  const first = path === null ? null : `${path}${path.includes('?') ? '&' : '?'}limit=${limit}`;
  const page = useResource<Page<T>>(first);
  const cursor = page.data?.nextCursor ?? null;
  const more = async () => {
    const next = await api.get<Page<T>>(`${first}&cursor=${encodeURIComponent(cursor ?? '')}`);
    page.set(({ items }) => ({ items: [...items, ...next.items], nextCursor: next.nextCursor }));
  };
  return { ...page, items: page.data?.items, more: cursor === null ? null : more };
}

/** A list that always comes whole. */
export function useWholeList<T extends object>(path: string): List<T> {
  const whole = useResource<Page<T>>(path);
  return { ...whole, items: whole.data?.items, more: null };
}

/** Does something now and then, only while somebody looks. */
export function useEvery(milliseconds: number, act: () => void, active = true): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (!active) return;
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') latest.current();
    }, milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds, active]);
}
