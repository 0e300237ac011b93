/** The way in: account and master key, or the operators' token. What is typed goes into one call and nowhere else. */

import { type SyntheticEvent, useState } from 'react';
import { createApi } from '../api.ts';
import type { Me } from '../model.ts';
import { Field } from '../parts/field.tsx';
import { Note, ProblemNote } from '../parts/note.tsx';
import { useSubmit } from '../submit.ts';

export function SignIn({
  isEnded,
  onSignedIn,
}: {
  /** A session has ended, so that one has to sign in again. */
  readonly isEnded: boolean;
  readonly onSignedIn: (me: Me) => void;
}) {
  const [asOperator, setAsOperator] = useState(false);
  const submission = useSubmit(async (given: object) => {
    const api = createApi(null, () => {});
    onSignedIn(await api.post<Me>('/sign-in', given));
  });
  const { problem, pending } = submission;
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const read = (name: string) => String(form.get(name) ?? '').trim();
    void submission.run(
      asOperator ? { adminToken: read('adminToken') } : { account: read('account'), key: read('key') },
    );
  };
  return (
    <main className="narrow sign-in">
      <p className="brand">Postern</p>
      <h1>{asOperator ? 'Sign in as operator' : 'Sign in'}</h1>
      {isEnded && <Note tone="advice">Your session has ended. Sign in again to go on.</Note>}
      <form onSubmit={submit} key={String(asOperator)}>
        {asOperator ? (
          <Field label="Operator token" name="adminToken" problem={problem}>
            {(control) => <input {...control} type="password" autoComplete="off" required />}
          </Field>
        ) : (
          <>
            <Field
              label="Account"
              name="account"
              hint="The user name of your PostgreSQL connections."
              problem={problem}
            >
              {(control) => (
                <input
                  {...control}
                  autoComplete="username"
                  autoCapitalize="none"
                  spellCheck={false}
                  required
                />
              )}
            </Field>
            <Field
              label="Master key"
              name="key"
              hint={
                <>
                  Starts with <code>pst_m_</code>. Whoever runs this Postern gave it to you.
                </>
              }
              problem={problem}
            >
              {(control) => <input {...control} type="password" autoComplete="current-password" required />}
            </Field>
          </>
        )}
        <ProblemNote problem={problem} />
        <div className="buttons">
          <button type="button" className="link" onClick={() => setAsOperator(!asOperator)}>
            {asOperator ? 'Sign in with an account' : 'Sign in as operator'}
          </button>
          <button type="submit" className="main" disabled={pending}>
            {pending ? 'Signing in…' : 'Sign in'}
          </button>
        </div>
      </form>
    </main>
  );
}
