/** Makes an API key: a name, what it may do, and for how long. */

import { useState } from 'react';
import { useConsole } from '../context.ts';
import type { CreatedKey, KeyKind } from '../model.ts';
import { FormDialog } from '../parts/dialog.tsx';
import { ExpiryField } from '../parts/expiry.tsx';
import { Choice, Field } from '../parts/field.tsx';
import { Note } from '../parts/note.tsx';
import { useCreate, useSubmit } from '../submit.ts';
import { type Grant, grantText } from '../text/grants.ts';
import { expiryOf, type Lasting } from '../text/times.ts';
import { GrantPicker } from './grant-picker.tsx';
import { kindHints, kindTitles } from './kinds.ts';

const kinds = ['regular', 'default_public', 'master'] as const;
const expiries = [
  { value: '30d', label: '30 days' },
  { value: '90d', label: '90 days' },
  { value: '365d', label: '1 year' },
];

export function NewKey({
  onCreated,
  onClose,
}: {
  readonly onCreated: (created: CreatedKey) => void;
  readonly onClose: () => void;
}) {
  const { say } = useConsole();
  const create = useCreate();
  const [name, setName] = useState('');
  const [kind, setKind] = useState<KeyKind>('regular');
  const [grants, setGrants] = useState<readonly Grant[]>([]);
  const [lasting, setLasting] = useState<Lasting>({ kind: 'for-good' });
  const asked = grants.filter((grant) => kind === 'regular' || grant.kind !== 'create');
  const submission = useSubmit(async () => {
    if (kind === 'regular' && asked.length === 0) {
      throw new Error('Choose at least one thing that the key may do: tick a box under “What it may do”.');
    }
    const created = await create<CreatedKey>('/api-keys', {
      name,
      kind,
      grants: kind === 'master' ? [] : asked.map(grantText),
      ...expiryOf(lasting),
    });
    say(`The API key “${created.key.name}” was created.`);
    onCreated(created);
  });
  return (
    <FormDialog
      title="New API key"
      action="Create"
      pendingText="Creating…"
      wide
      submission={submission}
      onClose={onClose}
    >
      <Field label="Name" name="name" hint="What will use it." problem={submission.problem}>
        {(control) => (
          <input
            {...control}
            required
            maxLength={64}
            value={name}
            onChange={(event) => setName(event.target.value)}
            placeholder="QGIS in the office"
            autoComplete="off"
          />
        )}
      </Field>
      <fieldset>
        <legend>Kind</legend>
        {kinds.map((each) => (
          <Choice
            key={each}
            type="radio"
            name="kind"
            label={kindTitles[each].replace(/^./, (letter) => letter.toUpperCase())}
            hint={kindHints[each]}
            checked={kind === each}
            onChange={() => setKind(each)}
          />
        ))}
      </fieldset>
      {kind === 'master' ? (
        <Note tone="warning">
          Whoever has a master key can read, change and delete everything that the account owns, and make
          other keys.
        </Note>
      ) : (
        <GrantPicker grants={grants} onChange={setGrants} canCreate={kind === 'regular'} />
      )}
      <ExpiryField
        label="Valid"
        options={expiries}
        value={lasting}
        onChange={setLasting}
        problem={submission.problem}
      />
    </FormDialog>
  );
}
