/** Ends a key for good, after saying what ends with it. */

import { useState } from 'react';
import { useConsole } from '../context.ts';
import type { ApiKey, Page, Session } from '../model.ts';
import { FormDialog } from '../parts/dialog.tsx';
import { Field } from '../parts/field.tsx';
import { useResource } from '../resource.ts';
import { useSubmit } from '../submit.ts';
import { countText } from '../text/counts.ts';

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
  const sessions = useResource<Page<Session>>('/sessions');
  const ending = sessions.data?.items.filter(({ key }) => key === name).length;
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
      {ending !== undefined && (
        <p>
          <strong>
            {ending === 0
              ? 'Nobody is connected with it now.'
              : `${countText(ending, 'live session')} end${ending === 1 ? 's' : ''} at once.`}
          </strong>
        </p>
      )}
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
