/** What every part of the page may ask for: the API, who is acted for, and a way to say what happened. */

import { createContext, use } from 'react';
import type { Api } from './api.ts';

export interface Console {
  readonly api: Api;
  /** Whose connections are shown; null: an operator looks at all. */
  readonly account: string | null;
  /** An operator acts for the account. */
  readonly isOperator: boolean;
  readonly anyAddressAllowed: boolean;
  /** Tells, on screen and to screen readers, what a change did. */
  say(text: string): void;
  /** true: something is on screen that must not go before the person is done with it, whatever happens to the session. */
  hold(isHeld: boolean): void;
}

export const ConsoleContext = createContext<Console | null>(null);

export function useConsole(): Console {
  const given = use(ConsoleContext);
  if (given === null) throw new Error('There is no console around this part of the page.');
  return given;
}
