/**
 * The native modal dialog: the browser keeps the focus inside and gives it back afterwards. Mounted means open.
 * Escape and Cancel close it, unless something is running; a click beside it does not, for nothing typed is lost so.
 */

import { type ReactNode, type SyntheticEvent, useId } from 'react';
import { useModal } from './modal.ts';
import { ProblemNote } from './note.tsx';

export function Dialog({
  title,
  children,
  onClose,
  pending = false,
  wide = false,
}: {
  readonly title: string;
  readonly children: ReactNode;
  readonly onClose: () => void;
  readonly pending?: boolean;
  readonly wide?: boolean;
}) {
  const dialog = useModal();
  const id = useId();
  const refuse = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!pending) onClose();
  };
  return (
    <dialog
      ref={dialog}
      className={wide ? 'wide' : undefined}
      aria-labelledby={id}
      onCancel={refuse}
      onClose={() => dialog.current?.open || onClose()}
    >
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}

/** A dialog that is a form: its fields, what went wrong, Cancel, and the one thing that it does. */
export function FormDialog({
  title,
  children,
  action,
  pendingText,
  danger = false,
  blocked = false,
  wide = false,
  submission,
  onClose,
}: {
  readonly title: string;
  readonly children: ReactNode;
  /** What the button says, and what it says meanwhile. */
  readonly action: string;
  readonly pendingText: string;
  readonly danger?: boolean;
  /** Something that is needed is missing, as the form itself tells. */
  readonly blocked?: boolean;
  readonly wide?: boolean;
  readonly submission: { readonly pending: boolean; readonly problem: unknown; run(): Promise<void> };
  readonly onClose: () => void;
}) {
  const { pending, problem, run } = submission;
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    void run();
  };
  return (
    <Dialog title={title} onClose={onClose} pending={pending} wide={wide}>
      <form onSubmit={submit}>
        {children}
        <ProblemNote problem={problem} />
        {pending && <progress aria-label={pendingText} />}
        <div className="buttons">
          <button type="button" className="quiet" disabled={pending} onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className={danger ? 'danger' : 'main'} disabled={pending || blocked}>
            {pending ? pendingText : action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
