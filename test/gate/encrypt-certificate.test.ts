import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthority } from '../../src/authority/create.ts';
import { loadAuthority } from '../../src/authority/files.ts';
import type { Authority } from '../../src/authority/sign.ts';
import { disableAccount, enableAccount } from '../../src/control/accounts.ts';
import { revokeCertificate } from '../../src/control/certificates.ts';
import { pollUntil } from '../support/poll.ts';
import { logIn } from '../support/raw-login.ts';
import { startup } from '../support/raw-messages.ts';
import { type CertificateWish, makeCertificate, makeNumberedCertificate } from './certificate-fixture.ts';
import { gateUnderTest } from './gate-fixture.ts';
import { addSecondAccount, type SecondAccount } from './second-account.ts';

const gate = gateUnderTest();
const foreign = await createAuthority({ commonName: 'Postern client CA', validDays: 1 });
let own: Authority;
let second: SecondAccount;

beforeAll(async () => {
  const { certificateFile = '', keyFile = '' } = gate.postern.config.authority ?? {};
  own = await loadAuthority({ certificateFile, keyFile });
  second = await addSecondAccount(gate.postern);
});
afterAll(() => second?.drop());

const notIssued = 'The client certificate was not issued by this Postern.';

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('over %s', (version) => {
  const versions = { minVersion: version, maxVersion: version };
  const refusalOf = async (
    certificate: { cert: string; key: string } | null,
    user = gate.postern.account,
  ) => {
    const client = await gate.secured({
      ...versions,
      ...(certificate ?? { cert: undefined, key: undefined }),
    });
    client.send(startup({ user }));
    return client.refusal();
  };

  it('a client with a certificate of the account is let in', async () => {
    const client = await gate.secured(versions);
    client.send(startup({ user: gate.postern.account }));
    await logIn(client, gate.postern.readerKey);
    expect(client.tls.getProtocol()).toBe(version);
  });

  it('a client without certificate is told so', async () => {
    expect(await refusalOf(null)).toMatchObject({
      severity: 'FATAL',
      sqlstate: '28000',
      message: 'The client sent no certificate.',
      detail: expect.stringContaining('no certificate'),
      hint: expect.stringContaining('sslcert'),
    });
  });

  it.each<[string, () => Omit<CertificateWish, 'commonName'>, string | RegExp]>([
    ['of an authority that only has the same name', () => ({ authority: foreign }), notIssued],
    ['that it signed itself', () => ({ authority: null }), notIssued],
    ['that is not on record here', () => ({ authority: own }), notIssued],
    [
      'that has expired',
      () => ({ authority: own, fromDays: -3, untilDays: -1 }),
      /^The client certificate expired on \d{4}-\d\d-\d\d \d\d:\d\d UTC\.$/,
    ],
    [
      'that is not valid yet',
      () => ({ authority: own, fromDays: 1, untilDays: 3 }),
      /^The client certificate is not valid before \d{4}-\d\d-\d\d \d\d:\d\d UTC\.$/,
    ],
    [
      'that is meant for servers',
      () => ({ authority: own, usage: 'server' }),
      'The certificate is not meant for TLS clients.',
    ],
  ])('a certificate %s is refused by its own sentence', async (_name, wish, message) => {
    const certificate = await makeCertificate({ commonName: gate.postern.account, ...wish() });
    const refusal = await refusalOf(certificate);
    expect(refusal).toMatchObject({
      sqlstate: '28000',
      detail: expect.stringMatching(/certificate [0-9a-f]{32}/),
    });
    expect(refusal.message).toMatch(message);
  });

  it("another account's certificate does not fit this user", async () => {
    expect(await refusalOf(second.tls)).toMatchObject({
      sqlstate: '28000',
      message: `The certificate belongs to the account "${second.name}" and not to the user "${gate.postern.account}".`,
    });
  });

  it('the server certificate does not make a client', async () => {
    const { certificateFile = '', keyFile = '' } = gate.postern.config.gate ?? {};
    const stolen = { cert: await readFile(certificateFile, 'utf8'), key: await readFile(keyFile, 'utf8') };
    expect(await refusalOf(stolen)).toMatchObject({ sqlstate: '28000' });
  });
});

describe('a certificate that was good', () => {
  it('is refused with the date once it was revoked', async () => {
    const { certificate, key } = await gate.postern.createCertificate('lost');
    const attempt = async () => {
      const client = await gate.secured({ cert: certificate, key });
      client.send(startup({ user: gate.postern.account }));
      return client;
    };
    await logIn(await attempt(), gate.postern.readerKey);
    await revokeCertificate(gate.postern.context, gate.postern.account, 'lost', null);
    const refusal = await pollUntil(async () => {
      const client = await attempt();
      const first = await client.readMessage();
      client.close();
      return first.type === 'E' ? (await attempt()).refusal() : null;
    });
    expect(refusal).toMatchObject({
      sqlstate: '28000',
      message: expect.stringMatching(/^The client certificate was revoked on .* UTC\.$/),
    });
  });

  it('is of no use while its account is disabled', async () => {
    const refusalOf = async () => {
      const client = await gate.secured(second.tls);
      client.send(startup({ user: second.name }));
      const first = await client.readThrough('RE');
      return first.at(-1)?.type === 'E' ? String(first.at(-1)?.body) : null;
    };
    expect(await refusalOf()).toBeNull();
    await disableAccount(gate.postern.context, second.name);
    const told = await pollUntil(refusalOf);
    expect(told).toContain(`The account "${second.name}" is disabled.`);
    expect(told).toContain('28000');
    await enableAccount(gate.postern.context, second.name);
    await pollUntil(async () => (await refusalOf()) === null);
  });
});

it('a serial number without end is cut to the forty hex digits that a real one may have', async () => {
  const serial = `4a${'5b'.repeat(2_000)}`;
  const client = await gate.secured(await makeNumberedCertificate(serial));
  client.send(startup({ user: gate.postern.account }));
  const { detail } = await client.refusal();
  expect(detail).toMatch(new RegExp(`, certificate ${serial.slice(0, 40)}\\.$`));
  await gate.logged({ reason: 'certificate-foreign', certificate: serial.slice(0, 40) });
});
