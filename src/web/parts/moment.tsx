/** A moment as people say it, with the exact time at hand. */

import { exactTime, relativeTime } from '../text/times.ts';

export function Moment({ at, none = 'never' }: { readonly at: string | null; readonly none?: string }) {
  if (at === null) return <span className="soft">{none}</span>;
  return (
    <time dateTime={at} title={exactTime(at)}>
      {relativeTime(at, Date.now())}
    </time>
  );
}
