/** The form that allows addresses, one or several at once. Those that were refused stay in the field, with the reason. */

import { type SyntheticEvent, useState } from 'react';
import { useConsole } from '../context.ts';
import type { AddressRule } from '../model.ts';
import { ExpiryField } from '../parts/expiry.tsx';
import { Choice, Field } from '../parts/field.tsx';
import { Note, ProblemNote } from '../parts/note.tsx';
import { wordsOf } from '../problem.ts';
import { useCreate, useSubmit } from '../submit.ts';
import { anyAddress, shortCidr, splitEntries, withAddress } from '../text/addresses.ts';
import { expiryOf, type Lasting } from '../text/times.ts';
import { addressExpiries } from './expiries.ts';

export function AddAddresses({ onAdded }: { readonly onAdded: () => Promise<void> }) {
  const { api, anyAddressAllowed, say } = useConsole();
  const create = useCreate();
  const [text, setText] = useState('');
  const [label, setLabel] = useState('');
  const [lasting, setLasting] = useState<Lasting>({ kind: 'for-good' });
  const [any, setAny] = useState(false);

  const finding = useSubmit(async () => {
    const { address } = await api.get<{ address: string }>('/my-address');
    setText((before) => withAddress(before, address));
    say(`This browser comes from ${address}.`);
  });

  const adding = useSubmit(async () => {
    const entries = any ? anyAddress : splitEntries(text);
    if (entries.length === 0)
      throw new Error('Type an address, such as 203.0.113.7, or choose “Get your IP address”.');
    const expiry = expiryOf(lasting);
    const added: string[] = [];
    const refused = new Map<string, unknown>();
    for (const cidr of entries) {
      await create<AddressRule>('/address-rules', { cidr, label, ...expiry }).then(
        (rule) => added.push(shortCidr(rule.cidr)),
        (problem: unknown) => refused.set(cidr, problem),
      );
    }
    setText([...refused.keys()].join(', '));
    if (added.length > 0) {
      say(`${new Intl.ListFormat('en').format(added)} may connect now.`);
      await onAdded();
    }
    if (refused.size > 0) throw new Error([...refused.values()].map(wordsOf).join(' '));
    setLabel('');
    setAny(false);
  });

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    void adding.run();
  };
  return (
    <form className="panel" aria-label="Allow addresses" onSubmit={submit}>
      {any ? (
        <Note tone="warning">
          <strong>Any computer on the internet may then try to connect.</strong> Only the certificate and the
          API key still keep strangers out. Allow this for a short time, if at all.
        </Note>
      ) : (
        <Field
          label="Address"
          name="cidr"
          hint="One or several, separated by commas or spaces. Networks such as 203.0.113.0/24 are fine."
        >
          {(control) => (
            <div className="with-link">
              <input
                {...control}
                value={text}
                onChange={(event) => setText(event.target.value)}
                placeholder="203.0.113.7"
                autoComplete="off"
                autoCapitalize="none"
                spellCheck={false}
              />
              <button
                type="button"
                className="link"
                disabled={finding.pending}
                onClick={() => void finding.run()}
              >
                {finding.pending ? 'Looking…' : 'Get your IP address'}
              </button>
            </div>
          )}
        </Field>
      )}
      <div className="side-by-side">
        <Field label="Label (optional)" name="label" problem={adding.problem}>
          {(control) => (
            <input
              {...control}
              value={label}
              maxLength={200}
              onChange={(event) => setLabel(event.target.value)}
              placeholder="Office in Zürich"
            />
          )}
        </Field>
        <ExpiryField
          label="Allow"
          options={addressExpiries}
          value={lasting}
          onChange={setLasting}
          problem={adding.problem}
        />
      </div>
      {anyAddressAllowed && (
        <Choice
          type="checkbox"
          label="Any address"
          hint="The whole internet, for clients whose address changes all the time."
          checked={any}
          onChange={() => setAny(!any)}
        />
      )}
      <ProblemNote problem={finding.problem} />
      <ProblemNote problem={adding.problem} />
      <div className="buttons">
        <button type="submit" className={any ? 'danger' : 'main'} disabled={adding.pending}>
          {adding.pending ? 'Allowing…' : any ? 'Allow any address' : 'Allow'}
        </button>
      </div>
    </form>
  );
}
