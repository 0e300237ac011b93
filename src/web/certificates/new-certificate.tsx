/**
 * Asks for a certificate: a name, and where its private key comes from. A key that is made here stays here; the
 * server gets the signing request only.
 */

import { useRef, useState } from 'react';
import { useConsole } from '../context.ts';
import type { CreatedCertificate } from '../model.ts';
import { FormDialog } from '../parts/dialog.tsx';
import { Choice, Field } from '../parts/field.tsx';
import { createOwnKey, type OwnKey } from '../pki/own-key.ts';
import { useCreate, useSubmit } from '../submit.ts';
import type { FreshCertificate } from './download-certificate.tsx';
import { RequestField } from './request-field.tsx';

type KeySource = 'server' | 'browser' | 'request';

export function NewCertificate({
  account,
  onCreated,
  onClose,
}: {
  readonly account: string;
  readonly onCreated: (fresh: FreshCertificate) => void;
  readonly onClose: () => void;
}) {
  const { say } = useConsole();
  const create = useCreate();
  const [name, setName] = useState('');
  const [isOwn, setIsOwn] = useState(false);
  const [source, setSource] = useState<Exclude<KeySource, 'server'>>('browser');
  const [request, setRequest] = useState('');
  const madeHere = useRef<OwnKey>(null);
  // One for the whole form: asking again for an answer that was lost must be the same request.
  const keyMadeHere = async () => {
    madeHere.current ??= await createOwnKey(account);
    return madeHere.current;
  };
  const submission = useSubmit(async () => {
    const ownKey = isOwn && source === 'browser' ? await keyMadeHere() : null;
    const csr = ownKey?.signingRequest ?? (isOwn ? request : undefined);
    const created = await create<CreatedCertificate>('/certificates', { name, ...(csr && { csr }) });
    say(`The certificate “${created.certificate.name}” was created.`);
    onCreated({ created, ownKey });
  });
  return (
    <FormDialog
      title="New certificate"
      action="Create"
      pendingText={isOwn && source === 'browser' ? 'Making the key…' : 'Creating…'}
      submission={submission}
      onClose={onClose}
    >
      <Field
        label="Name"
        name="name"
        hint="Name it after the computer that will use it, one certificate per computer."
        problem={submission.problem}
      >
        {(control) => (
          <input
            {...control}
            required
            maxLength={64}
            value={name}
            onChange={(event) => setName(event.target.value)}
            placeholder="Laptop of Ann"
            autoComplete="off"
          />
        )}
      </Field>
      <Choice
        type="checkbox"
        label="I have my own key"
        hint="For those who want that the server never sees the private key."
        checked={isOwn}
        onChange={() => setIsOwn(!isOwn)}
      />
      {isOwn && (
        <fieldset>
          <legend>Where the key is</legend>
          <Choice
            type="radio"
            name="source"
            label="Make it in this browser"
            hint="The key is made on this computer and goes into the download. The server gets a signing request."
            checked={source === 'browser'}
            onChange={() => setSource('browser')}
          />
          <Choice
            type="radio"
            name="source"
            label="I have a signing request (CSR)"
            hint="Made with OpenSSL or a smart card, for example. The key stays where it is."
            checked={source === 'request'}
            onChange={() => setSource('request')}
          />
          {source === 'request' && (
            <RequestField value={request} onChange={setRequest} problem={submission.problem} />
          )}
        </fieldset>
      )}
    </FormDialog>
  );
}
