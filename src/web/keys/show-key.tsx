/** The text of a new key, for the only time. */

import { useRef, useState } from 'react';
import type { CreatedKey } from '../model.ts';
import { copyText } from '../parts/copy.tsx';
import { Field } from '../parts/field.tsx';
import { Note } from '../parts/note.tsx';
import { OnceDialog } from '../parts/once-dialog.tsx';

export function ShowKey({
  created,
  onClose,
}: {
  readonly created: CreatedKey;
  readonly onClose: () => void;
}) {
  const { key, text } = created;
  const field = useRef<HTMLInputElement>(null);
  const [isCopied, setIsCopied] = useState(false);
  return (
    <OnceDialog
      title="Copy your API key"
      action="Copy"
      again="Copy again"
      first="Copy the key first: it cannot be shown again."
      use={async () => {
        // Where pages may not copy, the selected text is ready to be copied by hand.
        field.current?.focus();
        field.current?.select();
        await copyText(text);
      }}
      isUsed={isCopied}
      onClose={onClose}
    >
      <Field label={`API key “${key.name}”`} name="text" hint="Programs send it as password.">
        {(control) => (
          <input
            {...control}
            ref={field}
            className="secret"
            readOnly
            value={text}
            onFocus={(event) => event.target.select()}
            onCopy={({ currentTarget: { selectionStart, selectionEnd } }) => {
              if (selectionStart === 0 && selectionEnd === text.length) setIsCopied(true);
            }}
          />
        )}
      </Field>
      <Note tone="advice">
        Postern keeps no copy. Put it into a password manager, or straight into the program that uses it.
      </Note>
    </OnceDialog>
  );
}
