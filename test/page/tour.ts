/**
 * Everything that the page can show, one after the other: its sections with things in them, each guide and each dialog.
 * For tests that look at how it is made, whatever it says.
 */

import type { Locator, Page } from 'playwright-core';
import { createCertificate, dialog, openSchema, press, startCertificate } from './acts.ts';

/** What a stop's dialog is called, and the way to it from the page. */
export type Stop = readonly [name: string | RegExp, open: (page: Page) => Promise<unknown>];

const newKey = async (page: Page, name: string): Promise<Locator> => {
  await press(page, 'New API key');
  const form = dialog(page, 'New API key');
  await form.getByLabel('Name', { exact: true }).fill(name);
  await openSchema(form, 'places');
  await form.getByLabel('Read: places.towns').check();
  return form;
};

/**
 * On the connections of an account that has a key `reader` and a live session of `program`.
 * @param made what the certificate and the key that are made are called
 */
export const accountStops = (program: string, made: string): readonly Stop[] => [
  ['New certificate', (page) => startCertificate(page, made)],
  [
    'New certificate',
    async (page) => {
      const form = await startCertificate(page, made);
      await form.getByLabel('I have my own key').check();
      await form.getByLabel('I have a signing request (CSR)').check();
    },
  ],
  ['Download your certificate', (page) => createCertificate(page, made)],
  [`Revoke “${made}”?`, (page) => press(page.locator('#certificates'), `Revoke ${made}`)],
  ['New API key', (page) => newKey(page, made)],
  [
    'New API key',
    async (page) => {
      const form = await newKey(page, made);
      await form.getByLabel('Master key').check();
    },
  ],
  ['Copy your API key', async (page) => press(await newKey(page, made), 'Create')],
  [`Edit what “${made}” may do`, (page) => press(page, `Edit grants ${made}`)],
  ['Rotate “master”?', (page) => press(page, 'Rotate master')],
  ['Revoke “reader”?', (page) => press(page, 'Revoke reader')],
  [/^Edit 127/, (page) => press(page, 'Edit 127.0.0.0/8')],
  [/^Remove 127/, (page) => press(page, 'Remove 127.0.0.0/8')],
  ['End this session?', (page) => press(page, `End ${program} from 127.0.0.1`)],
];

export const operatorStops = (account: string): readonly Stop[] => [
  [
    'New account',
    async (page) => {
      await press(page, 'New account');
      await dialog(page, 'New account').getByText('More settings').click();
    },
  ],
  [`Edit “${account}”`, (page) => press(page, `Edit ${account}`)],
  [`Disable “${account}”?`, (page) => press(page, `Disable ${account}`)],
  [`Delete “${account}”?`, (page) => press(page, `Delete ${account}`)],
];

const leave = async (shown: Locator): Promise<void> => {
  const cancel = shown.getByRole('button', { name: 'Cancel' });
  if (await cancel.isVisible()) return cancel.click();
  await shown.locator('button.main').click();
  await shown.getByRole('button', { name: 'Close' }).click();
};

/** Opens each, lets `look` look at it, and leaves it without changing anything that it asks about. */
export const tour = async (
  page: Page,
  stops: readonly Stop[],
  look: (shown: Locator, name: string) => Promise<void>,
): Promise<void> => {
  for (const [name, open] of stops) {
    await open(page);
    const shown = dialog(page, name);
    await shown.waitFor();
    await look(shown, String(name));
    await leave(shown);
    await shown.waitFor({ state: 'detached' });
  }
};

/** Shows each guide. */
export const tourGuides = async (page: Page, look: (title: string) => Promise<void>): Promise<void> => {
  const programs = page.getByRole('group', { name: 'Your program' });
  await page.getByRole('article').waitFor();
  for (const title of await programs.locator('label').allTextContents()) {
    await programs.getByLabel(title, { exact: true }).check();
    await page.getByRole('article', { name: title }).waitFor();
    await look(title);
  }
};

/** Unfolds and asks for everything that shows only then; resolves when all of it is there. */
export const unfoldAll = async (page: Page): Promise<void> => {
  await page.getByText('What was changed').click();
  await page.getByRole('table', { name: 'Changes' }).waitFor();
  const form = page.getByRole('form', { name: 'Would it work?' });
  await form.getByLabel('Client address').fill('198.51.100.77');
  await press(form, 'Ask');
  await form.getByText('It would be turned away.').waitFor();
  await page.getByText('New attempts appear as they end.').waitFor();
};
