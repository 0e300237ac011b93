/** Ends a certificate for good, after saying which live sessions end with it. */

import { useState } from 'react';
import { EndingSessions } from '../activity/ending-sessions.tsx';
import { useConsole } from '../context.ts';
import type { Certificate } from '../model.ts';
import { FormDialog } from '../parts/dialog.tsx';
import { Field } from '../parts/field.tsx';
import { useSubmit } from '../submit.ts';
import { countText } from '../text/counts.ts';

export function RevokeCertificate({
  certificate,
  onDone,
  onClose,
}: {
  readonly certificate: Certificate;
  readonly onDone: () => Promise<void>;
  readonly onClose: () => void;
}) {
  const { api, say } = useConsole();
  const { id, name } = certificate;
  const [reason, setReason] = useState('');
  const submission = useSubmit(async () => {
    const { liveSessions } = await api.post<{ liveSessions: number }>(`/certificates/${id}/revoke`, {
      ...(reason && { reason }),
    });
    say(`“${name}” is revoked. ${countText(liveSessions, 'session')} ended.`);
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
      <EndingSessions among={({ certificateId }) => certificateId === id} />
      <p>
        The computer that uses it can no longer connect. This cannot be undone, and its name is not used
        again.
      </p>
      <Field label="Reason (optional)" name="reason" hint="For the records." problem={submission.problem}>
        {(control) => (
          <input
            {...control}
            value={reason}
            maxLength={200}
            onChange={(event) => setReason(event.target.value)}
            placeholder="The laptop was lost"
          />
        )}
      </Field>
    </FormDialog>
  );
}
