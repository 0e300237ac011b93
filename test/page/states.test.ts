/** What lists show when there is nothing, too much, or no answer. */

import { describe, expect, it } from 'vitest';
import { listAttempts } from '../../src/control/attempts.ts';
import { chromiumMissing } from '../support/browser.ts';
import { press, rowOf } from './acts.ts';
import { eventually } from './eventually.ts';
import { openDoorFrom } from './foreign-client.ts';
import { pageUnderTest } from './page-fixture.ts';

describe.skipIf(chromiumMissing)('a list', () => {
  const under = pageUnderTest();

  it('says why it cannot be loaded, and can be asked for again', async () => {
    const { page } = await under.openAs(undefined, { expected: /ERR_FAILED|status of 503/ });
    await page.route('**/api/v1/certificates*', (route) => route.abort());
    await page.route('**/api/v1/api-keys*', (route) => route.fulfill({ status: 503, body: 'no' }));
    await page.reload();
    const certificates = page.getByRole('region', { name: 'Certificates' });
    await certificates.getByText('The console cannot be reached.').waitFor();
    const keys = page.getByRole('region', { name: 'API keys' });
    await keys.getByText('The console answered with status 503.').waitFor();

    await page.unroute('**/api/v1/certificates*');
    await press(certificates, 'Try again');
    await rowOf(page, 'Certificates', 'laptop').waitFor();
    expect(await certificates.getByRole('alert').count()).toBe(0);
  });

  it('that is long comes in parts', async () => {
    const port = await openDoorFrom('203.0.113.99', under.postern.port);
    for (let count = 0; count < 13; count += 1) {
      await under.postern.connect({ port }).catch(() => undefined);
    }
    await eventually(async () => {
      const { context, account } = under.postern;
      return (await listAttempts(context, account, { limit: 20 })).length;
    }).toBe(13);
    const { page } = await under.openAs();
    await page.getByLabel('Show').selectOption('refused ones');
    const rows = rowOf(page, 'Recent attempts', '203.0.113.99');
    await eventually(() => rows.count()).toBe(10);
    await press(page, 'Show more (10 shown)');
    await eventually(() => rows.count()).toBe(13);
    await page.getByLabel('Show').selectOption('admitted ones');
    await eventually(() => rows.count()).toBe(0);
  });

  it('that grows by itself keeps what came when it is paused, and catches up afterwards', async () => {
    const port = await openDoorFrom('203.0.113.98', under.postern.port);
    const refuse = () => under.postern.connect({ port }).catch(() => undefined);
    const { page } = await under.openAs();
    await page.getByText('New attempts appear as they end.').waitFor();
    const rows = rowOf(page, 'Recent attempts', '203.0.113.98');
    await refuse();
    await eventually(() => rows.count()).toBe(1);
    await press(page, 'Pause');
    await page.getByText('Paused.').waitFor();
    await refuse();
    expect(await rows.count()).toBe(1);
    await press(page, 'Go on');
    await eventually(() => rows.count()).toBe(2);
  });

  it('that is empty says what to do', async () => {
    const { page } = await under.openAs(await under.addAccount());
    for (const text of [
      'No address is allowed yet, so nobody can connect.',
      'There is no certificate yet.',
      'Nobody is connected now.',
      'Nobody has tried to connect yet.',
    ]) {
      await page.getByText(text).waitFor();
    }
  });
});
