/** Who sees what: strangers, people whose session has ended, and people who ask for another account. */

import { describe, expect, it } from 'vitest';
import { revokeKey } from '../../src/control/key-revocation.ts';
import { chromiumMissing } from '../support/browser.ts';
import { press, rowOf } from './acts.ts';
import { pageUnderTest } from './page-fixture.ts';

const ended = 'Your session has ended. Sign in again to go on.';
/** What the page asked for when its session was already over. */
const unauthenticated = { expected: /status of 401/ };

describe.skipIf(chromiumMissing)('a visitor', () => {
  const under = pageUnderTest();

  it('is told the same about a wrong key and an unknown account, and stays outside', async () => {
    const { page } = await under.open();
    const said: (string | null)[] = [];
    for (const account of [under.postern.account, 'no-such-account']) {
      await page.reload();
      await page.getByLabel('Account').fill(account);
      await page.getByLabel('Master key').fill(under.postern.readerKey);
      await press(page, 'Sign in');
      said.push(await page.getByRole('alert').textContent());
    }
    expect(said[0]).toBe(said[1]);
    expect(said[0]).not.toBe('');
  });

  it('is back at the sign-in after signing out, also by the back button', async () => {
    const { page } = await under.openAs();
    await press(page, 'Sign out');
    await page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor();
    expect(await page.getByText(under.postern.account).count()).toBe(0);
  });

  it.each<[string, (page: Awaited<ReturnType<typeof under.openAs>>['page']) => Promise<unknown>]>([
    ['as soon as something is changed', (page) => press(page, 'Allow')],
    ['by itself, when the page looks for news', async () => undefined],
  ])('whose session is over is led to the sign-in %s', async (_when, act) => {
    const { page } = await under.openAs(undefined, unauthenticated);
    await page.getByLabel('Address', { exact: true }).fill('192.0.2.1');
    await page.context().clearCookies();
    await act(page);
    await page.getByText(ended).waitFor();
    expect(await page.getByText('192.0.2.1').count()).toBe(0);
  });

  it('whose master key was revoked is led to the sign-in', async () => {
    const account = await under.addAccount();
    const { page } = await under.openAs(account, unauthenticated);
    await revokeKey(under.postern.context, account.account, 'master', null);
    await page.getByText(ended).waitFor();
  });

  it('who asks for another account sees their own, and is told that the other does not exist', async () => {
    const account = await under.addAccount();
    const { page } = await under.openAs(account, { expected: /status of 404/ });
    await page.goto(`${under.origin}/?account=${under.postern.account}`);
    await page.getByRole('heading', { name: 'Connections' }).waitFor();
    await rowOf(page, 'API keys', 'master').waitFor();
    await page.getByText('No address is allowed yet').waitFor();
    expect(await page.getByText(under.postern.account).count()).toBe(0);
    expect(await page.getByText('laptop').count()).toBe(0);

    const paths = [
      'address-rules',
      'certificates',
      'api-keys',
      'sessions',
      'attempts',
      'audit',
      'connection',
    ];
    for (const path of paths) {
      const status = await page.evaluate(
        `fetch('/api/v1/${path}?account=${under.postern.account}').then(({ status }) => status)`,
      );
      expect({ path, status }).toEqual({ path, status: 404 });
    }
  });
});
