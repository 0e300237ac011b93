/** API keys: what the account's programs send as password, and what each of them may do. */

import { useState } from 'react';
import type { ApiKey, CreatedKey } from '../model.ts';
import { type Column, Listing } from '../parts/listing.tsx';
import { Moment } from '../parts/moment.tsx';
import { Badge, Note, type Tone } from '../parts/note.tsx';
import { Section } from '../parts/section.tsx';
import { useList } from '../resource.ts';
import { describeGrant } from '../text/grants.ts';
import { EditGrants } from './edit-grants.tsx';
import { kindTitles } from './kinds.ts';
import { NewKey } from './new-key.tsx';
import { RevokeKey } from './revoke-key.tsx';
import { RotateKey } from './rotate-key.tsx';
import { ShowKey } from './show-key.tsx';

const tones: Readonly<Record<ApiKey['status'], Tone>> = {
  active: 'good',
  expired: 'warn',
  provisioning: 'plain',
  revoking: 'bad',
  revoked: 'bad',
};
/** So many grants are listed at once. */
const shownGrants = 3;

function Rights({ apiKey: { kind, grantItems } }: { readonly apiKey: ApiKey }) {
  if (kind === 'master') return 'Everything the account owns';
  const texts = grantItems.map(describeGrant);
  if (texts.length === 0) return kind === 'default_public' ? 'Only what is public' : 'Nothing';
  return (
    <ul className="rights">
      {texts.slice(0, shownGrants).map((text) => (
        <li key={text}>{text}</li>
      ))}
      {texts.length > shownGrants && (
        <li>
          <details>
            <summary>and {texts.length - shownGrants} more</summary>
            <ul>
              {texts.slice(shownGrants).map((text) => (
                <li key={text}>{text}</li>
              ))}
            </ul>
          </details>
        </li>
      )}
    </ul>
  );
}

const columns: readonly Column<ApiKey>[] = [
  {
    title: 'Name',
    cell: ({ name, hint, kind }) => (
      <>
        {name}{' '}
        <span className="soft second">
          {kindTitles[kind]}, ends in {hint}
        </span>
      </>
    ),
  },
  { title: 'May', cell: (apiKey) => <Rights apiKey={apiKey} /> },
  {
    title: 'Status',
    cell: ({ status, grantsApplied }) => (
      <>
        <Badge tone={tones[status]}>{status}</Badge>
        {status === 'active' && !grantsApplied && <Badge tone="warn">grants pending</Badge>}
      </>
    ),
  },
  { title: 'Expires', cell: ({ expiresAt }) => <Moment at={expiresAt} /> },
  { title: 'Last used', cell: ({ lastUsedAt }) => <Moment at={lastUsedAt} /> },
];

type Opened =
  | { readonly kind: 'new' }
  | { readonly kind: 'edit' | 'rotate' | 'revoke'; readonly apiKey: ApiKey }
  | { readonly kind: 'show'; readonly created: CreatedKey };

export function Keys() {
  const list = useList<ApiKey>('/api-keys');
  const [opened, setOpened] = useState<Opened>();
  const close = () => setOpened(undefined);
  const show = (created: CreatedKey) => {
    setOpened({ kind: 'show', created });
    void list.reload();
  };
  const dialog = { onDone: list.reload, onClose: close };
  return (
    <Section
      id="keys"
      title="API keys"
      lead="An API key is the password that a program sends. It can do exactly what you grant it, and no more."
      action={
        <button type="button" className="main" onClick={() => setOpened({ kind: 'new' })}>
          New API key
        </button>
      }
    >
      <Note tone="advice">
        Keep the master key for this page. It can do everything with your data: give each program a key of its
        own that can do only what the program needs.
      </Note>
      <Listing
        caption="API keys"
        list={list}
        columns={columns}
        isFaded={({ status }) => status !== 'active'}
        empty={
          <p>
            <strong>There is no API key yet.</strong> Make one for each program, and grant it the tables that
            it needs.
          </p>
        }
        actions={(apiKey) =>
          apiKey.status !== 'revoked' && (
            <>
              {apiKey.status === 'active' && apiKey.kind !== 'master' && (
                <Act verb="Edit grants" of={apiKey} onClick={() => setOpened({ kind: 'edit', apiKey })} />
              )}
              {apiKey.status === 'active' && (
                <Act verb="Rotate" of={apiKey} onClick={() => setOpened({ kind: 'rotate', apiKey })} />
              )}
              <Act verb="Revoke" of={apiKey} onClick={() => setOpened({ kind: 'revoke', apiKey })} />
            </>
          )
        }
      />
      {opened?.kind === 'new' && <NewKey onCreated={show} onClose={close} />}
      {opened?.kind === 'edit' && <EditGrants apiKey={opened.apiKey} {...dialog} />}
      {opened?.kind === 'rotate' && <RotateKey apiKey={opened.apiKey} onRotated={show} onClose={close} />}
      {opened?.kind === 'revoke' && <RevokeKey apiKey={opened.apiKey} {...dialog} />}
      {opened?.kind === 'show' && <ShowKey created={opened.created} onClose={close} />}
    </Section>
  );
}

const Act = ({
  verb,
  of,
  onClick,
}: {
  readonly verb: string;
  readonly of: ApiKey;
  readonly onClick: () => void;
}) => (
  <button type="button" className="quiet small" aria-label={`${verb} ${of.name}`} onClick={onClick}>
    {verb}
  </button>
);
