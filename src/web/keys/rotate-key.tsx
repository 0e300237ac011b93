/** Gives a key another text, after saying what that stops. */

import { useConsole } from '../context.ts';
import type { ApiKey, CreatedKey, RotatedKey } from '../model.ts';
import { FormDialog } from '../parts/dialog.tsx';
import { Note } from '../parts/note.tsx';
import { useCreate, useSubmit } from '../submit.ts';

export function RotateKey({
  apiKey,
  onRotated,
  onClose,
}: {
  readonly apiKey: ApiKey;
  readonly onRotated: (created: CreatedKey) => void;
  readonly onClose: () => void;
}) {
  const { say } = useConsole();
  const create = useCreate();
  const { id, name, kind } = apiKey;
  const submission = useSubmit(async () => {
    const rotated = await create<RotatedKey>(`/api-keys/${id}/rotate`);
    const delay =
      rotated.unfinished === null ? '' : ` The new one works a little later: ${rotated.unfinished}`;
    say(`“${name}” has a new text. The old one is refused from now on.${delay}`);
    onRotated(rotated);
  });
  return (
    <FormDialog
      title={`Rotate “${name}”?`}
      action="Rotate"
      pendingText="Rotating…"
      danger
      submission={submission}
      onClose={onClose}
    >
      <p>
        The key gets a new text and may do what it could do before. The old text is refused from now on, and
        the sessions that were opened with it end: put the new text into the programs that use it.
      </p>
      {kind === 'master' && (
        <Note tone="warning">
          If you signed in with this key, you have to sign in again, with the new text. Copy it before you go
          on.
        </Note>
      )}
    </FormDialog>
  );
}
