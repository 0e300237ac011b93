/** The steps to connect, and the files and texts for it. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { chromiumMissing } from '../support/browser.ts';
import { press } from './acts.ts';
import { pageUnderTest } from './page-fixture.ts';
import { tourGuides } from './tour.ts';

describe.skipIf(chromiumMissing)('the steps to connect', () => {
  const under = pageUnderTest({ host: 'gate.example.com', port: 6543 });

  it('are there for every program, with this account’s values in them', async () => {
    const { page } = await under.openAs();
    const told = new Map<string, string | null>();
    await tourGuides(page, async (title) => {
      told.set(title, await page.getByRole('article', { name: title }).textContent());
    });
    for (const program of ['QGIS', 'Tableau', 'Power BI', 'Databricks', 'JDBC', 'ODBC', 'Excel', 'psql']) {
      expect([...told.keys()].join()).toContain(program);
    }
    for (const [title, text] of told) {
      expect([title, text]).toEqual([title, expect.stringContaining('gate.example.com')]);
      expect([title, text]).toEqual([title, expect.not.stringContaining('{{')]);
    }
  });

  it('can be copied and downloaded', async () => {
    const { page } = await under.openAs(undefined, { permissions: ['clipboard-read', 'clipboard-write'] });
    const copied = async (what: string) => {
      await press(page, `Copy ${what}`);
      await page
        .getByRole('button', { name: `Copy ${what}` })
        .getByText('Copied')
        .waitFor();
      return page.evaluate<string>('navigator.clipboard.readText()');
    };
    expect(await copied('host')).toBe('gate.example.com');
    expect(await copied('port')).toBe('6543');
    expect(await copied('user')).toBe(under.postern.account);
    expect(await copied('JDBC URL')).toMatch(/^jdbc:postgresql:\/\/gate\.example\.com:6543\//);

    const download = async (name: string) => {
      const started = page.waitForEvent('download');
      await press(page, `Download ${name}`);
      const file = await started;
      expect(file.suggestedFilename()).toBe(name);
      return readFileSync(await file.path(), 'utf8');
    };
    expect(await download('pg_service.conf')).toContain('host=gate.example.com');
    expect(await download('postern.properties')).toContain('sslmode=verify-full');
  });
});
