/** The life of an API key on the page, by what it can do at the gate. */

import { describe, expect, it } from 'vitest';
import { chromiumMissing } from '../support/browser.ts';
import { createApiKey, dialog, openSchema, press, rowOf, takeKey } from './acts.ts';
import { pageUnderTest } from './page-fixture.ts';

const insert = "INSERT INTO places.towns (name) VALUES ('by the page') RETURNING name";

describe.skipIf(chromiumMissing)('an API key', () => {
  const under = pageUnderTest();
  const connect = async (password: string) => {
    await under.postern.caughtUp();
    return under.postern.connect({ password });
  };
  const refusal = (password: string) => connect(password).then(String, (error: Error) => error.message);

  it('is shown once, can be copied, and is nowhere on the page afterwards', async () => {
    const { page } = await under.openAs(undefined, { permissions: ['clipboard-read', 'clipboard-write'] });
    await press(page, 'New API key');
    const form = dialog(page, 'New API key');
    await form.getByLabel('Name', { exact: true }).fill('shown once');
    await openSchema(form, 'places');
    await form.getByLabel('Read: all tables in places, present and future').check();
    expect(await form.getByLabel('Read: places.towns').isDisabled()).toBe(true);
    await press(form, 'Create');

    const shown = dialog(page, 'Copy your API key');
    await shown.getByText('Copy the key first: it cannot be shown again.').waitFor();
    await page.keyboard.press('Escape');
    expect(await shown.getByRole('button', { name: 'Close' }).isDisabled()).toBe(true);
    const text = await takeKey(page);
    expect(text).toMatch(/^pst_r_/);
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(text);

    await rowOf(page, 'API keys', 'shown once').getByText('all tables in places, future ones too').waitFor();
    expect(await page.content()).not.toContain(text);
    expect(await page.evaluate('JSON.stringify([localStorage, sessionStorage, document.cookie])')).toBe(
      '[{},{},""]',
    );
  });

  it('can do what it was granted, and more once that is edited', async () => {
    const { page } = await under.openAs();
    const text = await createApiKey(page, 'edited', ['Read: places.towns']);
    const client = await connect(text);
    await expect(client.query(insert)).rejects.toThrow('permission denied for table towns');

    await press(page, 'Edit grants edited');
    const form = dialog(page, 'Edit what “edited” may do');
    await form.getByLabel('Add: places.towns').check();
    await form.getByText('Granted: Read and add places.towns.').waitFor();
    await press(form, 'Save');
    await page.getByText('Changed what “edited” may do.').waitFor();
    await rowOf(page, 'API keys', 'edited').getByText('Read and add places.towns').waitFor();
    expect((await client.query(insert)).rows).toEqual([{ name: 'by the page' }]);
  });

  it('gets another text when it is rotated, and the old one is refused', async () => {
    const { page } = await under.openAs();
    const before = await createApiKey(page, 'rotated', ['Read: places.towns']);
    await press(page, 'Rotate rotated');
    await press(dialog(page, 'Rotate “rotated”?'), 'Rotate');
    const after = await takeKey(page);
    expect(after).not.toBe(before);
    const client = await connect(after);
    expect((await client.query('SELECT count(*)::int AS towns FROM places.towns')).rowCount).toBe(1);
    expect(await refusal(before)).toContain('API key');
  });

  it('is refused once it is revoked, and its sessions end', async () => {
    const { page } = await under.openAs();
    const text = await createApiKey(page, 'revoked', ['Read: places.towns']);
    const client = await connect(text);
    const ended = new Promise((resolve) => client.once('error', resolve));
    await rowOf(page, 'Live sessions', 'revoked').waitFor();
    await press(page, 'Revoke revoked');
    const question = dialog(page, 'Revoke “revoked”?');
    await question.getByText('1 live session ends at once').waitFor();
    await press(question, 'Revoke');
    await page.getByText('“revoked” is revoked and refused from now on.').waitFor();
    await ended;
    expect(await refusal(text)).toContain('API key');
  });

  it('can be given something and not, without the picker folding up', async () => {
    const { page } = await under.openAs();
    await press(page, 'New API key');
    const form = dialog(page, 'New API key');
    await openSchema(form, 'places');
    const box = form.getByLabel('Change: places.owners');
    await box.check();
    await form.getByText('Granted: Change places.owners.').waitFor();
    await box.uncheck();
    await form.getByText('Nothing is granted yet.').waitFor();
    expect(await box.isVisible()).toBe(true);
  });

  it('is not made without a grant, and what was typed stays', async () => {
    const { page } = await under.openAs();
    await press(page, 'New API key');
    const form = dialog(page, 'New API key');
    await form.getByLabel('Name', { exact: true }).fill('of no use');
    await press(form, 'Create');
    await form.getByRole('alert').getByText('Choose at least one thing that the key may do').waitFor();
    expect(await form.getByLabel('Name', { exact: true }).inputValue()).toBe('of no use');
  });
});
