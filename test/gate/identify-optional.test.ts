import { beforeAll, describe, expect, it } from 'vitest';
import { createAuthority } from '../../src/authority/create.ts';
import { changeAccount } from '../../src/control/accounts.ts';
import { logIn } from '../support/raw-login.ts';
import type { ErrorFields } from '../support/raw-messages.ts';
import { makeCertificate } from './certificate-fixture.ts';
import { gateUnderTest, gateWith } from './gate-fixture.ts';
import { addSecondAccount } from './second-account.ts';

const gate = gateUnderTest({
  configure: gateWith({ trustedProxies: ['127.0.0.0/8'] }),
  allow: ['198.51.100.0/24'],
});
const tls = { cert: undefined, key: undefined };
const allowed = '198.51.100.20';
const foreign = '203.0.113.20';

beforeAll(async () => {
  await changeAccount(gate.postern.context, gate.postern.account, { clientCertificate: 'optional' });
  await gate.caughtUp();
});

const refusalOf = async (user: string, from: string): Promise<ErrorFields> => {
  const client = await gate.greeted({ user }, { from, tls });
  const refusal = await client.refusal();
  return { ...refusal, detail: refusal.detail.replace(/^Connection [0-9a-f]+/, 'Connection …') };
};

describe('an account that does without certificates', () => {
  it('is used without one from an allowed address', async () => {
    await logIn(await gate.greeted({}, { from: allowed, tls }), gate.postern.readerKey);
  });

  it('is used with one just as well', async () => {
    await logIn(await gate.greeted({}, { from: allowed }), gate.postern.readerKey);
  });

  it('refuses a certificate of somebody else all the same', async () => {
    const authority = await createAuthority({ commonName: 'Elsewhere', validDays: 1 });
    const certificate = await makeCertificate({ commonName: gate.postern.account, authority });
    const client = await gate.greeted({}, { from: allowed, tls: certificate });
    expect(await client.refusal()).toMatchObject({ sqlstate: '28000' });
  });

  it('cannot be told from one that does not exist, from a foreign address', async () => {
    const known = await refusalOf(gate.postern.account, foreign);
    expect(known).toMatchObject({ sqlstate: '28000', message: 'The client sent no certificate.' });
    expect(known).toEqual(await refusalOf('nobody-of-this-name', foreign));
  });

  it('does not open the way to accounts that need one', async () => {
    const second = await addSecondAccount(gate.postern);
    await gate.caughtUp();
    const known = await refusalOf(second.name, allowed);
    expect(known).toEqual(await refusalOf('nobody-of-this-name', allowed));
    await second.drop();
  });
});
