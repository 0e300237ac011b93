/** What people do on the page, by the words that they see there. */

import type { Download, Locator, Page } from 'playwright-core';

export const dialog = (page: Page, title: string | RegExp): Locator =>
  page.getByRole('dialog', { name: title });

/** @param list the caption of a table */
export const rowOf = (page: Page, list: string, text: string): Locator =>
  page.getByRole('table', { name: list }).getByRole('row').filter({ hasText: text });

export const press = (place: Page | Locator, name: string): Promise<void> =>
  place.getByRole('button', { name, exact: true }).click();

export const allowAddress = async (page: Page, address: string, label: string): Promise<void> => {
  await page.getByLabel('Address', { exact: true }).fill(address);
  await page.getByLabel('Label (optional)').fill(label);
  await press(page, 'Allow');
  await rowOf(page, 'Allowed addresses', label).waitFor();
};

/** Opens the dialog and fills in the name. */
export const startCertificate = async (page: Page, name: string): Promise<Locator> => {
  await press(page, 'NEW CERTIFICATE');
  const form = dialog(page, 'New certificate');
  await form.getByLabel('Name', { exact: true }).fill(name);
  return form;
};

/** What the dialog of a new certificate hands out; it is left open. */
export const downloadCertificate = async (page: Page): Promise<Download> => {
  const started = page.waitForEvent('download');
  await press(dialog(page, 'Download your certificate'), 'Download');
  return started;
};

export const createCertificate = async (page: Page, name: string): Promise<Download> => {
  await press(await startCertificate(page, name), 'Create');
  return downloadCertificate(page);
};

/** Copies the text of a new key out of its dialog, and closes that. */
export const takeKey = async (page: Page): Promise<string> => {
  const shown = dialog(page, 'Copy your API key');
  const text = await shown.getByLabel(/^API key/).inputValue();
  await press(shown, 'Copy');
  await press(shown, 'Close');
  await shown.waitFor({ state: 'detached' });
  return text;
};

/** Unfolds a schema of the picker. */
export const openSchema = (form: Locator, schema: string): Promise<void> =>
  form.locator('summary').filter({ hasText: schema }).click();

/** @param rights boxes of the picker in the schema `places`, such as `Read: places.towns` */
export const createApiKey = async (page: Page, name: string, rights: readonly string[]): Promise<string> => {
  await press(page, 'New API key');
  const form = dialog(page, 'New API key');
  await form.getByLabel('Name', { exact: true }).fill(name);
  await openSchema(form, 'places');
  for (const right of rights) await form.getByLabel(right, { exact: true }).check();
  await press(form, 'Create');
  return takeKey(page);
};
