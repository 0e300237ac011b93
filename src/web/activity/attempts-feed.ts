/**
 * The latest attempts, as they happen: a stream of events while there is one, else asking now and then. Each attempt
 * is in the list once, newest first.
 */

import { useEffect, useMemo, useState } from 'react';
import { useConsole } from '../context.ts';
import type { Attempt } from '../model.ts';
import { type List, useEvery, useList } from '../resource.ts';
import { withAttempt } from './with-attempt.ts';

const pollMs = 5_000;
/** Of those that arrive while the page stays open for days. */
const keptAtMost = 500;

export interface Feed {
  readonly list: List<Attempt>;
  /** How new attempts come. */
  readonly mode: 'stream' | 'polling' | 'paused';
}

/** @param outcome only attempts that ended so; '': all */
export function useAttempts(outcome: string, isPaused: boolean): Feed {
  const { api } = useConsole();
  const list = useList<Attempt>(`/attempts${outcome && `?outcome=${outcome}`}`, 10);
  const [isStreaming, setIsStreaming] = useState(false);
  // Kept apart from the list, so that one that arrives while that is loaded again is not lost.
  const [arrived, setArrived] = useState<readonly Attempt[]>([]);
  const { data, reload, refresh } = list;

  useEffect(() => {
    if (isPaused) return;
    // What happened before the stream was there.
    void reload();
    const source = new EventSource(api.url('/attempts/stream'));
    const take = ({ data }: MessageEvent<string>) => {
      const attempt = JSON.parse(data) as Attempt;
      setArrived((before) => [...before, attempt].slice(-keptAtMost));
    };
    source.onopen = () => setIsStreaming(true);
    // The browser tries again by itself, unless it was refused for good.
    source.onerror = () => setIsStreaming(false);
    source.onmessage = take;
    source.addEventListener('attempt', take);
    return () => {
      source.close();
      setIsStreaming(false);
    };
  }, [api, isPaused, reload]);

  useEvery(pollMs, () => void refresh(), !isPaused && !isStreaming);
  const items = useMemo(() => {
    const asked = arrived.filter((attempt) => outcome === '' || attempt.outcome === outcome);
    return data && asked.reduce(withAttempt, data).items;
  }, [data, arrived, outcome]);
  return { list: { ...list, items }, mode: isPaused ? 'paused' : isStreaming ? 'stream' : 'polling' };
}
