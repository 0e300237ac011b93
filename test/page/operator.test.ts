/** What operators do on the page. */

import { afterAll, describe, expect, it } from 'vitest';
import { deleteAccount } from '../../src/control/accounts.ts';
import { chromiumMissing } from '../support/browser.ts';
import { uniqueName } from '../support/postgres.ts';
import { allowAddress, dialog, press, rowOf } from './acts.ts';
import { pageUnderTest } from './page-fixture.ts';

describe.skipIf(chromiumMissing)('an operator', () => {
  const under = pageUnderTest();
  const made = uniqueName('made').replace('_', '-');
  afterAll(() => deleteAccount(under.postern.context, made).catch(() => undefined));

  it('creates an account, acts for it, disables and enables it, and deletes it', async () => {
    const { page } = await under.openAsOperator();
    await press(page, 'New account');
    const form = dialog(page, 'New account');
    await form.getByLabel('Name', { exact: true }).fill(made);
    await form.getByLabel('Backend').fill('main');
    await form.getByLabel('Database', { exact: true }).fill(under.postern.database);
    await form.getByLabel('Owner role').fill(under.postern.ownerRole);
    await press(form, 'Create');
    await page.getByText(`The account “${made}” was created.`).waitFor();

    await page.getByRole('link', { name: made }).click();
    await page.getByText('acting for').waitFor();
    await page.getByRole('heading', { name: 'Connections' }).waitFor();
    await allowAddress(page, '192.0.2.0/24', 'By the operator');
    expect(await rowOf(page, 'Allowed addresses', 'By the operator').textContent()).toContain('192.0.2.0/24');

    await page.getByRole('link', { name: 'All accounts' }).click();
    const row = rowOf(page, 'Accounts', made);
    await press(row, `Disable ${made}`);
    await press(dialog(page, `Disable “${made}”?`), 'Disable');
    await row.getByText('disabled').waitFor();
    await press(row, `Enable ${made}`);
    await press(dialog(page, `Enable “${made}”?`), 'Enable');
    await row.getByText('active').waitFor();

    await press(row, `Delete ${made}`);
    const question = dialog(page, `Delete “${made}”?`);
    const button = question.getByRole('button', { name: 'Delete', exact: true });
    expect(await button.isDisabled()).toBe(true);
    await question.getByLabel(`Type ${made} to confirm`).fill(made);
    await button.click();
    await page.getByText(`The account “${made}” is deleted. Its data are untouched.`).waitFor();
    await row.waitFor({ state: 'detached' });
  });

  it('ends the sessions of an account by disabling it', async () => {
    const client = await under.postern.connect();
    const ended = new Promise<Error>((resolve) => client.once('error', resolve));
    const { account } = under.postern;
    const { page } = await under.openAsOperator();
    await press(page, `Disable ${account}`);
    await press(dialog(page, `Disable “${account}”?`), 'Disable');
    await page.getByText(`The account “${account}” is disabled.`).waitFor();
    await ended;
    await press(page, `Enable ${account}`);
    await press(dialog(page, `Enable “${account}”?`), 'Enable');
    await page.getByText(`The account “${account}” is active.`).waitFor();
  });

  it('sees the instances and every change, and has the chain of changes checked', async () => {
    const { page } = await under.openAsOperator();
    await rowOf(page, 'Instances', `127.0.0.1:${under.postern.port}`).waitFor();
    await page.getByRole('table', { name: 'Changes' }).getByText('account.create').first().waitFor();
    await press(page, 'Check the chain');
    await page.getByText('The chain is intact').waitFor();
  });

  it('is not let in by another token', async () => {
    const { page } = await under.open();
    await press(page, 'Sign in as operator');
    await page.getByLabel('Operator token').fill('guessed');
    await press(page, 'Sign in');
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('heading', { name: 'Operator', exact: true }).count()).toBe(0);
  });
});
