/** Makes an account for a database that exists. */

import { useState } from 'react';
import { useConsole } from '../context.ts';
import type { Account } from '../model.ts';
import { FormDialog } from '../parts/dialog.tsx';
import { Field } from '../parts/field.tsx';
import { useCreate, useSubmit } from '../submit.ts';
import { SettingsFields, usualSettings } from './account-settings.tsx';

const fields = [
  ['name', 'Name', 'Also the user name of its clients: lower-case letters, digits, “_” and “-”.'],
  ['backend', 'Backend', 'One of the backends of the configuration.'],
  ['database', 'Database', 'It must exist on that backend.'],
  ['ownerRole', 'Owner role', 'The role that owns the data; keys can be granted what it has.'],
] as const;

export function NewAccount({
  onDone,
  onClose,
}: {
  readonly onDone: () => Promise<void>;
  readonly onClose: () => void;
}) {
  const { say } = useConsole();
  const create = useCreate();
  const [given, setGiven] = useState({ name: '', backend: '', database: '', ownerRole: '' });
  const [settings, setSettings] = useState(usualSettings);
  const submission = useSubmit(async () => {
    const { name } = await create<Account>('/accounts', { ...given, ...settings });
    say(`The account “${name}” was created.`);
    await onDone();
    onClose();
  });
  const { problem } = submission;
  return (
    <FormDialog
      title="New account"
      action="Create"
      pendingText="Preparing the database…"
      submission={submission}
      onClose={onClose}
    >
      {fields.map(([name, label, hint]) => (
        <Field key={name} label={label} name={name} hint={hint} problem={problem}>
          {(control) => (
            <input
              {...control}
              required
              autoCapitalize="none"
              autoComplete="off"
              spellCheck={false}
              value={given[name]}
              onChange={({ target }) => setGiven({ ...given, [name]: target.value })}
            />
          )}
        </Field>
      ))}
      <details>
        <summary>More settings</summary>
        <SettingsFields settings={settings} onChange={setSettings} problem={problem} />
      </details>
    </FormDialog>
  );
}
