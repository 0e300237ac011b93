/** What `greet` hands on comes from what `encrypt` proved, never from what was noted for the log. */

import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { beginFacts } from '../../src/gate/facts.ts';
import { greet } from '../../src/gate/greet/greet.ts';
import type { Secured } from '../../src/gate/values.ts';
import { accountWith, address, bookOf, certificate, now } from '../policy/sample-account.ts';
import { startup } from '../support/raw-messages.ts';

const shownAddress = '198.51.100.7';
const account = accountWith({ clientCertificate: 'optional' });
const policy = bookOf(account);

it.each([
  ['the certificate that was judged', { account, certificate }, certificate.id],
  ['no certificate where none was', null, null],
])('a session claims %s', async (_name, verdict, certificateId) => {
  const stream = new PassThrough();
  stream.write(startup({ user: account.name }));
  const secured = {
    kind: 'secured',
    verdict,
    line: { stream },
    login: { signal: new AbortController().signal },
    address: address(shownAddress),
    shownAddress,
  } as unknown as Secured;
  const facts = { ...beginFacts(shownAddress, 40_000, now), certificateId: 'only noted' };
  const hello = await greet(secured, facts, { policy, now: () => now, closedBecause: () => null });
  expect(hello).toMatchObject({ kind: 'hello', certificateId });
});
