/** Whose attempts a gate records: those on accounts that it knows, and nothing that strangers can pile up. */

import { expect, it } from 'vitest';
import { createAuthority } from '../../src/authority/create.ts';
import { revokeCertificate } from '../../src/control/certificates.ts';
import { findAccount } from '../../src/store/accounts.ts';
import { listAttempts } from '../../src/store/attempts.ts';
import { pollUntil } from '../support/poll.ts';
import { startup } from '../support/raw-messages.ts';
import { makeCertificate } from './certificate-fixture.ts';
import { gateUnderTest } from './gate-fixture.ts';

const gate = gateUnderTest();

it('strangers leave log lines and no attempts; who shows a certificate of an account, even a revoked one, does', async () => {
  const { account, context, store } = gate.postern;
  const authority = await createAuthority({ commonName: 'Elsewhere', validDays: 1 });
  const foreign = await makeCertificate({ commonName: account, authority });
  const none = { cert: undefined, key: undefined };

  const http = await gate.plain();
  http.send(Buffer.from('GET / HTTP/1.0\r\n\r\n'));
  await http.rest();
  for (const tls of [none, foreign]) await (await gate.greeted({}, { tls })).refusal();
  for (const reason of ['not-postgresql', 'certificate-missing', 'certificate-foreign'])
    await gate.logged({ reason });

  const lost = await gate.postern.createCertificate('lost');
  await revokeCertificate(context, account, 'lost', null);
  await gate.caughtUp();
  const client = await gate.secured({ cert: lost.certificate, key: lost.key });
  client.send(startup({ user: account, application_name: 'found' }));
  expect(await client.refusal()).toMatchObject({ sqlstate: '28000' });

  const attempts = await pollUntil(async () => {
    const found = await listAttempts(store.console, null, { limit: 10 });
    return found.length > 0 && found;
  });
  expect(attempts).toMatchObject([{ account, reason: 'certificate-revoked', applicationName: 'found' }]);
  expect(attempts[0]?.accountId).toBe((await findAccount(store.console, account))?.id);
  expect(attempts[0]?.certificateId).not.toBeNull();
  expect(await gate.logged({ reason: 'certificate-revoked' })).toMatchObject({
    account,
    certificateName: 'lost',
  });
});
