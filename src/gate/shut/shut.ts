/**
 * Stage 7, the only place that ends a connection: last words if they are legal, report, close. Every connection comes
 * through here exactly once.
 */

import type { FailureCode } from '../../failures.ts';
import type { ClientLine } from '../client-line.ts';
import type { ConnectionFacts } from '../facts.ts';
import type { Ending } from '../values.ts';
import { closeGracefully, tell } from './farewell.ts';

export interface ShutDependencies {
  readonly report: (facts: ConnectionFacts, ending: Ending) => void;
}

/** Refused because there are too many: to linger for each of them would keep them all. */
const isOneTooMany = (ending: Ending): boolean =>
  ending.kind === 'refused' && halfOpenRefusals.has(ending.refusal.code);

const halfOpenRefusals = new Set<FailureCode>(['too-many-half-open', 'address-half-open']);

export const shut = async (
  line: ClientLine,
  ending: Ending,
  facts: ConnectionFacts,
  { report }: ShutDependencies,
): Promise<void> => {
  if (ending.kind === 'refused') tell(line, ending.refusal, facts);
  if (ending.kind === 'ended' && ending.canTell) tell(line, ending.refusal, facts);
  try {
    report(facts, ending);
  } finally {
    if (isOneTooMany(ending)) line.stream.destroySoon();
    else await closeGracefully(line.stream);
  }
};
