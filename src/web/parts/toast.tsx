/** What the last change did: said once to screen readers, shown until it was read or something else happened. */

import { useEffect } from 'react';

const shownMs = 15_000;

/** @param said `at` tells the same text said twice apart; undefined: nothing to say */
export function Toast({
  said,
  onDismiss,
}: {
  readonly said: { readonly text: string; readonly at: number } | undefined;
  readonly onDismiss: () => void;
}) {
  useEffect(() => {
    if (said === undefined) return;
    const timer = setTimeout(onDismiss, shownMs);
    return () => clearTimeout(timer);
  }, [said, onDismiss]);
  return (
    <div className="toast" role="status" aria-live="polite">
      {said !== undefined && (
        <div key={said.at}>
          <p>{said.text}</p>
          <button type="button" className="quiet small" onClick={onDismiss}>
            Dismiss
          </button>
        </div>
      )}
    </div>
  );
}
