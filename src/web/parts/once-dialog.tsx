/**
 * For what is shown only once. It can be closed only after its button was used: Escape, a click beside it, the back
 * button and leaving the page are refused, and it says why. What fails is no use. It outlives the session, as when
 * one's own key is rotated. Whatever it shows is gone from memory when it closes.
 */

import {
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
  useEffect,
  useId,
  useRef,
  useState,
} from 'react';
import { useConsole } from '../context.ts';
import { useSubmit } from '../submit.ts';
import { useModal } from './modal.ts';
import { ProblemNote } from './note.tsx';

export function OnceDialog({
  title,
  children,
  action,
  again,
  first,
  use,
  isUsed = false,
  onClose,
}: {
  readonly title: string;
  readonly children: ReactNode;
  /** What the button says, also after it was used. */
  readonly action: string;
  readonly again: string;
  /** Why it does not close yet. */
  readonly first: string;
  readonly use: () => Promise<void>;
  /** It was used without the button, such as copied by hand. */
  readonly isUsed?: boolean;
  readonly onClose: () => void;
}) {
  const dialog = useModal();
  const [hasWorked, setHasWorked] = useState(false);
  const used = hasWorked || isUsed;
  const [refused, setRefused] = useState(0);
  const id = useId();
  const submission = useSubmit(async () => {
    await use();
    setHasWorked(true);
  });
  const { hold } = useConsole();
  useEffect(() => {
    hold(true);
    return () => hold(false);
  }, [hold]);
  const refuse = () => setRefused((times) => times + 1);
  useStaying(!used, refuse);

  const leave = () => (used ? onClose() : refuse());
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    leave();
  };
  // The dialog's own box is all padding of its content: a click on the element itself is beside it.
  const onClick = (event: MouseEvent) => {
    if (event.target === dialog.current) leave();
  };
  return (
    <dialog
      ref={dialog}
      className="once"
      closedby="none"
      aria-labelledby={id}
      onKeyDown={onKeyDown}
      onClick={onClick}
      onCancel={(event) => event.preventDefault()}
      onClose={() => used || dialog.current?.open || dialog.current?.showModal()}
    >
      <div className="inside">
        <h2 id={id}>{title}</h2>
        {children}
        <ProblemNote problem={submission.problem} />
        <p
          className={refused > 0 && !used ? 'hint nudge' : 'hint'}
          role="status"
          key={used ? 'used' : refused}
        >
          {used ? 'Done. You can close this now.' : first}
        </p>
        <div className="buttons">
          <button type="button" className="quiet" disabled={!used} onClick={onClose}>
            Close
          </button>
          <button type="button" className="main" onClick={() => void submission.run()}>
            {used ? again : action}
          </button>
        </div>
      </div>
    </dialog>
  );
}

/** Keeps the person on the page: leaving asks first, and the back button leads to an entry of our own. */
function useStaying(active: boolean, onRefused: () => void): void {
  const refused = useRef(onRefused);
  refused.current = onRefused;
  useEffect(() => {
    if (!active) return;
    const stay = () => history.pushState({ staying: true }, '');
    const onBack = () => {
      stay();
      refused.current();
    };
    const onLeave = (event: BeforeUnloadEvent) => event.preventDefault();
    stay();
    addEventListener('popstate', onBack);
    addEventListener('beforeunload', onLeave);
    return () => {
      removeEventListener('popstate', onBack);
      removeEventListener('beforeunload', onLeave);
      if (history.state?.staying) history.back();
    };
  }, [active]);
}
