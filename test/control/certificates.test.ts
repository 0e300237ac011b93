import { X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import { disableAccount } from '../../src/control/accounts.ts';
import { addAddressRule, removeAddressRule } from '../../src/control/address-rules.ts';
import { createCertificate, listCertificates, revokeCertificate } from '../../src/control/certificates.ts';
import { listAudit } from '../../src/store/audit.ts';
import { withControl } from './control-fixture.ts';

const laptop = { name: 'Laptop of Ann', days: null, csr: null };
const anywhere = { cidr: '10.0.0.0/8', label: '', expiresAt: null };

it('a certificate is issued, recorded as it is in the bundle, and the private key is nowhere in the store', () =>
  withControl(async ({ context, account }) => {
    await addAddressRule(context, account.name, anywhere);
    const { certificate, bundle, files, fileName } = await createCertificate(context, account.name, laptop);
    expect(fileName).toBe(`${account.name}-Laptop-of-Ann.zip`);
    expect(bundle.subarray(0, 2).toString()).toBe('PK');
    const contentOf = (name: string) => files.find((file) => file.name === name)?.content.toString() ?? '';
    const issued = new X509Certificate(contentOf('client.crt'));
    expect(issued.subject).toBe(`CN=${account.name}`);
    expect(certificate).toMatchObject({
      name: laptop.name,
      fingerprintSha256: issued.fingerprint256.replaceAll(':', '').toLowerCase(),
      issuedFrom: 'key',
      revokedAt: null,
    });
    expect(certificate.notAfter.getTime() - certificate.notBefore.getTime()).toBeGreaterThan(29 * 86_400_000);
    expect(await listCertificates(context, account.name)).toEqual([certificate]);
    const [event] = await listAudit(context.store, { limit: 1 });
    expect(event).toMatchObject({ action: 'certificate.create', target: `${account.name}/${laptop.name}` });
    expect(JSON.stringify(event)).not.toContain('PRIVATE');
  }));

it('is refused without an address rule in force, for disabled accounts, too many days and used names', () =>
  withControl(async ({ context, account }) => {
    const create = (change = {}) => createCertificate(context, account.name, { ...laptop, ...change });
    await expect(create()).rejects.toThrow('has no address rule in force');
    await addAddressRule(context, account.name, { ...anywhere, expiresAt: new Date(Date.now() + 60_000) });
    const later = { ...context, now: () => Date.now() + 120_000 };
    await expect(createCertificate(later, account.name, laptop)).rejects.toThrow(
      'has no address rule in force',
    );
    await expect(create({ days: 61 })).rejects.toThrow('1 to 60 whole days');
    await expect(create({ days: 0 })).rejects.toThrow('1 to 60 whole days');
    await expect(create({ name: '' })).rejects.toThrow('needs a name');
    await expect(create({ csr: 'nonsense' })).rejects.toThrow();
    expect(await listCertificates(context, account.name)).toEqual([]);
    await create({ days: 60 });
    await expect(create()).rejects.toThrow('already has a certificate named');
    await removeAddressRule(context, account.name, anywhere.cidr);
    await expect(create({ name: 'other' })).rejects.toThrow('has no address rule in force');
    await disableAccount(context, account.name);
    await expect(create({ name: 'other' })).rejects.toThrow('is disabled');
    await expect(
      createCertificate({ ...context, clientAuthority: null }, account.name, laptop),
    ).rejects.toThrow('without an authority');
  }));

it('is revoked once, with the first reason', () =>
  withControl(async ({ context, account }) => {
    await addAddressRule(context, account.name, anywhere);
    await createCertificate(context, account.name, laptop);
    const revoked = await revokeCertificate(context, account.name, laptop.name, 'stolen');
    expect(revoked).toMatchObject({ revokeReason: 'stolen', revokedAt: expect.any(Date) });
    expect(await revokeCertificate(context, account.name, laptop.name, 'again')).toEqual(revoked);
    await expect(createCertificate(context, account.name, laptop)).rejects.toThrow(
      'already has a certificate',
    );
    await expect(revokeCertificate(context, account.name, 'other', null)).rejects.toThrow(
      'no certificate named',
    );
    const actions = (await listAudit(context.store, { limit: 9 })).map(({ action }) => action);
    expect(actions.filter((action) => action === 'certificate.revoke')).toHaveLength(1);
  }));
