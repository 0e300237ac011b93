/** Disables an account, or enables it again, after saying what that means. */

import { useConsole } from '../context.ts';
import { FormDialog } from '../parts/dialog.tsx';
import { useSubmit } from '../submit.ts';
import type { AccountDialogProps } from './account-settings.tsx';

export function SwitchAccount({ account: { name, status, etag }, onDone, onClose }: AccountDialogProps) {
  const { api, say } = useConsole();
  const isActive = status === 'active';
  const verb = isActive ? 'Disable' : 'Enable';
  const submission = useSubmit(async () => {
    const wanted = isActive ? 'disabled' : 'active';
    await api.change('PATCH', `/accounts/${encodeURIComponent(name)}`, { status: wanted }, etag);
    say(`The account “${name}” is ${wanted}.`);
    await onDone();
    onClose();
  });
  return (
    <FormDialog
      title={`${verb} “${name}”?`}
      action={verb}
      pendingText="Changing…"
      danger={isActive}
      submission={submission}
      onClose={onClose}
    >
      <p>
        {isActive
          ? 'Its sessions end now, and nobody is admitted until it is enabled again. Nothing is deleted.'
          : 'Its clients are admitted again, with the addresses, certificates and API keys that it has.'}
      </p>
    </FormDialog>
  );
}
