/** Labelled controls with their hints, tied together for screen readers. What is wrong is told beside the button. */

import { type ReactNode, useId } from 'react';
import { isAbout } from '../problem.ts';

interface ControlProps {
  readonly id: string;
  readonly name: string;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': true | undefined;
}

export function Field({
  label,
  name,
  hint,
  problem,
  children,
}: {
  readonly label: string;
  /** As the API calls it: complaints about it mark this field. */
  readonly name: string;
  readonly hint?: ReactNode;
  readonly problem?: unknown;
  readonly children: (control: ControlProps) => ReactNode;
}) {
  const id = useId();
  const isWrong = isAbout(problem, name);
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {hint !== undefined && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {children({
        id,
        name,
        'aria-describedby': hint === undefined ? undefined : `${id}-hint`,
        'aria-invalid': isWrong || undefined,
      })}
    </div>
  );
}

/** A checkbox or radio button with its label beside it and a line that explains it. */
export function Choice({
  type,
  label,
  hint,
  ...input
}: {
  readonly type: 'checkbox' | 'radio';
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  readonly name?: string;
  readonly value?: string;
  readonly checked: boolean;
  readonly disabled?: boolean;
  readonly onChange: () => void;
}) {
  const id = useId();
  return (
    <div className="choice">
      <input
        type={type}
        id={id}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        {...input}
      />
      <label htmlFor={id}>{label}</label>
      {hint !== undefined && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}
