/** The allowlist on the page. */

import { describe, expect, it } from 'vitest';
import { changeAccount } from '../../src/control/accounts.ts';
import { addAddressRule, listAddressRules } from '../../src/control/address-rules.ts';
import { chromiumMissing } from '../support/browser.ts';
import { allowAddress, dialog, press, rowOf } from './acts.ts';
import { eventually } from './eventually.ts';
import { pageUnderTest } from './page-fixture.ts';

const hourMs = 3_600_000;
const field = 'Address';

describe.skipIf(chromiumMissing)('the addresses of an account', () => {
  const under = pageUnderTest();
  const rules = () => listAddressRules(under.postern.context, under.postern.account);

  it('are allowed several at once, for 8 hours, and those that are refused stay to be corrected', async () => {
    const { page } = await under.openAs(undefined, { expected: /status of 4\d\d .*address-rules/ });
    await page.getByLabel(field, { exact: true }).fill('192.0.2.1, 192.0.2.256; 2001:db8::/48');
    await page.getByLabel('Label (optional)').fill('On the road');
    await page.getByLabel('Allow', { exact: true }).selectOption('for 8 hours');
    await press(page, 'Allow');
    await page.getByText('192.0.2.1 and 2001:db8::/48 may connect now.').waitFor();
    await page.getByRole('alert').getByText('192.0.2.256').waitFor();
    expect(await page.getByLabel(field, { exact: true }).inputValue()).toBe('192.0.2.256');

    const added = (await rules()).filter(({ label }) => label === 'On the road');
    expect(added.map(({ cidr }) => cidr).sort()).toEqual(['192.0.2.1/32', '2001:db8::/48']);
    for (const { expiresAt } of added) {
      const leftMs = (expiresAt?.getTime() ?? 0) - Date.now();
      expect(Math.abs(leftMs - 8 * hourMs)).toBeLessThan(60_000);
    }
  });

  it('get another label and expiry, and can be removed', async () => {
    const { page } = await under.openAs();
    await allowAddress(page, '192.0.2.20', 'First name');
    await press(page, 'Edit 192.0.2.20/32');
    const form = dialog(page, 'Edit 192.0.2.20');
    await form.getByLabel('Label').fill('Second name');
    await form.getByLabel('Allow', { exact: true }).selectOption('until a date…');
    await form.getByLabel('Until the end of').fill('2099-12-31');
    await press(form, 'Save');
    const row = rowOf(page, 'Allowed addresses', 'Second name');
    await row.getByText(/^in \d+ years$/).waitFor();

    await press(row, 'Remove 192.0.2.20/32');
    await press(dialog(page, 'Remove 192.0.2.20?'), 'Remove');
    await page.getByText('192.0.2.20 may no longer connect.').waitFor();
    await row.waitFor({ state: 'detached' });
    expect((await rules()).map(({ cidr }) => cidr)).not.toContain('192.0.2.20/32');
  });

  it('are not overwritten by somebody who saw an older version', async () => {
    const [first, second] = [
      (await under.openAs()).page,
      (await under.openAs(undefined, { expected: /status of 412/ })).page,
    ];
    await allowAddress(first, '192.0.2.30', 'Before');
    await second.reload();
    await press(second, 'Edit 192.0.2.30/32');
    await press(first, 'Edit 192.0.2.30/32');
    const rename = async (page: typeof first, label: string) => {
      const form = dialog(page, 'Edit 192.0.2.30');
      await form.getByLabel('Label').fill(label);
      await press(form, 'Save');
      return form;
    };
    await (await rename(first, 'From the first')).waitFor({ state: 'detached' });
    const late = await rename(second, 'From the second');
    await late.getByText('Somebody else changed this meanwhile').waitFor();
    expect((await rules()).find(({ cidr }) => cidr === '192.0.2.30/32')?.label).toBe('From the first');
  });

  it('can be all of the internet only where the operator permits it, with a warning', async () => {
    const { account } = await under.addAccount();
    const { page: operator } = await under.openAsOperator();
    await operator.goto(`${under.origin}/?account=${account}`);
    await operator.getByText('No address is allowed yet').waitFor();
    expect(await operator.getByLabel('Any address').count()).toBe(0);

    await changeAccount(under.postern.context, account, { anyAddressAllowed: true });
    await operator.reload();
    await operator.getByLabel('Any address').check();
    await operator.getByText('Any computer on the internet may then try to connect.').waitFor();
    await operator.getByLabel('Allow', { exact: true }).selectOption('for 1 day');
    await press(operator, 'Allow any address');
    await rowOf(operator, 'Allowed addresses', '0.0.0.0/0').waitFor();
    await rowOf(operator, 'Allowed addresses', '::/0').waitFor();
  });

  it('are shown as expired when their time is over', async () => {
    const account = await under.addAccount();
    const { context } = under.postern;
    const expiresAt = new Date(Date.now() + 2_000);
    await addAddressRule(context, account.account, { cidr: '192.0.2.40', label: 'Short', expiresAt });
    const { page } = await under.openAs(account);
    await eventually(async () => {
      await page.reload();
      return rowOf(page, 'Allowed addresses', 'Short').textContent();
    }).toContain('expired');
    expect(await page.getByRole('button', { name: 'NEW CERTIFICATE' }).isDisabled()).toBe(true);
  });
});
