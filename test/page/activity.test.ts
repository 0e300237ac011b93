/** What happens at the gate, seen and acted on from the page. */

import { describe, expect, it } from 'vitest';
import { startClient } from '../e2e/psql-client.ts';
import { chromiumMissing } from '../support/browser.ts';
import { psqlMissing } from '../support/psql.ts';
import { dialog, press, rowOf } from './acts.ts';
import { openDoorFrom } from './foreign-client.ts';
import { pageUnderTest } from './page-fixture.ts';

const lasting = 'SELECT pg_sleep(120)';

describe.skipIf(chromiumMissing)('the activity of an account', () => {
  const under = pageUnderTest();

  it('shows a refused attempt by itself with its reason, and allows its address in one click', async () => {
    const { page } = await under.openAs();
    await page.getByText('New attempts appear as they end.').waitFor();
    const port = await openDoorFrom('203.0.113.9', under.postern.port);
    const refusal = await under.postern.connect({ port }).catch((error: Error) => error.message);
    expect(refusal).toContain('The address 203.0.113.9 is not in the allowlist');

    const attempt = rowOf(page, 'Recent attempts', '203.0.113.9');
    await attempt.getByText('refused', { exact: true }).waitFor();
    expect(await attempt.textContent()).toContain('allowlist');
    await press(attempt, 'Allow this address: 203.0.113.9');
    await page.getByText('203.0.113.9 may connect now.').waitFor();
    await attempt.getByText('allowed now').waitFor();
    await rowOf(page, 'Allowed addresses', '203.0.113.9')
      .getByText('Allowed after a refused attempt')
      .waitFor();

    await under.postern.caughtUp();
    const client = await under.postern.connect({ port });
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it.skipIf(psqlMissing)('revokes a certificate after naming the live sessions, which end', async () => {
    const files = await under.postern.createCertificate('stolen laptop');
    const session = startClient({ ...under.postern, files }, lasting, { PGAPPNAME: 'nightly export' });
    const { page } = await under.openAs();
    await rowOf(page, 'Live sessions', 'nightly export').waitFor();

    await press(page, 'Revoke stolen laptop');
    const question = dialog(page, 'Revoke “stolen laptop”?');
    await question.getByText('1 live session ends at once').waitFor();
    await question.getByText('nightly export from 127.0.0.1').waitFor();
    await question.getByLabel('Reason (optional)').fill('It was stolen');
    await press(question, 'Revoke');
    await page.getByText('“stolen laptop” is revoked. 1 session ended.').waitFor();
    await rowOf(page, 'Certificates', 'stolen laptop').getByText('revoked').waitFor();

    const { status, stderr } = await session.result;
    expect(status).not.toBe(0);
    expect(stderr).toContain('FATAL');
    await page.getByText('Nobody is connected now.').waitFor();
  });

  it.skipIf(psqlMissing)('ends one session and leaves the others', async () => {
    const doomed = startClient(under.postern, lasting, { PGAPPNAME: 'runaway report' });
    const other = await under.postern.connect({ application_name: 'calm map' });
    const { page } = await under.openAs();
    await rowOf(page, 'Live sessions', 'calm map').waitFor();
    await press(page, 'End runaway report from 127.0.0.1');
    await press(dialog(page, 'End this session?'), 'End session');
    await page.getByText('Disconnecting runaway report from 127.0.0.1.').waitFor();
    expect((await doomed.result).stderr).toContain('FATAL');
    await rowOf(page, 'Live sessions', 'runaway report').waitFor({ state: 'detached' });
    expect((await other.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('says in advance whether a client would be let in, and which lock is closed', async () => {
    const { page } = await under.openAs();
    const form = page.getByRole('form', { name: 'Would it work?' });
    await form.getByLabel('Client address').fill('127.0.0.1');
    await form.getByLabel('Certificate').selectOption('laptop');
    await form.getByLabel('API key').selectOption('reader');
    await press(form, 'Ask');
    await form.getByText('It would be let in.').waitFor();

    await form.getByLabel('Client address').fill('198.51.100.77');
    await press(form, 'Ask');
    await form.getByText('It would be turned away.').waitFor();
    const answer = await form.getByRole('status').textContent();
    expect(answer).toContain('The address 198.51.100.77 is not in the allowlist');
    expect(answer).toMatch(/closed\s*Address/);
    expect(answer).toMatch(/opens\s*Certificate/);
  });
});
