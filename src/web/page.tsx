/**
 * Who is here, and what they see: strangers the sign-in, account owners their connections, operators all accounts or,
 * with ?account=NAME, the connections of one.
 */

import { useCallback, useEffect, useMemo, useState } from 'react';
import { createApi } from './api.ts';
import { Connections } from './connections/connections.tsx';
import { Masthead } from './connections/masthead.tsx';
import { ConsoleContext } from './context.ts';
import type { Account, Me } from './model.ts';
import { Operators } from './operators/operators.tsx';
import { Loading } from './parts/listing.tsx';
import { ProblemNote } from './parts/note.tsx';
import { Toast } from './parts/toast.tsx';
import { Problem } from './problem.ts';
import { SignIn } from './sign-in/sign-in.tsx';

type Visitor =
  | { readonly kind: 'unknown'; readonly problem?: unknown }
  | { readonly kind: 'stranger' }
  | { readonly kind: 'known'; readonly me: Me };

const chosenAccount = new URLSearchParams(location.search).get('account');

export function Page() {
  const [visitor, setVisitor] = useState<Visitor>({ kind: 'unknown' });
  const [isEnded, setIsEnded] = useState(false);
  const [isHeld, hold] = useState(false);
  const [said, setSaid] = useState<{ text: string; at: number }>();
  const say = useCallback((text: string) => setSaid({ text, at: Date.now() }), []);
  const hush = useCallback(() => setSaid(undefined), []);
  const isOperator = visitor.kind === 'known' && visitor.me.role === 'operator';
  const actsFor = isOperator ? chosenAccount : null;
  const api = useMemo(() => createApi(actsFor, () => setIsEnded(true)), [actsFor]);

  const lookUp = useCallback(async () => {
    try {
      setVisitor({ kind: 'known', me: await createApi(null, () => {}).get<Me>('/me') });
    } catch (problem) {
      const isStranger = problem instanceof Problem && problem.status === 401;
      setVisitor(isStranger ? { kind: 'stranger' } : { kind: 'unknown', problem });
    }
  }, []);
  useEffect(() => void lookUp(), [lookUp]);

  const me = visitor.kind === 'known' ? visitor.me : undefined;
  const anyAddressAllowed = useAnyAddressAllowed(me, actsFor);
  const account = me?.account ?? actsFor;
  const console = useMemo(
    () => ({ api, account, isOperator, anyAddressAllowed, say, hold }),
    [api, account, isOperator, anyAddressAllowed, say],
  );

  if (visitor.kind === 'unknown') {
    return (
      <main className="narrow">
        {visitor.problem === undefined ? <Loading what="the console" /> : null}
        <ProblemNote problem={visitor.problem} retry={() => void lookUp()} />
      </main>
    );
  }
  if (visitor.kind === 'stranger' || (isEnded && !isHeld)) {
    const enter = (me: Me) => {
      hush();
      setIsEnded(false);
      setVisitor({ kind: 'known', me });
    };
    return <SignIn isEnded={isEnded} onSignedIn={enter} />;
  }
  return (
    <ConsoleContext value={console}>
      <Masthead onSignedOut={() => setVisitor({ kind: 'stranger' })} />
      {account === null ? <Operators /> : <Connections account={account} />}
      <Toast said={said} onDismiss={hush} />
    </ConsoleContext>
  );
}

/** Operators are told by the account's settings, owners when they sign in. */
function useAnyAddressAllowed(me: Me | undefined, actsFor: string | null): boolean {
  const [ofAccount, setOfAccount] = useState(false);
  useEffect(() => {
    if (actsFor === null) return;
    createApi(null, () => {})
      .get<Account>(`/accounts/${encodeURIComponent(actsFor)}`)
      .then(
        ({ anyAddressAllowed }) => setOfAccount(anyAddressAllowed),
        () => setOfAccount(false),
      );
  }, [actsFor]);
  return actsFor === null ? (me?.anyAddressAllowed ?? false) : ofAccount;
}
