/** A labelled control with its hint and what is wrong with it, tied together for screen readers. */

import { type ReactNode, useId } from 'react';
import { fieldProblem } from '../problem.ts';

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
  /** As the API calls it: its complaints about this field are shown here. */
  readonly name: string;
  readonly hint?: ReactNode;
  readonly problem?: unknown;
  readonly children: (control: ControlProps) => ReactNode;
}) {
  const id = useId();
  const wrong = fieldProblem(problem, name);
  const described = [hint === undefined ? '' : `${id}-hint`, wrong === undefined ? '' : `${id}-wrong`]
    .join(' ')
    .trim();
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
        'aria-describedby': described === '' ? undefined : described,
        'aria-invalid': wrong === undefined ? undefined : true,
      })}
      {wrong !== undefined && (
        <p className="wrong" id={`${id}-wrong`}>
          {wrong}
        </p>
      )}
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
      <input type={type} id={id} aria-describedby={hint === undefined ? undefined : `${id}-hint`} {...input} />
      <label htmlFor={id}>{label}</label>
      {hint !== undefined && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}
