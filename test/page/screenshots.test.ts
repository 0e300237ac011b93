/**
 * The pictures of the README and the documentation, made on demand: `npm run screenshots` writes them to docs/images.
 * Each section in light, in dark, and on a screen of 360 pixels.
 */

import { join } from 'node:path';
import type { BrowserContextOptions, Locator, Page } from 'playwright-core';
import { describe, it } from 'vitest';
import { chromiumMissing, screenshotDirectory } from '../support/browser.ts';
import type { Account } from './accounts.ts';
import { createCertificate, dialog, press, rowOf, startCertificate } from './acts.ts';
import { ownDatabase } from './own-database.ts';
import { pageUnderTest } from './page-fixture.ts';
import { fillSampleAccount, sampleTables } from './sample-account.ts';

const looks: Readonly<Record<string, BrowserContextOptions>> = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  narrow: { colorScheme: 'light', viewport: { width: 360, height: 740 } },
};
const sections = ['addresses', 'certificates', 'keys', 'connect', 'activity'];
/** What is further down is more of the same. */
const tallest = 1_100;

const isWanted = screenshotDirectory !== undefined && !chromiumMissing;

describe.runIf(isWanted)('pictures of the page', () => {
  const createDatabase = ownDatabase('alpine_maps', 'alpine_owner');
  const under = pageUnderTest({ host: 'gate.example.com', port: 6432 });

  const take = async (place: Page | Locator, name: string): Promise<void> => {
    const path = join(screenshotDirectory ?? '', `${name}.png`);
    await place.screenshot({ path, animations: 'disabled' });
  };
  /** Not taller than is worth it. */
  const crop = async (page: Page, id: string, name: string): Promise<void> => {
    const section = page.locator(`#${id}`);
    await section.evaluate((element, height) => {
      element.style.maxHeight = `${height}px`;
      element.style.overflow = 'hidden';
    }, tallest);
    await take(section, name);
  };

  const takeAccount = async (account: Account, look: string, options: BrowserContextOptions) => {
    const { page } = await under.openAs(account, options);
    await rowOf(page, 'Live sessions', '203.0.113.7').waitFor();
    await rowOf(page, 'Recent attempts', '192.0.2.44').waitFor();
    await page.getByRole('article').waitFor();
    if (look === 'light') await take(page, 'connections');
    for (const id of sections) await crop(page, id, `${id}-${look}`);
  };

  it('are taken of an account in use', async () => {
    const account = await under.addAccount({
      name: 'alpine-maps',
      ...(await createDatabase(...sampleTables)),
    });
    await fillSampleAccount(under.postern, account);
    for (const [look, options] of Object.entries(looks)) await takeAccount(account, look, options);

    const { page } = await under.openAs(account);
    await press(page, 'New API key');
    const form = dialog(page, 'New API key');
    await form.getByLabel('Name', { exact: true }).fill('Tableau dashboard');
    await form.locator('summary').filter({ hasText: 'maps' }).click();
    await form.getByLabel('Read: maps.trails').check();
    await take(form, 'new-key');
    await press(form, 'Cancel');
    await press(page, 'Revoke Laptop of Ann');
    const question = dialog(page, 'Revoke “Laptop of Ann”?');
    await question.getByText('live sessions end at once').waitFor();
    await take(question, 'revoke-certificate');
    await press(question, 'Cancel');
    await take(await startCertificate(page, 'Laptop of Ben'), 'new-certificate');
    await press(dialog(page, 'New certificate'), 'Cancel');
    await createCertificate(page, 'Laptop of Ben');
    await take(dialog(page, 'Download your certificate'), 'download');
  });

  it('are taken of the sign-in, and of an account that has nothing yet', async () => {
    const { page: empty } = await under.openAs(await under.addAccount({ name: 'new-customer' }));
    await empty.getByText('No address is allowed yet').waitFor();
    await take(empty, 'empty');
    await take((await under.open({ viewport: { width: 600, height: 620 } })).page, 'sign-in');
  });
});
