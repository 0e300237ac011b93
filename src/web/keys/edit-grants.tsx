/** Changes what a key may do; its programs need not do anything. */

import { useState } from 'react';
import { useConsole } from '../context.ts';
import type { ApiKey } from '../model.ts';
import { FormDialog } from '../parts/dialog.tsx';
import { useSubmit } from '../submit.ts';
import { grantText } from '../text/grants.ts';
import { GrantPicker } from './grant-picker.tsx';

export function EditGrants({
  apiKey,
  onDone,
  onClose,
}: {
  readonly apiKey: ApiKey;
  readonly onDone: () => Promise<void>;
  readonly onClose: () => void;
}) {
  const { api, say } = useConsole();
  const [grants, setGrants] = useState(apiKey.grantItems);
  const submission = useSubmit(async () => {
    const path = `/api-keys/${apiKey.id}`;
    await api.change('PUT', `${path}/grants`, { grants: grants.map(grantText) }, apiKey.etag);
    say(`Changed what “${apiKey.name}” may do.`);
    await onDone();
    onClose();
  });
  return (
    <FormDialog
      title={`Edit what “${apiKey.name}” may do`}
      action="Save"
      pendingText="Saving…"
      wide
      submission={submission}
      onClose={onClose}
    >
      <p>It counts at once, also for sessions that are open.</p>
      <GrantPicker grants={grants} onChange={setGrants} canCreate={apiKey.kind === 'regular'} />
    </FormDialog>
  );
}
