/** All accounts: make one, change how it may be used, open its page. */

import { useState } from 'react';
import type { Account } from '../model.ts';
import { type Column, Listing } from '../parts/listing.tsx';
import { Badge } from '../parts/note.tsx';
import { Section } from '../parts/section.tsx';
import { useList } from '../resource.ts';
import { DeleteAccount } from './delete-account.tsx';
import { EditAccount } from './edit-account.tsx';
import { NewAccount } from './new-account.tsx';
import { SwitchAccount } from './switch-account.tsx';

const columns: readonly Column<Account>[] = [
  { title: 'Account', cell: ({ name }) => <a href={`/?account=${encodeURIComponent(name)}`}>{name}</a> },
  {
    title: 'Status',
    cell: ({ status }) => <Badge tone={status === 'active' ? 'good' : 'bad'}>{status}</Badge>,
  },
  { title: 'Database', cell: ({ backend, database }) => `${database} on ${backend}` },
  { title: 'Owner role', cell: ({ ownerRole }) => <code>{ownerRole}</code> },
  {
    title: 'Sessions at most',
    cell: ({ maxSessions }) => maxSessions ?? <span className="soft">as configured</span>,
  },
  { title: 'Certificate', cell: ({ clientCertificate }) => clientCertificate },
];

type Opened =
  | { readonly kind: 'new' }
  | { readonly kind: 'edit' | 'switch' | 'delete'; readonly account: Account };

export function Accounts() {
  const list = useList<Account>('/accounts');
  const [opened, setOpened] = useState<Opened>();
  const dialog = { onDone: list.reload, onClose: () => setOpened(undefined) };
  return (
    <Section
      id="accounts"
      title="Accounts"
      lead="The customers. Open one to act for it."
      action={
        <button type="button" className="main" onClick={() => setOpened({ kind: 'new' })}>
          New account
        </button>
      }
    >
      <Listing
        caption="Accounts"
        list={list}
        columns={columns}
        isFaded={({ status }) => status !== 'active'}
        empty={<p>There is no account yet. Make the first one for a database that exists.</p>}
        actions={(account) =>
          (
            [
              ['edit', 'Edit'],
              ['switch', account.status === 'active' ? 'Disable' : 'Enable'],
              ['delete', 'Delete'],
            ] as const
          ).map(([kind, verb]) => (
            <button
              key={kind}
              type="button"
              className="quiet small"
              aria-label={`${verb} ${account.name}`}
              onClick={() => setOpened({ kind, account })}
            >
              {verb}
            </button>
          ))
        }
      />
      {opened?.kind === 'new' && <NewAccount {...dialog} />}
      {opened?.kind === 'edit' && <EditAccount account={opened.account} {...dialog} />}
      {opened?.kind === 'switch' && <SwitchAccount account={opened.account} {...dialog} />}
      {opened?.kind === 'delete' && <DeleteAccount account={opened.account} {...dialog} />}
    </Section>
  );
}
