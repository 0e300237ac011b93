/** The top of every page: where one is, as whom, and the way out. */

import { useConsole } from '../context.ts';
import { ProblemNote } from '../parts/note.tsx';
import { useSubmit } from '../submit.ts';

export function Masthead({ onSignedOut }: { readonly onSignedOut: () => void }) {
  const { api, account, isOperator } = useConsole();
  const signOut = useSubmit(async () => {
    await api.change('DELETE', '/sign-in', undefined, '*');
    onSignedOut();
  });
  return (
    <header className="masthead">
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <div className="inner">
        <p className="brand">Postern</p>
        {isOperator && (
          <nav aria-label="Operator">
            <a href="/" aria-current={account === null ? 'page' : undefined}>
              All accounts
            </a>
          </nav>
        )}
        <p className="who">
          {account !== null && (
            <>
              <span className="soft">{isOperator ? 'acting for ' : 'account '}</span>
              <strong>{account}</strong>
            </>
          )}
          {account === null && <strong>operator</strong>}
        </p>
        <button
          type="button"
          className="quiet small"
          disabled={signOut.pending}
          onClick={() => void signOut.run()}
        >
          Sign out
        </button>
      </div>
      <ProblemNote problem={signOut.problem} />
    </header>
  );
}
