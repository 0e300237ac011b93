/** A certificate signing request: pasted as text, or read from a file, which may be PEM or DER. */

import { type ChangeEvent, useId, useState } from 'react';
import { Field } from '../parts/field.tsx';
import { toPem } from '../pki/der.ts';

const largestBytes = 65_536;

/** @throws Error when the file is too large to be a request */
async function readRequest(file: File): Promise<string> {
  if (file.size > largestBytes) throw new Error(`${file.name} is too large to be a signing request.`);
  const bytes = new Uint8Array(await file.arrayBuffer());
  const text = new TextDecoder().decode(bytes);
  return text.includes('-----BEGIN') ? text : toPem('CERTIFICATE REQUEST', bytes);
}

export function RequestField({
  value,
  onChange,
  problem,
}: {
  readonly value: string;
  readonly onChange: (text: string) => void;
  readonly problem: unknown;
}) {
  const id = useId();
  const [said, setSaid] = useState('');
  const take = (event: ChangeEvent<HTMLInputElement>) => {
    const [file] = event.target.files ?? [];
    if (file === undefined) return;
    readRequest(file).then(
      (text) => {
        onChange(text);
        setSaid(`${file.name} was read.`);
      },
      (error: Error) => setSaid(error.message),
    );
  };
  return (
    <>
      <Field
        label="Signing request"
        name="csr"
        hint="Paste the text, or choose the file below."
        problem={problem}
      >
        {(control) => (
          <textarea
            {...control}
            required
            rows={6}
            spellCheck={false}
            placeholder="-----BEGIN CERTIFICATE REQUEST-----"
            value={value}
            onChange={(event) => onChange(event.target.value)}
          />
        )}
      </Field>
      <div className="field">
        <label htmlFor={id}>File with the request</label>
        <input id={id} type="file" accept=".csr,.pem,.req,.der,.p10" onChange={take} />
        <p className="hint" role="status">
          {said}
        </p>
      </div>
    </>
  );
}
