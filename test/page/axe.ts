/** axe-core on what a page shows (https://github.com/dequelabs/axe-core): its rules for WCAG and for good practice. */

import axe from 'axe-core';
import type { Page } from 'playwright-core';

const schemes = ['light', 'dark'] as const;

/**
 * In light and in dark.
 * @param selector the part to look at
 * @returns one line for each thing that is wrong
 */
export const violationsOf = async (page: Page, selector: string): Promise<string[]> => {
  await page.evaluate(axe.source);
  const lines: string[] = [];
  for (const colorScheme of schemes) {
    await page.emulateMedia({ colorScheme });
    // Colours on their way from one to the other are nobody's.
    await page.evaluate('Promise.allSettled(document.getAnimations().map(({ finished }) => finished))');
    const { violations } = await page.evaluate<axe.AxeResults>(`axe.run(${JSON.stringify(selector)})`);
    for (const { id, nodes } of violations) {
      for (const { html, failureSummary } of nodes)
        lines.push(`${colorScheme} ${id} ${html} ${failureSummary}`);
    }
  }
  return lines;
};
