import { expect, it } from 'vitest';
import { changeAccount } from '../../src/control/accounts.ts';
import { addAddressRule, listAddressRules } from '../../src/control/address-rules.ts';
import { createKey, listKeys } from '../../src/control/api-keys.ts';
import { createCertificate, listCertificates, revokeCertificate } from '../../src/control/certificates.ts';
import { revokeKey } from '../../src/control/key-revocation.ts';
import { unzip } from '../authority/unzip.ts';
import { withControl } from '../control/control-fixture.ts';

const injections = [
  `'; DROP TABLE postern.accounts; --`,
  `"; DROP ROLE postgres; --`,
  `\\'; SELECT pg_sleep(60); --`,
  '$$; DROP SCHEMA postern CASCADE; $$',
  '%s %I $1 {0}',
  '__proto__',
];

it.each(injections)('%s as name of a key, label, alias and reason is text and nothing else', (text) =>
  withControl(async ({ context, account, ownedStore, backend }) => {
    const { name } = account;
    const rule = await addAddressRule(context, name, { cidr: '192.0.2.1', label: text, expiresAt: null });
    expect(rule.label).toBe(text);
    const wish = {
      name: text,
      kind: 'regular',
      grants: ['select on public.roads'],
      expiresAt: null,
    } as const;
    const { key } = await createKey(context, name, wish);
    expect(key).toMatchObject({ name: text, roleName: expect.stringMatching(/^postern_[a-z0-9_-]+$/) });
    await changeAccount(context, name, { databaseAliases: [text] });
    await createCertificate(context, name, { name: text, days: 1, csr: null });
    await revokeCertificate(context, name, text, text);
    await revokeKey(context, name, text, text);

    expect((await listAddressRules(context, name)).map(({ label }) => label)).toEqual([text]);
    expect((await listKeys(context, name)).map((each) => each.name)).toEqual([text]);
    expect(await listCertificates(context, name)).toMatchObject([{ name: text, revokeReason: text }]);
    const { rows } = await ownedStore.query('SELECT database_aliases AS aliases FROM postern.accounts');
    expect(rows).toEqual([{ aliases: [text] }]);
    expect(await backend.superuser('SELECT name FROM public.roads')).toEqual([{ name: 'A1' }]);
  }),
);

it.each([
  '../../etc/cron.d/postern',
  '..\\..\\Windows\\System32\\x',
  '/etc/passwd',
  'C:\\x',
  '....//....//x',
  '%2e%2e%2fx',
  'client.key',
  'CON',
  '~/.ssh/authorized_keys',
  '$(touch x)',
  '-rf',
])('a certificate named %s names no place in its ZIP, nor the ZIP itself', (name) =>
  withControl(async ({ context, account }) => {
    await addAddressRule(context, account.name, { cidr: '192.0.2.1', label: '', expiresAt: null });
    const { bundle, fileName } = await createCertificate(context, account.name, { name, days: 1, csr: null });
    expect(fileName).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._-]*\.zip$/);
    expect(fileName).not.toContain('..');
    expect(fileName.startsWith(account.name)).toBe(true);
    expect(
      unzip(bundle)
        .map((entry) => entry.name)
        .sort(),
    ).toEqual([
      'client.crt',
      'client.key',
      'client.key.pk8',
      'client.p12',
      'pg_service.conf',
      'readme.txt',
      'server_ca.pem',
    ]);
  }),
);
