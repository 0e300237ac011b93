/** Live sessions, and ending one. */

import { useState } from 'react';
import { useConsole } from '../context.ts';
import type { Session } from '../model.ts';
import { Address } from '../parts/address.tsx';
import { FormDialog } from '../parts/dialog.tsx';
import { type Column, Listing } from '../parts/listing.tsx';
import { Moment } from '../parts/moment.tsx';
import { useEvery, useWholeList } from '../resource.ts';
import { useSubmit } from '../submit.ts';
import { nameOf } from './ending-sessions.tsx';

const refreshMs = 5_000;

const columns: readonly Column<Session>[] = [
  {
    title: 'Program',
    cell: ({ applicationName }) => applicationName || <span className="soft">unnamed</span>,
  },
  { title: 'Address', cell: ({ address }) => <Address of={address} /> },
  { title: 'Certificate', cell: ({ certificate }) => certificate ?? <span className="soft">none</span> },
  { title: 'API key', cell: ({ key }) => key ?? <span className="soft">gone</span> },
  { title: 'Connected', cell: ({ startedAt }) => <Moment at={startedAt} /> },
];

export function Sessions() {
  const list = useWholeList<Session>('/sessions');
  const [ending, setEnding] = useState<Session>();
  useEvery(refreshMs, () => void list.refresh());
  return (
    <>
      <h3>Live sessions</h3>
      <Listing
        caption="Live sessions"
        list={list}
        columns={columns}
        empty={<p>Nobody is connected now.</p>}
        actions={(session) => (
          <button
            type="button"
            className="quiet small"
            aria-label={`End ${nameOf(session)}`}
            onClick={() => setEnding(session)}
          >
            End
          </button>
        )}
      />
      {ending !== undefined && (
        <EndSession session={ending} onDone={list.reload} onClose={() => setEnding(undefined)} />
      )}
    </>
  );
}

function EndSession({
  session,
  onDone,
  onClose,
}: {
  readonly session: Session;
  readonly onDone: () => Promise<void>;
  readonly onClose: () => void;
}) {
  const { api, say } = useConsole();
  const submission = useSubmit(async () => {
    await api.change('DELETE', `/sessions/${encodeURIComponent(session.id)}`, undefined, '*');
    say(`Disconnecting ${nameOf(session)}.`);
    await onDone();
    onClose();
  });
  return (
    <FormDialog
      title="End this session?"
      action="End session"
      pendingText="Ending…"
      danger
      submission={submission}
      onClose={onClose}
    >
      <p>
        {nameOf(session)} is disconnected and told so; a statement that runs is cancelled. It may connect
        again: to keep it out, revoke its API key or certificate, or remove its address.
      </p>
    </FormDialog>
  );
}
