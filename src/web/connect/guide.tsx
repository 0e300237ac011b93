/**
 * One guide of docs/clients, as the console renders it: HTML from our own server, made of our own files, in which the
 * account's values are escaped. Each block of code gets a button that copies it.
 */

import { useEffect, useId, useRef } from 'react';
import { copyText } from '../parts/copy.tsx';

/** Puts a button beside each block; returns how to take them away. */
function addCopyButtons(article: HTMLElement): () => void {
  const frames = [...article.querySelectorAll('pre')].map((block) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'quiet small';
    button.textContent = 'Copy';
    button.setAttribute('aria-label', 'Copy this block');
    button.addEventListener('click', () => {
      copyText(block.textContent.trimEnd()).then(
        () => {
          button.textContent = 'Copied';
        },
        () => getSelection()?.selectAllChildren(block),
      );
    });
    block.tabIndex = 0;
    const frame = document.createElement('div');
    frame.className = 'block';
    block.replaceWith(frame);
    frame.append(block, button);
    return { frame, block };
  });
  return () => {
    for (const { frame, block } of frames) frame.replaceWith(block);
  };
}

export function Guide({ title, html }: { readonly title: string; readonly html: string }) {
  const article = useRef<HTMLElement>(null);
  useEffect(() => (article.current === null ? undefined : addCopyButtons(article.current)), []);
  const id = useId();
  return (
    <article ref={article} className="guide" aria-labelledby={id}>
      <h3 id={id}>{title}</h3>
      {/* biome-ignore lint/security/noDangerouslySetInnerHtml: see above; the page's CSP runs no script in it either. */}
      <div dangerouslySetInnerHTML={{ __html: html }} />
    </article>
  );
}
