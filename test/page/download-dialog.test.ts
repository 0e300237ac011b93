/** The dialog with a certificate's only download. */

import { describe, expect, it } from 'vitest';
import { chromiumMissing } from '../support/browser.ts';
import { createCertificate, dialog, downloadCertificate, press, startCertificate } from './acts.ts';
import { eventually } from './eventually.ts';
import { pageUnderTest } from './page-fixture.ts';

const title = 'Download your certificate';
const reminder = 'Download the files first: they cannot be had again later.';

describe.skipIf(chromiumMissing)('the dialog with the download of a new certificate', () => {
  const under = pageUnderTest();

  const reach = async (name: string) => {
    const visit = await under.openAs();
    await press(await startCertificate(visit.page, name), 'Create');
    const shown = dialog(visit.page, title);
    await shown.waitFor();
    return { ...visit, shown };
  };

  it('stays open before the download, whatever is tried, and says why', async () => {
    const { page, shown, answerDialogs } = await reach('stays');
    const stillOpen = async () => {
      await shown.locator('.nudge').getByText(reminder).waitFor();
      expect(await shown.isVisible()).toBe(true);
    };
    expect(await shown.getByRole('button', { name: 'Close' }).isDisabled()).toBe(true);
    expect(await shown.locator('.nudge').count()).toBe(0);

    // Twice each: browsers let go of a dialog whose closing is refused for the second time in a row.
    for (const _ of [1, 2]) await page.keyboard.press('Escape');
    await stillOpen();
    for (const _ of [1, 2]) await page.mouse.click(5, 5);
    await stillOpen();
    for (const _ of [1, 2]) {
      await page.goBack();
      // Who is faster than the page is asked whether to leave, as below.
      await eventually(() => page.evaluate('history.state?.staying')).toBe(true);
    }
    await stillOpen();
    expect(page.url()).toBe(`${under.origin}/`);

    const asked: string[] = [];
    answerDialogs((question) => {
      asked.push(question.type());
      void question.dismiss();
    });
    await page.close({ runBeforeUnload: true });
    await eventually(() => asked).toEqual(['beforeunload']);
    await page.reload({ timeout: 2_000 }).catch(() => undefined);
    await eventually(() => asked).toEqual(['beforeunload', 'beforeunload']);
    await stillOpen();
    expect((await downloadCertificate(page)).suggestedFilename()).toMatch(/^[\w.-]+\.zip$/);
  });

  it.each<[string, (page: Awaited<ReturnType<typeof reach>>['page']) => Promise<void>]>([
    ['its button', (page) => press(dialog(page, title), 'Close')],
    ['Escape', (page) => page.keyboard.press('Escape')],
    ['a click beside it', (page) => page.mouse.click(5, 5)],
  ])('can be closed after the download by %s, and then leaving is free', async (way, close) => {
    const { page } = await under.openAs();
    await createCertificate(page, `closes by ${way}`);
    await dialog(page, title).getByText('Done. You can close this now.').waitFor();
    await close(page);
    await dialog(page, title).waitFor({ state: 'detached' });
    // A question whether to leave would be a dialog that nobody expects.
    await page.reload();
    await page.getByRole('heading', { name: 'Connections' }).waitFor();
    expect(await dialog(page, title).count()).toBe(0);
  });

  it('downloads the same files again while it is open', async () => {
    const { page } = await under.openAs();
    const first = await createCertificate(page, 'twice');
    const started = page.waitForEvent('download');
    await press(dialog(page, title), 'Download again');
    const second = await started;
    expect(second.suggestedFilename()).toBe(first.suggestedFilename());
  });
});
