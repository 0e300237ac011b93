/** Changes how an account may be used; gates follow within a second. */

import { useState } from 'react';
import { useConsole } from '../context.ts';
import { FormDialog } from '../parts/dialog.tsx';
import { useSubmit } from '../submit.ts';
import { type AccountDialogProps, type AccountSettings, SettingsFields } from './account-settings.tsx';

export function EditAccount({ account, onDone, onClose }: AccountDialogProps) {
  const { api, say } = useConsole();
  const {
    name,
    etag,
    maxSessions,
    clientCertificate,
    clientAuthentication,
    anyAddressAllowed,
    databaseAliases,
  } = account;
  const [settings, setSettings] = useState<AccountSettings>({
    maxSessions,
    clientCertificate,
    clientAuthentication,
    anyAddressAllowed,
    databaseAliases,
  });
  const submission = useSubmit(async () => {
    await api.change('PATCH', `/accounts/${encodeURIComponent(name)}`, settings, etag);
    say(`Changed the account “${name}”.`);
    await onDone();
    onClose();
  });
  return (
    <FormDialog
      title={`Edit “${name}”`}
      action="Save"
      pendingText="Saving…"
      submission={submission}
      onClose={onClose}
    >
      <SettingsFields settings={settings} onChange={setSettings} problem={submission.problem} />
    </FormDialog>
  );
}
