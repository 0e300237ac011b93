/** What people come for: from an account that has nothing to a first query, with the page alone. */

import { describe, expect, it } from 'vitest';
import { chromiumMissing } from '../support/browser.ts';
import { psqlMissing } from '../support/psql.ts';
import { createApiKey, createCertificate, dialog, rowOf } from './acts.ts';
import { queryByPsql, unpack } from './downloads.ts';
import { pageUnderTest } from './page-fixture.ts';

describe.skipIf(chromiumMissing)(
  'a person whose account has no address, no certificate and no API key',
  () => {
    const under = pageUnderTest();

    it.skipIf(psqlMissing)(
      'is led from address to certificate to API key, and queries with the downloaded files',
      async () => {
        const account = await under.addAccount();
        const { page } = await under.openAs(account);

        const start = page.getByRole('button', { name: 'NEW CERTIFICATE' });
        await page.getByText('No address is allowed yet, so nobody can connect.').waitFor();
        expect(await start.isDisabled()).toBe(true);
        const why = await start.getAttribute('aria-describedby');
        expect(await page.locator(`#${why}`).textContent()).toBe('Allow an address above first.');

        await page.getByRole('button', { name: 'Get your IP address' }).click();
        await page.getByText('This browser comes from 127.0.0.1.').waitFor();
        expect(await page.getByLabel('Address', { exact: true }).inputValue()).toBe('127.0.0.1');
        await page.getByLabel('Label (optional)').fill('Home office');
        await page.getByRole('button', { name: 'Allow', exact: true }).click();
        await rowOf(page, 'Allowed addresses', 'Home office').getByText('never').waitFor();
        await page.getByText('127.0.0.1 may connect now.').waitFor();

        const file = await createCertificate(page, 'Laptop of Ann');
        await dialog(page, 'Download your certificate').getByRole('button', { name: 'Close' }).click();
        await rowOf(page, 'Certificates', 'Laptop of Ann').getByText('active').waitFor();

        const key = await createApiKey(page, 'psql on the laptop', ['Read: places.towns']);
        await rowOf(page, 'API keys', 'psql on the laptop').getByText('Read places.towns').waitFor();

        await under.postern.caughtUp();
        const { directory, names } = await unpack(under.postern, file);
        expect(names).toEqual([
          'client.crt',
          'client.key',
          'client.key.pk8',
          'client.p12',
          'pg_service.conf',
          'readme.txt',
          'server_ca.pem',
        ]);
        const result = await queryByPsql(
          under.postern,
          account,
          key,
          directory,
          'SELECT count(*) FROM places.towns',
        );
        expect(result).toEqual({ status: 0, stdout: '500', stderr: '' });

        const attempt = rowOf(page, 'Recent attempts', 'psql');
        await attempt.getByText('admitted').waitFor();
        expect(await attempt.textContent()).toContain('Laptop of Ann · psql on the laptop');
      },
    );
  },
);
