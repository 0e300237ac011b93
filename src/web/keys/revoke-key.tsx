/** Ends a key for good, after saying what ends with it. */

import { useState } from 'react';
import { EndingSessions } from '../activity/ending-sessions.tsx';
import { useConsole } from '../context.ts';
import type { ApiKey } from '../model.ts';
import { FormDialog } from '../parts/dialog.tsx';
import { Field } from '../parts/field.tsx';
import { useSubmit } from '../submit.ts';

export function RevokeKey({
  apiKey,
  onDone,
  onClose,
}: {
  readonly apiKey: ApiKey;
  readonly onDone: () => Promise<void>;
  readonly onClose: () => void;
}) {
  const { api, say } = useConsole();
  const { id, name } = apiKey;
  const [reason, setReason] = useState('');
  const submission = useSubmit(async () => {
    const { unfinished } = await api.post<{ unfinished: string | null }>(`/api-keys/${id}/revoke`, {
      ...(reason && { reason }),
    });
    const rest = unfinished === null ? '' : ` Its database role is removed later: ${unfinished}`;
    say(`“${name}” is revoked and refused from now on.${rest}`);
    await onDone();
    onClose();
  });
  return (
    <FormDialog
      title={`Revoke “${name}”?`}
      action="Revoke"
      pendingText="Revoking…"
      danger
      submission={submission}
      onClose={onClose}
    >
      <EndingSessions among={({ keyId }) => keyId === id} />
      <p>Programs that use this key can no longer connect. This cannot be undone.</p>
      <Field label="Reason (optional)" name="reason" hint="For the records." problem={submission.problem}>
        {(control) => (
          <input
            {...control}
            value={reason}
            maxLength={200}
            onChange={(event) => setReason(event.target.value)}
          />
        )}
      </Field>
    </FormDialog>
  );
}
