/** `docs/errors.md` is compared with the table in `src/failures.ts`, so that neither can lie about the other. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../src/errors.ts';
import {
  type FailureCode,
  type FailureFacts,
  failures,
  type RecordedFacts,
  titleOf,
} from '../src/failures.ts';

const page = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8');

const exampleFacts: FailureFacts = {
  account: 'acme',
  address: '203.0.113.7',
  database: 'geography',
  user: 'bob',
  date: '2026-01-31 12:00 UTC',
  limit: 100,
  seconds: 30,
  reason: '…',
};

describe('the page of errors', () => {
  it.each(Object.entries(failures))('has the row of %s as the program has it', (code, failure) => {
    const row = `| \`${code}\` | ${failure.stage} | ${failure.sqlstate ?? '–'} | ${failure.message(exampleFacts)} | ${'hint' in failure ? failure.hint : ''} |`;
    expect(page).toContain(row);
  });

  it('has no row that the program does not know', () => {
    const rows = [...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map((match) => match[1]);
    expect(rows).toEqual(Object.keys(failures));
  });
});

describe('the title of a failure', () => {
  it.each(Object.keys(failures))('mentions nothing that a record of %s does not keep', (code) => {
    const { account, address, database, user } = exampleFacts;
    const title = titleOf(code as FailureCode, { account, address, database, user } as RecordedFacts);
    expect(title).toMatch(/^[A-Z].*\.$/);
    expect(title).not.toMatch(/undefined|…/);
  });
});

describe('a Refusal', () => {
  it('takes over another Refusal and makes everything else internal, with its cause kept for the log', () => {
    const refusal = new Refusal('user-missing');
    const bug = new TypeError('x is undefined');
    expect(Refusal.from(refusal)).toBe(refusal);
    expect(Refusal.from(bug)).toMatchObject({ code: 'internal', cause: bug });
  });
});
