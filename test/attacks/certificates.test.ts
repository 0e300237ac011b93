import 'reflect-metadata';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
} from '@peculiar/x509';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadAuthority } from '../../src/authority/files.ts';
import { type Authority, signWith } from '../../src/authority/sign.ts';
import { makeCertificate } from '../gate/certificate-fixture.ts';
import { gateUnderTest } from '../gate/gate-fixture.ts';
import { logIn } from '../support/raw-login.ts';
import { startup } from '../support/raw-messages.ts';
import { type CertificateAndKey, newKeyPair, selfMade } from './hostile-certificates.ts';

const gate = gateUnderTest();
let own: Authority;

beforeAll(async () => {
  const { certificateFile = '', keyFile = '' } = gate.postern.config.authority ?? {};
  own = await loadAuthority({ certificateFile, keyFile });
});

const refusalOf = async (tls: CertificateAndKey) => {
  const client = await gate.secured(tls);
  client.send(startup({ user: gate.postern.account }));
  return client.refusal();
};

/** Signed by the very authority that the gate trusts, which never recorded it. */
const signed = async (extensions: readonly Extension[], commonName = gate.postern.account) => {
  const { publicKey, key } = newKeyPair();
  const validity = { notBefore: Date.now() - 3_600_000, notAfter: Date.now() + 3_600_000 };
  return { cert: await signWith({ commonName, publicKey, validity, extensions }, own), key };
};

const forClients = () => new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]);

describe('a certificate that is not meant for logins', () => {
  it.each<[string, () => Promise<CertificateAndKey>]>([
    ['the authority itself', async () => ({ cert: own.certificatePem, key: own.privateKeyPem })],
    [
      'of servers',
      () => makeCertificate({ commonName: gate.postern.account, authority: own, usage: 'server' }),
    ],
    ['that signs code', () => signed([new ExtendedKeyUsageExtension([ExtendedKeyUsage.codeSigning])])],
    [
      'that may not sign anything',
      () => signed([forClients(), new KeyUsagesExtension(KeyUsageFlags.keyEncipherment, true)]),
    ],
    [
      'that may sign other certificates',
      () => signed([forClients(), new BasicConstraintsExtension(true, 0, true)]),
    ],
    ['that is as it should be, but not on record', () => signed([forClients()])],
    ['with the name in capitals', () => signed([forClients()], gate.postern.account.toUpperCase())],
  ])('lets nobody in: %s', async (_name, make) => {
    expect(await refusalOf(await make())).toMatchObject({ severity: 'FATAL', sqlstate: '28000' });
  });

  it('lets nobody in though the certificate of its account comes behind it in the chain', async () => {
    const { cert, key } = await selfMade(`CN=${gate.postern.account}`);
    const chain = { cert: `${cert}\n${gate.postern.files.certificate}`, key };
    expect(await refusalOf(chain)).toMatchObject({
      sqlstate: '28000',
      message: 'The client certificate was not issued by this Postern.',
    });
  });
});

describe('a certificate that its holder made to do harm', () => {
  it.each([
    ['names that would break a line', 'CN="a\nb\r\n\u001b[2J"'],
    ['names in JSON', 'CN="\\",\\"outcome\\":\\"admitted"'],
    ['names that turn text around', 'CN=\u202eadmin\u2066'],
    ['many names, one of them the account', 'CN=other+CN=account'],
    ['no name at all', 'O=nobody'],
    ['the name of what objects inherit', 'CN=__proto__'],
  ])('is only refused: %s', async (_name, name) => {
    const refusal = await refusalOf(await selfMade(name.replace('account', gate.postern.account)));
    expect(refusal).toMatchObject({
      sqlstate: '28000',
      message: 'The client certificate was not issued by this Postern.',
    });
    const line = await gate.logged({ reason: 'certificate-foreign' });
    expect(JSON.stringify(line)).not.toMatch(/admitted|\u202e|__proto__/);
  });

  it('is only refused when it is as long as TLS takes', async () => {
    const { sqlstate } = await refusalOf(await selfMade('CN=long', 60_000));
    expect(sqlstate).toBe('28000');
  });

  it.each([
    ['longer than TLS takes', async () => selfMade('CN=longer', 200_000)],
    [
      'with a chain without end',
      async () => {
        const { cert, key } = await selfMade('CN=chain', 5_000);
        return { cert: `${cert}\n`.repeat(40), key };
      },
    ],
  ])('ends with an alert before it takes memory: %s', async (_name, make) => {
    // In TLS 1.3 the client has finished before the server reads its certificate.
    const outcome = gate.secured(await make()).then((client) => client.rest());
    await expect(outcome).rejects.toThrow(/alert/);
    await gate.logged({ reason: 'tls-failed', stage: 'encrypt' });
  });

  it('changes nothing for who comes next', async () => {
    const client = await gate.greeted();
    await logIn(client, gate.postern.readerKey);
  });
});
