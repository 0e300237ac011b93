/** Text for the clipboard. */

import { useState } from 'react';

/**
 * Copies a text.
 * @throws Error that tells how to copy by hand
 */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    throw new Error(
      'The browser does not let this page copy. Select the text and copy it by hand, with Ctrl+C or ⌘C.',
    );
  }
}

/** @param what for screen readers: "Copy host" */
export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const [said, setSaid] = useState<string>();
  const copy = () =>
    copyText(text).then(
      () => setSaid('Copied'),
      () => setSaid('Copy by hand'),
    );
  return (
    <button
      type="button"
      className="quiet small"
      aria-label={`Copy ${what}`}
      onClick={() => void copy()}
      onBlur={() => setSaid(undefined)}
    >
      <span aria-live="polite">{said ?? 'Copy'}</span>
    </button>
  );
}
