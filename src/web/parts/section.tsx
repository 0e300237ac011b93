/** One part of the page under its heading, with the one thing that one does there. */

import { type ReactNode, useId } from 'react';

export function Section({
  id,
  title,
  lead,
  action,
  children,
}: {
  /** For the links to it. */
  readonly id: string;
  readonly title: string;
  readonly lead: ReactNode;
  readonly action?: ReactNode;
  readonly children: ReactNode;
}) {
  const heading = useId();
  return (
    <section id={id} aria-labelledby={heading} tabIndex={-1}>
      <header>
        <div>
          <h2 id={heading}>{title}</h2>
          <p className="lead">{lead}</p>
        </div>
        {action !== undefined && <div className="action">{action}</div>}
      </header>
      {children}
    </section>
  );
}
