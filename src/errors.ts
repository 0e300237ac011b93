/**
 * The three errors that the program throws on purpose: a connection may not go on (`Refusal`), a person asked for
 * something that cannot be done (`RequestError`), the configuration cannot be used (`ConfigError`). Everything else that
 * is thrown is a bug, or the world.
 */

import { type FailureCode, type FailureFacts, failureOf } from './failures.ts';

/** A connection may not go on. `code` decides everything; `cause` is for the log alone. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  readonly code: FailureCode;
  readonly facts: FailureFacts;

  constructor(code: FailureCode, facts: FailureFacts = {}, options?: ErrorOptions) {
    super(`${code}: ${failureOf(code).message(facts)}`, options);
    this.code = code;
    this.facts = facts;
  }

  /** Whatever was thrown, as a refusal: what is not one already is a bug and becomes `internal`. */
  static from(thrown: unknown): Refusal {
    return thrown instanceof Refusal ? thrown : new Refusal('internal', {}, { cause: thrown });
  }
}

/** A person at the command line or behind the API asked for something that cannot be done; one clear sentence. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
}

/** The configuration cannot be used; `problems` lists everything that is wrong with it, one sentence each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** What an error says, on one line. Node gives an empty message when each address of a host failed. */
export const messageOf = (error: unknown): string => {
  if (error instanceof AggregateError && error.message === '') return messageOf(error.errors[0]);
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.trim().replace(/\s*\n\s*/g, ' ');
};
