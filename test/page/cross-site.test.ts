/** Pages of other origins in the browser of somebody who is signed in: they change nothing, and show nothing. */

import { describe, expect, it } from 'vitest';
import { listAddressRules } from '../../src/control/address-rules.ts';
import { chromiumMissing } from '../support/browser.ts';
import { eventually } from './eventually.ts';
import { startOtherSite } from './other-origins.ts';
import { pageUnderTest } from './page-fixture.ts';

/** Each runs on the page of another origin; `path` and `json` are there. Those that cannot be sent at all throw. */
const attempts: readonly [string, string][] = [
  ['a form', 'submitForm(url, json)'],
  [
    'a request without permission to read the answer',
    `fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'include', body: json })`,
  ],
  [
    'a request with JSON',
    `fetch(url, { method: 'POST', credentials: 'include', body: json, headers: { 'content-type': 'application/json' } })`,
  ],
  ['a beacon', `navigator.sendBeacon(url, new Blob([json], { type: 'text/plain' }))`],
];

/** A form whose field, as text/plain, makes the JSON; its answer goes into a frame, so that the page stays. */
const submitForm = `const submitForm = (url, json) => new Promise((resolve) => {
  const frame = document.createElement('iframe');
  frame.name = 'answer';
  const form = document.createElement('form');
  Object.assign(form, { method: 'post', enctype: 'text/plain', action: url, target: 'answer' });
  const field = document.createElement('input');
  field.name = json.slice(0, -2) + '","ignored":"';
  field.value = '"}';
  form.append(field);
  document.body.append(frame, form);
  let loads = 0;
  frame.onload = () => resolve(loads += 1);
  form.submit();
});`;

describe.skipIf(chromiumMissing)('a page of another origin', () => {
  const under = pageUnderTest();
  const cidrs = async () => {
    const rules = await listAddressRules(under.postern.context, under.postern.account);
    return rules.map(({ cidr }) => cidr).sort();
  };

  const refused = () =>
    under.postern
      .logLines()
      .filter(({ route, method }) => route === '/api/v1/address-rules' && method === 'POST')
      .filter(({ status }) => status === 403).length;

  // Another port of the same host is the same site: SameSite=Strict lets the cookie through, the console must not.
  it.each([
    ['localhost', '198.51.100.66'],
    ['127.0.0.1', '198.51.100.67'],
  ])('at %s can change nothing by the visitor’s session', async (host, cidr) => {
    const { page } = await under.openAs(undefined, { expected: /./ });
    const before = await cidrs();
    const refusedBefore = refused();
    const url = `${under.origin}/api/v1/address-rules`;
    const other = await page.context().newPage();
    await other.goto(`http://${host}:${await startOtherSite()}/`);
    for (const [what, attempt] of attempts) {
      const json = JSON.stringify({ cidr, label: what });
      const told = { url: JSON.stringify(url), json: JSON.stringify(json) };
      await other
        .evaluate(`(async () => { ${submitForm} const url = ${told.url}; const json = ${told.json};
          await ${attempt}; })()`)
        .catch(() => undefined);
    }
    // All arrive but the one for which the browser asks permission first.
    await eventually(() => refused() - refusedBefore).toBe(3);
    expect(await cidrs()).toEqual(before);

    // The same from the console's own page works, so it was the origin that was refused.
    const json = JSON.stringify(JSON.stringify({ cidr, label: 'from here' }));
    const status = await page.evaluate(
      `fetch('/api/v1/address-rules', { method: 'POST', body: ${json},
        headers: { 'content-type': 'application/json' } }).then(({ status }) => status)`,
    );
    expect([status, await cidrs()]).toEqual([201, [...before, `${cidr}/32`].sort()]);
  });

  it('can read nothing, and cannot frame the console', async () => {
    const { page } = await under.openAs(undefined, { expected: /./ });
    const other = await page.context().newPage();
    await other.goto(`http://localhost:${await startOtherSite()}/`);
    const read = await other
      .evaluate(
        `fetch('${under.origin}/api/v1/api-keys', { credentials: 'include' }).then((answer) => answer.text())`,
      )
      .catch((error: Error) => error.message);
    expect(read).toContain('Failed to fetch');

    await other.evaluate(`new Promise((resolve) => {
      const frame = document.createElement('iframe');
      frame.src = '${under.origin}';
      frame.onload = resolve;
      document.body.append(frame);
    })`);
    const framed = other.frames().find((frame) => frame !== other.mainFrame());
    expect(await framed?.getByText('Connections').count()).toBe(0);
  });
});
