/** What operators see when they act for no account: all accounts, the gates that run, and every change. */

import { useState } from 'react';
import { useConsole } from '../context.ts';
import type { AuditVerdict } from '../model.ts';
import { Note, ProblemNote } from '../parts/note.tsx';
import { Section } from '../parts/section.tsx';
import { useSubmit } from '../submit.ts';
import { Accounts } from './accounts.tsx';
import { AuditList } from './audit.tsx';
import { Instances } from './instances.tsx';

export function Operators() {
  return (
    <main id="content" className="whole" tabIndex={-1}>
      <h1>Operator</h1>
      <Accounts />
      <Section
        id="instances"
        title="Instances"
        lead="The gates that run, and how fresh the policy is that each decides by."
      >
        <Instances />
      </Section>
      <Section
        id="audit"
        title="Audit"
        lead="Every change, each with a hash over the one before it, so that nothing can be altered unseen."
      >
        <Verification />
        <AuditList />
      </Section>
    </main>
  );
}

function Verification() {
  const { api } = useConsole();
  const [verdict, setVerdict] = useState<AuditVerdict>();
  const checking = useSubmit(async () => {
    setVerdict(undefined);
    setVerdict(await api.get<AuditVerdict>('/audit/verification'));
  });
  return (
    <>
      <p className="buttons start">
        <button type="button" disabled={checking.pending} onClick={() => void checking.run()}>
          {checking.pending ? 'Checking…' : 'Check the chain'}
        </button>
      </p>
      <ProblemNote problem={checking.problem} />
      <div role="status">
        {verdict?.kind === 'intact' && (
          <Note tone="advice">
            The chain is intact: all {verdict.events} events are as they were written.
          </Note>
        )}
        {verdict?.kind === 'broken' && (
          <Note tone="warning">
            <strong>The chain is broken at event {verdict.number}.</strong> It, or one before it, was altered
            or removed.
          </Note>
        )}
      </div>
    </>
  );
}
