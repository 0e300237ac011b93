/** Secrets that are shown once, where the network or the clipboard fails. */

import { describe, expect, it } from 'vitest';
import { chromiumMissing } from '../support/browser.ts';
import { createApiKey, dialog, openSchema, press, rowOf } from './acts.ts';
import { pageUnderTest } from './page-fixture.ts';

const title = 'Copy your API key';

describe.skipIf(chromiumMissing)('the text of a new API key', () => {
  const under = pageUnderTest();

  it('is not taken for copied when copying fails, but can be copied by hand', async () => {
    const { page } = await under.openAs();
    await page.evaluate("navigator.clipboard.writeText = () => Promise.reject(new Error('denied'))");
    await press(page, 'New API key');
    const form = dialog(page, 'New API key');
    await form.getByLabel('Name', { exact: true }).fill('by hand');
    await openSchema(form, 'places');
    await form.getByLabel('Read: places.towns').check();
    await press(form, 'Create');

    const shown = dialog(page, title);
    await press(shown, 'Copy');
    await shown.getByRole('alert').getByText('copy it by hand').waitFor();
    const close = shown.getByRole('button', { name: 'Close' });
    expect(await close.isDisabled()).toBe(true);
    // A part of it is of no use.
    await page.evaluate('document.activeElement.setSelectionRange(0, 5)');
    await page.keyboard.press('Control+C');
    expect(await close.isDisabled()).toBe(true);

    await press(shown, 'Copy');
    await page.keyboard.press('Control+C');
    await shown.getByText('Done. You can close this now.').waitFor();
    await close.click();
    await shown.waitFor({ state: 'detached' });
  });

  it('arrives although answers are lost on the way, and the key is made once', async () => {
    const { page } = await under.openAs(undefined, { expected: /net::ERR_FAILED|status of 502/ });
    let lost = 0;
    await page.route('**/api/v1/api-keys', async (route) => {
      if (route.request().method() !== 'POST' || lost === 2) return route.continue();
      lost += 1;
      await route.fetch();
      return lost === 1 ? route.abort() : route.fulfill({ status: 502, body: 'Bad Gateway' });
    });
    const text = await createApiKey(page, 'made once', ['Read: places.towns']);
    expect(lost).toBe(2);
    expect(await rowOf(page, 'API keys', 'made once').count()).toBe(1);
    await under.postern.caughtUp();
    const client = await under.postern.connect({ password: text });
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });
});
