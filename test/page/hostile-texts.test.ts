/**
 * Texts that people, programs and databases bring, on a page where they must stay text. If one became part of the page,
 * its visit would fail: by the dialog, by the refusal of the Content-Security-Policy, or by the request for a picture.
 */

import { describe, expect, it } from 'vitest';
import { chromiumMissing } from '../support/browser.ts';
import { uniqueName } from '../support/postgres.ts';
import { allowAddress, createApiKey, createCertificate, dialog, press, rowOf } from './acts.ts';
import { ownDatabase } from './own-database.ts';
import { pageUnderTest } from './page-fixture.ts';
import { tourGuides } from './tour.ts';

const picture = '<img src=x onerror=alert(1)>';
const script = '"><script>alert(1)</script>';
const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

describe.skipIf(chromiumMissing)('a text that looks like HTML', () => {
  const hostileDatabase = `${picture}${uniqueName('db')}`;
  const createDatabase = ownDatabase(hostileDatabase, uniqueName('owner'));
  const under = pageUnderTest();

  it('is shown as it is in labels, names, reasons and what programs call themselves', async () => {
    const { page } = await under.openAs();
    await allowAddress(page, '192.0.2.1', picture);
    await allowAddress(page, '192.0.2.2', script);
    await press(page, 'Remove 192.0.2.1/32');
    await dialog(page, 'Remove 192.0.2.1?').getByText(picture).waitFor();
    await press(dialog(page, 'Remove 192.0.2.1?'), 'Cancel');

    const file = await createCertificate(page, picture);
    expect(file.suggestedFilename()).toMatch(/^[A-Za-z0-9][\w.-]*\.zip$/);
    await press(dialog(page, 'Download your certificate'), 'Close');
    await press(page, `Revoke ${picture}`);
    await dialog(page, `Revoke “${picture}”?`).getByLabel('Reason (optional)').fill(script);
    await press(dialog(page, `Revoke “${picture}”?`), 'Revoke');
    await rowOf(page, 'Certificates', picture).getByText('revoked').waitFor();

    const key = await createApiKey(page, script, ['Read: places.towns']);
    await under.postern.caughtUp();
    const client = await under.postern.connect({ password: key, application_name: picture });
    await rowOf(page, 'Live sessions', picture).getByText(script).waitFor();
    await press(page, `End ${picture} from 127.0.0.1`);
    await dialog(page, 'End this session?').getByText(picture).waitFor();
    await press(dialog(page, 'End this session?'), 'Cancel');
    await client.end();
    await rowOf(page, 'Recent attempts', picture).getByText('admitted').waitFor();
    await page.getByText('What was changed').click();
    await page.getByRole('table', { name: 'Changes' }).waitFor();
    expect(await page.locator('img, script:not([src])').count()).toBe(0);
  });

  it('is shown as it is in names of schemas, tables and databases, also in the guides', async () => {
    const data = await createDatabase(
      `CREATE SCHEMA ${quoted(script)}`,
      `CREATE TABLE ${quoted(script)}.${quoted(picture)} (id int)`,
    );
    const account = await under.addAccount(data);
    const { page } = await under.openAs(account);
    await press(page, 'New API key');
    const form = dialog(page, 'New API key');
    await form.locator('summary').filter({ hasText: script }).click();
    await form.getByLabel(`Read: ${script}.${picture}`).check();
    await form.getByText(`Granted: Read ${script}.${picture}.`).waitFor();
    await press(form, 'Cancel');

    await tourGuides(page, async () => {
      expect(await page.locator('img, article script').count()).toBe(0);
    });
    const connect = page.getByRole('region', { name: 'Connect' });
    expect(await connect.getByText(hostileDatabase).count()).toBeGreaterThan(1);
  });
});
