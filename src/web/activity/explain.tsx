/** "Would it work?": what the gate would say to a client, before anybody tries. */

import { type SyntheticEvent, useState } from 'react';
import { useConsole } from '../context.ts';
import type { ApiKey, Certificate, Explanation } from '../model.ts';
import { Field } from '../parts/field.tsx';
import { Badge, ProblemNote } from '../parts/note.tsx';
import { useList } from '../resource.ts';
import { useSubmit } from '../submit.ts';

const lockTitles = {
  account: 'Account',
  certificate: 'Certificate',
  address: 'Address',
  key: 'API key',
} as const;

export function Explain() {
  const { api } = useConsole();
  const certificates = useList<Certificate>('/certificates', 200);
  const keys = useList<ApiKey>('/api-keys', 200);
  const [explanation, setExplanation] = useState<Explanation>();
  const asking = useSubmit(async (question: object) => {
    setExplanation(undefined);
    setExplanation(await api.post<Explanation>('/explain', question));
  });
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = [...new FormData(event.currentTarget)].filter(([, value]) => value !== '');
    void asking.run(Object.fromEntries(given));
  };
  const names = (items: readonly { readonly name: string }[] | undefined) => [
    ...new Set((items ?? []).map(({ name }) => name)),
  ];
  const choices = [
    ['certificate', 'Certificate', 'any certificate', names(certificates.items)],
    ['key', 'API key', 'any key', names(keys.items)],
  ] as const;
  return (
    <>
      <h3>Would it work?</h3>
      <form className="panel" aria-label="Would it work?" onSubmit={submit}>
        <div className="side-by-side">
          <Field label="Client address" name="address" problem={asking.problem}>
            {(control) => (
              <input
                {...control}
                placeholder="any address"
                autoComplete="off"
                autoCapitalize="none"
                spellCheck={false}
              />
            )}
          </Field>
          {choices.map(([name, label, any, options]) => (
            <Field key={name} label={label} name={name} problem={asking.problem}>
              {(control) => (
                <select {...control}>
                  <option value="">{any}</option>
                  {options.map((option) => (
                    <option key={option} value={option}>
                      {option}
                    </option>
                  ))}
                </select>
              )}
            </Field>
          ))}
        </div>
        <ProblemNote problem={asking.problem} />
        <div className="buttons">
          <button type="submit" disabled={asking.pending}>
            {asking.pending ? 'Asking…' : 'Ask'}
          </button>
        </div>
        <div role="status">{explanation !== undefined && <Answer explanation={explanation} />}</div>
      </form>
    </>
  );
}

function Answer({ explanation: { admitted, told, locks } }: { readonly explanation: Explanation }) {
  return (
    <div className="answer">
      <p>
        <Badge tone={admitted ? 'good' : 'bad'}>{admitted ? 'yes' : 'no'}</Badge>{' '}
        <strong>{admitted ? 'It would be let in.' : 'It would be turned away.'}</strong>
      </p>
      {told !== null && (
        <p>
          Its program would show: “{told.message}” {told.hint}
        </p>
      )}
      <dl>
        {locks.map(({ lock, opens, verdicts }) => (
          <div key={lock}>
            <dt>
              <Badge tone={opens ? 'good' : 'bad'}>{opens ? 'opens' : 'closed'}</Badge> {lockTitles[lock]}
            </dt>
            {verdicts.map(({ name, because }) => (
              <dd key={`${name} ${because}`}>
                {name !== null && <strong>{name}: </strong>}
                {because}
              </dd>
            ))}
          </div>
        ))}
      </dl>
    </div>
  );
}
