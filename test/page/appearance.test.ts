/** The page as everybody must be able to use it: by axe-core in light and dark, and on a screen of 360 pixels. */

import type { Locator, Page } from 'playwright-core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { chromiumMissing } from '../support/browser.ts';
import { rowOf } from './acts.ts';
import { violationsOf } from './axe.ts';
import { openDoorFrom } from './foreign-client.ts';
import { pageUnderTest } from './page-fixture.ts';
import { accountStops, operatorStops, tour, tourGuides, unfoldAll } from './tour.ts';

const narrow = { viewport: { width: 360, height: 740 } };
const program = 'QGIS, for the tour';
const calm = { reducedMotion: 'reduce' } as const;

describe.skipIf(chromiumMissing)('the page', () => {
  const under = pageUnderTest();

  /** With everything on it that there can be. */
  const openFull = async (options: object): Promise<Page> => {
    const { postern } = under;
    const client = await postern.connect({ application_name: program });
    onTestFinished(() => client.end());
    const port = await openDoorFrom('2001:db8:1234:5678:9abc:def0:1234:5678', postern.port);
    await postern.connect({ port }).catch(() => undefined);
    const { page } = await under.openAs(undefined, options);
    await rowOf(page, 'Live sessions', program).waitFor();
    await rowOf(page, 'Recent attempts', '2001:db8:').first().waitFor();
    await unfoldAll(page);
    return page;
  };

  it('has nothing to complain about for axe-core at the sign-in', async () => {
    const { page } = await under.open(calm);
    expect(await violationsOf(page, 'html')).toEqual([]);
    await page.getByRole('button', { name: 'Sign in as operator' }).click();
    expect(await violationsOf(page, 'html')).toEqual([]);
  });

  it('has nothing to complain about for axe-core in its sections, guides and dialogs', async () => {
    const page = await openFull(calm);
    expect(await violationsOf(page, 'html')).toEqual([]);
    await tourGuides(page, async (title) => {
      expect([title, await violationsOf(page, 'article')]).toEqual([title, []]);
    });
    await tour(page, accountStops(program, 'seen by axe'), async (_shown, name) => {
      expect([name, await violationsOf(page, 'dialog[open]')]).toEqual([name, []]);
    });
  }, 240_000);

  it('has nothing to complain about for axe-core when it is empty, and for operators', async () => {
    const { page } = await under.openAs(await under.addAccount(), calm);
    await page.getByText('No address is allowed yet').waitFor();
    expect(await violationsOf(page, 'html')).toEqual([]);
    const { page: operators } = await under.openAsOperator(calm);
    await operators.getByRole('table', { name: 'Changes' }).waitFor();
    expect(await violationsOf(operators, 'html')).toEqual([]);
    await tour(operators, operatorStops(under.postern.account), async (_shown, name) => {
      expect([name, await violationsOf(operators, 'dialog[open]')]).toEqual([name, []]);
    });
  }, 240_000);

  /** What is wider than its place, where nothing scrolls by itself. */
  const overflow = (page: Page): Promise<unknown> =>
    page.evaluate(`[document.documentElement, ...document.querySelectorAll('dialog[open]')]
      .filter((element) => element.scrollWidth > Math.min(element.clientWidth, innerWidth))
      .map(({ tagName, scrollWidth }) => tagName + ' ' + scrollWidth)`);

  it('needs no horizontal scrolling on a screen of 360 pixels', async () => {
    const page = await openFull({ ...narrow, ...calm });
    expect(await overflow(page)).toEqual([]);
    await tourGuides(page, async (title) => expect([title, await overflow(page)]).toEqual([title, []]));
    await tour(page, accountStops(program, 'seen on a phone'), async (shown: Locator, name) => {
      expect([name, await overflow(page)]).toEqual([name, []]);
      const box = await shown.boundingBox();
      expect([name, (box?.x ?? -1) >= 0 && (box?.x ?? 0) + (box?.width ?? 0) <= 360]).toEqual([name, true]);
    });
  }, 240_000);

  it('needs no horizontal scrolling on a screen of 360 pixels at the sign-in and for operators', async () => {
    const { page } = await under.open({ ...narrow, ...calm });
    expect(await overflow(page)).toEqual([]);
    const { page: operators } = await under.openAsOperator({ ...narrow, ...calm });
    await operators.getByRole('table', { name: 'Changes' }).waitFor();
    expect(await overflow(operators)).toEqual([]);
    await tour(operators, operatorStops(under.postern.account), async (_shown, name) => {
      expect([name, await overflow(operators)]).toEqual([name, []]);
    });
  });
});
