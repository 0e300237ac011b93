/**
 * One person's visit: a page of a fresh browser context, and what went on in it that nobody may cause: complaints of
 * the browser, refusals by the Content-Security-Policy, scripts that ran, requests to other origins.
 */

import type { BrowserContext, Dialog, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Account } from './accounts.ts';

export interface Visit {
  readonly page: Page;
  signIn(account: Account): Promise<void>;
  signInAsOperator(token: string): Promise<void>;
  /** Answers the browser's own dialogs from now on, such as the question whether to leave. */
  answerDialogs(answer: (dialog: Dialog) => void): void;
  /** Closes the context, and fails when something went on that nobody may cause. */
  end(): Promise<void>;
}

/** Before anybody is signed in, the page asks who is: the browser complains of the answer "nobody". */
const nobodySignedIn = /status of 401 .*\/api\/v1\/(me|sign-in)\b/;
/** Of each wait: two cores may be busy with other tests. */
export const patienceMs = 20_000;

export const startVisit = async (
  context: BrowserContext,
  origin: string,
  expected: RegExp = /(?!)/,
): Promise<Visit> => {
  const complaints: string[] = [];
  const complain = (what: string): void => {
    if (!nobodySignedIn.test(what) && !expected.test(what)) complaints.push(what);
  };
  context.setDefaultTimeout(patienceMs);
  context.on('request', (request) => {
    const { protocol, origin: asked } = new URL(request.url());
    if (asked !== origin && protocol !== 'data:') complain(`request to ${request.url()}`);
  });
  // Every document reports: also those that a test's pages of other origins open.
  await context.exposeBinding('reportViolation', (_source, what: string) => complain(`CSP: ${what}`));
  await context.addInitScript(`addEventListener('securitypolicyviolation', (violation) =>
    reportViolation(violation.violatedDirective + ' ' + violation.blockedURI));`);

  const page = await context.newPage();
  let answer = (dialog: Dialog): void => {
    complain(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  };
  page.on('dialog', (dialog) => answer(dialog));
  page.on('pageerror', (error) => complain(`error: ${error.stack ?? error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') {
      complain(`${message.text()} ${message.location().url}`);
    }
  });
  await page.goto(origin);
  const heading = (name: string) => page.getByRole('heading', { name, level: 1, exact: true });
  const submit = () => page.getByRole('button', { name: 'Sign in', exact: true }).click();

  return {
    page,
    signIn: async ({ account, masterKey }) => {
      await page.getByLabel('Account').fill(account);
      await page.getByLabel('Master key').fill(masterKey);
      await submit();
      await heading('Connections').waitFor();
    },
    signInAsOperator: async (token) => {
      await page.getByRole('button', { name: 'Sign in as operator' }).click();
      await page.getByLabel('Operator token').fill(token);
      await submit();
      await heading('Operator').waitFor();
    },
    answerDialogs: (other) => {
      answer = other;
    },
    end: async () => {
      await context.close();
      expect(complaints).toEqual([]);
    },
  };
};
