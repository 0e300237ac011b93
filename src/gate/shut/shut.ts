/**
 * Stage 7, the only place that ends a connection: last words if they are legal, report, close. Every connection comes
 * through here exactly once.
 */

import type { ClientLine } from '../client-line.ts';
import type { ConnectionFacts } from '../facts.ts';
import type { Ending } from '../values.ts';
import { closeGracefully, tell } from './farewell.ts';

export interface ShutDependencies {
  readonly report: (facts: ConnectionFacts, ending: Ending) => void;
}

export const shut = async (
  line: ClientLine,
  ending: Ending,
  facts: ConnectionFacts,
  { report }: ShutDependencies,
): Promise<void> => {
  if (ending.kind === 'refused') tell(line, ending.refusal, facts);
  if (ending.kind === 'ended' && ending.canTell) tell(line, ending.refusal, facts);
  report(facts, ending);
  await closeGracefully(line.stream);
};
