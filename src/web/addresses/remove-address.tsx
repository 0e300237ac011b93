/** Takes an address off the list, after saying what that ends. */

import { useConsole } from '../context.ts';
import type { AddressRule, Page, Session } from '../model.ts';
import { FormDialog } from '../parts/dialog.tsx';
import { useResource } from '../resource.ts';
import { useSubmit } from '../submit.ts';
import { shortCidr } from '../text/addresses.ts';

export function RemoveAddress({
  rule,
  onDone,
  onClose,
}: {
  readonly rule: AddressRule;
  readonly onDone: () => Promise<void>;
  readonly onClose: () => void;
}) {
  const { api, say } = useConsole();
  const shown = shortCidr(rule.cidr);
  const sessions = useResource<Page<Session>>('/sessions');
  const ending = sessions.data?.items.filter(({ address }) => address === shown).length ?? 0;
  const submission = useSubmit(async () => {
    await api.change('DELETE', `/address-rules/${rule.id}`, undefined, rule.etag);
    say(`${shown} may no longer connect.`);
    await onDone();
    onClose();
  });
  return (
    <FormDialog
      title={`Remove ${shown}?`}
      action="Remove"
      pendingText="Removing…"
      danger
      submission={submission}
      onClose={onClose}
    >
      <p>
        Whoever is connected from {shown}
        {rule.label && ` (${rule.label})`} is disconnected within a second and cannot connect again, unless
        another entry of the list covers the address.
      </p>
      {ending > 0 && (
        <p>
          <strong>
            {ending === 1 ? 'One live session comes' : `${ending} live sessions come`} from there now.
          </strong>
        </p>
      )}
    </FormDialog>
  );
}
