/** Deletes an account, after its name was typed. */

import { useState } from 'react';
import { useConsole } from '../context.ts';
import { FormDialog } from '../parts/dialog.tsx';
import { Field } from '../parts/field.tsx';
import { useSubmit } from '../submit.ts';
import type { AccountDialogProps } from './account-settings.tsx';

export function DeleteAccount({ account: { name, etag }, onDone, onClose }: AccountDialogProps) {
  const { api, say } = useConsole();
  const [typed, setTyped] = useState('');
  const submission = useSubmit(async () => {
    await api.change('DELETE', `/accounts/${encodeURIComponent(name)}`, undefined, etag);
    say(`The account “${name}” is deleted. Its data are untouched.`);
    await onDone();
    onClose();
  });
  return (
    <FormDialog
      title={`Delete “${name}”?`}
      action="Delete"
      pendingText="Deleting…"
      danger
      blocked={typed !== name}
      submission={submission}
      onClose={onClose}
    >
      <p>
        Its sessions end, and its API keys with their database roles are removed for good. The data stay
        untouched.
      </p>
      <Field label={`Type ${name} to confirm`} name="confirmation">
        {(control) => (
          <input
            {...control}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
          />
        )}
      </Field>
    </FormDialog>
  );
}
