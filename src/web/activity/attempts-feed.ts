/**
 * The latest attempts, as they happen: a stream of events while there is one, else asking now and then. Each attempt
 * is in the list once, newest first.
 */

import { useEffect, useState } from 'react';
import { useConsole } from '../context.ts';
import type { Attempt } from '../model.ts';
import { type List, useEvery, useList } from '../resource.ts';

const pollMs = 5_000;
/** What arrives while the page stays open for days; older ones are a click on "Show more" away. */
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
  const { set, reload, refresh } = list;

  useEffect(() => {
    if (isPaused) return;
    // What happened before the stream was there.
    void reload();
    const source = new EventSource(api.url('/attempts/stream'));
    const take = ({ data }: MessageEvent<string>) => {
      const attempt = JSON.parse(data) as Attempt;
      if (outcome !== '' && attempt.outcome !== outcome) return;
      set((page) =>
        page.items.some(({ id }) => id === attempt.id)
          ? page
          : { ...page, items: [attempt, ...page.items].slice(0, keptAtMost) },
      );
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
  }, [api, outcome, isPaused, set, reload]);

  useEvery(pollMs, () => void refresh(), !isPaused && !isStreaming);
  return { list, mode: isPaused ? 'paused' : isStreaming ? 'stream' : 'polling' };
}
