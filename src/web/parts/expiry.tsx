/** How long something shall last: a short list, or a date. */

import type { Lasting } from '../text/times.ts';
import { dayOf } from '../text/times.ts';
import { Field } from './field.tsx';

export interface LastingOption {
  readonly value: string;
  readonly label: string;
}

export function ExpiryField({
  label,
  options,
  value,
  onChange,
  problem,
}: {
  readonly label: string;
  /** Durations as the API writes them. */
  readonly options: readonly LastingOption[];
  readonly value: Lasting;
  readonly onChange: (value: Lasting) => void;
  readonly problem: unknown;
}) {
  const tomorrow = dayOf(Date.now() + 86_400_000);
  const choose = (chosen: string) => {
    if (chosen === 'for-good') onChange({ kind: 'for-good' });
    else if (chosen === 'date') onChange({ kind: 'date', day: tomorrow });
    else onChange({ kind: 'duration', text: chosen });
  };
  return (
    <div className="side-by-side">
      <Field label={label} name="expiresAt" problem={problem}>
        {(control) => (
          <select
            {...control}
            value={value.kind === 'duration' ? value.text : value.kind}
            onChange={(event) => choose(event.target.value)}
          >
            <option value="for-good">for good</option>
            {options.map((option) => (
              <option key={option.value} value={option.value}>
                {option.label}
              </option>
            ))}
            <option value="date">until a date…</option>
          </select>
        )}
      </Field>
      {value.kind === 'date' && (
        <Field label="Until the end of" name="day">
          {(control) => (
            <input
              {...control}
              type="date"
              required
              min={dayOf(Date.now())}
              value={value.day}
              onChange={(event) => onChange({ kind: 'date', day: event.target.value })}
            />
          )}
        </Field>
      )}
    </div>
  );
}
