/** Certificates for keys that the server never sees. */

import { describe, expect, it } from 'vitest';
import { createOwnKey } from '../../src/web/pki/own-key.ts';
import { chromiumMissing } from '../support/browser.ts';
import { downloadCertificate, press, startCertificate } from './acts.ts';
import { unpack } from './downloads.ts';
import { pageUnderTest } from './page-fixture.ts';

describe.skipIf(chromiumMissing)('a certificate for one’s own key', () => {
  const under = pageUnderTest();

  /** Everything that the page sends from now on. */
  const openWatched = async () => {
    const { page } = await under.openAs();
    const sent: string[] = [];
    page.on('request', (request) => sent.push(request.postData() ?? ''));
    return { page, sent };
  };

  it('comes with a key that was made in the browser and never sent', async () => {
    const { page, sent } = await openWatched();
    const form = await startCertificate(page, 'made here');
    await form.getByLabel('I have my own key').check();
    await form.getByLabel('Make it in this browser').check();
    await press(form, 'Create');
    const files = await unpack(under.postern, await downloadCertificate(page));

    expect(files.names).toEqual([
      'client.crt',
      'client.key',
      'client.key.pk8',
      'pg_service.conf',
      'readme.txt',
      'server_ca.pem',
    ]);
    const key = files.read('client.key');
    expect(key).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/);
    const bodies = sent.join('\n');
    expect(bodies).toContain('-----BEGIN CERTIFICATE REQUEST-----');
    expect(bodies).not.toContain('PRIVATE KEY');
    expect(bodies.replaceAll('\\n', '')).not.toContain(key.split('\n').slice(1, 4).join(''));

    await under.postern.caughtUp();
    const client = await under.postern.connect({
      ssl: { ca: files.read('server_ca.pem'), cert: files.read('client.crt'), key },
    });
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('is made from a signing request that was pasted, and brings no key', async () => {
    const own = await createOwnKey(under.postern.account);
    const { page } = await openWatched();
    const form = await startCertificate(page, 'pasted');
    await form.getByLabel('I have my own key').check();
    await form.getByLabel('I have a signing request (CSR)').check();
    await form.getByLabel('Signing request', { exact: true }).fill(own.signingRequest);
    await press(form, 'Create');
    const files = await unpack(under.postern, await downloadCertificate(page));
    expect(files.names).toEqual(['client.crt', 'pg_service.conf', 'readme.txt', 'server_ca.pem']);

    await under.postern.caughtUp();
    const client = await under.postern.connect({
      ssl: { ca: files.read('server_ca.pem'), cert: files.read('client.crt'), key: own.pkcs1Pem },
    });
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('is made from a signing request in a file', async () => {
    const { page } = await openWatched();
    const form = await startCertificate(page, 'from a file');
    await form.getByLabel('I have my own key').check();
    await form.getByLabel('I have a signing request (CSR)').check();
    const { signingRequest } = await createOwnKey(under.postern.account);
    const der = Buffer.from(signingRequest.replace(/-----[^-]+-----/g, ''), 'base64');
    const chosen = { name: 'laptop.csr', mimeType: 'application/pkcs10', buffer: der };
    await form.getByLabel('File with the request').setInputFiles(chosen);
    await form.getByText('laptop.csr was read.').waitFor();
    await press(form, 'Create');
    await downloadCertificate(page);
  });

  it('is refused with one sentence when the request is none, and nothing is issued', async () => {
    const { page } = await under.openAs(undefined, { expected: /status of 4\d\d .*certificates/ });
    const form = await startCertificate(page, 'broken');
    await form.getByLabel('I have my own key').check();
    await form.getByLabel('I have a signing request (CSR)').check();
    await form.getByLabel('Signing request', { exact: true }).fill('not a request');
    await press(form, 'Create');
    await form
      .getByRole('alert')
      .getByText(/request/i)
      .waitFor();
    await press(form, 'Cancel');
    expect(await page.getByRole('row').filter({ hasText: 'broken' }).count()).toBe(0);
  });
});
