/** The page without a mouse. */

import type { Locator, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { chromiumMissing } from '../support/browser.ts';
import { dialog, rowOf } from './acts.ts';
import { eventually } from './eventually.ts';
import { pageUnderTest } from './page-fixture.ts';

const hasFocus = (element: Locator): Promise<boolean> =>
  element.evaluate((found) => found.ownerDocument.activeElement === found);

const mostTabs = 40;

/** @throws Error when the key does not lead there, as where the focus is caught in a loop without it */
const tabTo = async (page: Page, element: Locator): Promise<void> => {
  await element.waitFor();
  for (let pressed = 0; pressed < mostTabs; pressed += 1) {
    await page.keyboard.press('Tab');
    if (await hasFocus(element)) return;
  }
  throw new Error(`${mostTabs} times Tab do not lead to ${element}.`);
};

describe.skipIf(chromiumMissing)('the keyboard alone', () => {
  const under = pageUnderTest();

  it('is enough to sign in, allow an address, and make and download a certificate', async () => {
    const { account, masterKey } = await under.addAccount();
    const { page } = await under.open();
    const { keyboard } = page;
    const button = (name: string) => page.getByRole('button', { name, exact: true });

    await tabTo(page, page.getByLabel('Account'));
    await keyboard.type(account);
    await tabTo(page, page.getByLabel('Master key'));
    await keyboard.type(masterKey);
    await keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Connections' }).waitFor();

    await tabTo(page, button('Get your IP address'));
    await keyboard.press('Enter');
    await page.getByText('This browser comes from 127.0.0.1.').waitFor();
    await tabTo(page, page.getByLabel('Label (optional)'));
    await keyboard.type('By keyboard');
    await tabTo(page, button('Allow'));
    await keyboard.press('Space');
    await rowOf(page, 'Allowed addresses', 'By keyboard').waitFor();

    await tabTo(page, button('NEW CERTIFICATE'));
    await keyboard.press('Enter');
    const form = dialog(page, 'New certificate');
    await form.waitFor();
    if (!(await hasFocus(form.getByLabel('Name', { exact: true })))) {
      await tabTo(page, form.getByLabel('Name', { exact: true }));
    }
    await keyboard.type('By keyboard');
    await keyboard.press('Enter');

    const shown = dialog(page, 'Download your certificate');
    await shown.waitFor();
    const download = shown.getByRole('button', { name: 'Download', exact: true });
    if (!(await hasFocus(download))) await tabTo(page, download);
    const [file] = await Promise.all([page.waitForEvent('download'), keyboard.press('Enter')]);
    expect(file.suggestedFilename()).toMatch(/\.zip$/);
    await tabTo(page, shown.getByRole('button', { name: 'Close' }));
    await keyboard.press('Enter');
    await shown.waitFor({ state: 'detached' });
    await rowOf(page, 'Certificates', 'By keyboard').waitFor();
    await eventually(() => hasFocus(button('NEW CERTIFICATE'))).toBe(true);
  });

  it('skips to the content, and shows where it is', async () => {
    const { page } = await under.openAs();
    await page.keyboard.press('Tab');
    const skip = page.getByRole('link', { name: 'Skip to the content' });
    await skip.waitFor();
    if (!(await hasFocus(skip))) await tabTo(page, skip);
    await page.keyboard.press('Enter');
    await eventually(() => hasFocus(page.getByRole('main'))).toBe(true);
    await page.keyboard.press('Tab');
    expect(await page.evaluate(`getComputedStyle(document.activeElement).outlineStyle`)).not.toBe('none');
  });

  it('stays inside an open dialog, which Escape closes', async () => {
    const { page } = await under.openAs();
    await tabTo(page, page.getByRole('button', { name: 'New API key', exact: true }));
    await page.keyboard.press('Enter');
    const form = dialog(page, 'New API key');
    await form.waitFor();
    for (let pressed = 0; pressed < 30; pressed += 1) {
      await page.keyboard.press('Tab');
      const outside = await page.evaluate(
        `document.activeElement !== document.body && document.activeElement.closest('dialog') === null`,
      );
      expect(outside).toBe(false);
    }
    await page.keyboard.press('Escape');
    await form.waitFor({ state: 'detached' });
    await eventually(() => hasFocus(page.getByRole('button', { name: 'New API key', exact: true }))).toBe(
      true,
    );
  });
});
