/** Activity: who is connected, who tried to, why somebody was turned away, and whether a given client would get in. */

import { useState } from 'react';
import type { AddressRule } from '../model.ts';
import { AuditList } from '../operators/audit.tsx';
import { Section } from '../parts/section.tsx';
import type { List } from '../resource.ts';
import { Attempts } from './attempts.tsx';
import { Explain } from './explain.tsx';
import { Sessions } from './sessions.tsx';

export function Activity({ addresses }: { readonly addresses: List<AddressRule> }) {
  return (
    <Section
      id="activity"
      title="Activity"
      lead="Who is connected now, who tried, and why somebody was turned away."
    >
      <Sessions />
      <Attempts addresses={addresses} />
      <Explain />
      <Changes />
    </Section>
  );
}

/** Loaded when somebody looks. */
function Changes() {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary>
        <h3>What was changed</h3>
      </summary>
      {isOpen && <AuditList />}
    </details>
  );
}
