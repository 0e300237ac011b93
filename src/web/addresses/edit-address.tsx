/** Label and expiry of an address rule; the address itself never changes. */

import { useState } from 'react';
import { useConsole } from '../context.ts';
import type { AddressRule } from '../model.ts';
import { FormDialog } from '../parts/dialog.tsx';
import { ExpiryField } from '../parts/expiry.tsx';
import { Field } from '../parts/field.tsx';
import { useSubmit } from '../submit.ts';
import { shortCidr } from '../text/addresses.ts';
import { dayOf, expiryOf, type Lasting } from '../text/times.ts';
import { addressExpiries } from './expiries.ts';

export function EditAddress({
  rule,
  onDone,
  onClose,
}: {
  readonly rule: AddressRule;
  readonly onDone: () => Promise<void>;
  readonly onClose: () => void;
}) {
  const { api, say } = useConsole();
  const before: Lasting =
    rule.expiresAt === null
      ? { kind: 'for-good' }
      : { kind: 'date', day: dayOf(Math.max(Date.parse(rule.expiresAt), Date.now())) };
  const [label, setLabel] = useState(rule.label);
  const [lasting, setLasting] = useState<Lasting>(before);
  const submission = useSubmit(async () => {
    const isSame =
      JSON.stringify(lasting) === JSON.stringify(before) && Date.parse(rule.expiresAt ?? '') > Date.now();
    const expiry = isSame ? {} : expiryOf(lasting);
    await api.change('PATCH', `/address-rules/${rule.id}`, { label, ...expiry }, rule.etag);
    say(`Changed ${shortCidr(rule.cidr)}.`);
    await onDone();
    onClose();
  });
  return (
    <FormDialog
      title={`Edit ${shortCidr(rule.cidr)}`}
      action="Save"
      pendingText="Saving…"
      submission={submission}
      onClose={onClose}
    >
      <Field label="Label" name="label" problem={submission.problem}>
        {(control) => (
          <input
            {...control}
            value={label}
            maxLength={200}
            onChange={(event) => setLabel(event.target.value)}
          />
        )}
      </Field>
      <ExpiryField
        label="Allow"
        options={addressExpiries}
        value={lasting}
        onChange={setLasting}
        problem={submission.problem}
      />
    </FormDialog>
  );
}
