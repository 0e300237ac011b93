/** Each lock by itself: what opens it, what keeps it closed, and in which words a client is told. */

import { describe, expect, test } from 'vitest';
import {
  accountVerdict,
  addressRuleVerdict,
  addressVerdict,
  certificateVerdict,
  keyVerdict,
  noAddressRuleVerdict,
  noCertificateVerdict,
  noKeyVerdict,
  revokedKeyVerdict,
  unreadableRulesVerdict,
  type Verdict,
} from '../../src/control/verdicts.ts';
import type { AddressRule, ApiKey, Certificate, WrittenPolicy } from '../../src/policy/account.ts';
import { compileAddresses } from '../../src/policy/addresses.ts';
import { parseAddress } from '../../src/policy/cidr.ts';

const now = Date.UTC(2027, 2, 1, 10, 0);
const day = 86_400_000;

const certificate = (given: Partial<Certificate> = {}): Certificate => ({
  id: 'c',
  name: 'laptop',
  serial: '01',
  fingerprint: 'ab',
  notBefore: now - day,
  notAfter: now + day,
  revokedAt: null,
  ...given,
});

const key = (given: Partial<ApiKey> = {}): ApiKey => ({
  id: 'k',
  name: 'qgis',
  kind: 'regular',
  digest: '',
  scramStoredKey: '',
  scramServerKey: '',
  roleName: 'postern_demo_1',
  sealedRolePassword: '',
  nextSealedRolePassword: null,
  expiresAt: null,
  state: 'active',
  ...given,
});

const rule = (cidr: string, label = '', expiresAt: number | null = null): AddressRule => ({
  cidr,
  label,
  expiresAt,
});

const account = (given: Partial<WrittenPolicy> = {}): WrittenPolicy => {
  const addressRules = given.addressRules ?? [];
  return {
    id: 'a',
    name: 'demo',
    backend: 'main',
    database: 'gis',
    databaseAliases: [],
    enabled: true,
    clientCertificate: 'required',
    clientAuthentication: null,
    scramSalt: '',
    scramIterations: 4096,
    maxSessions: null,
    addressRules,
    addresses: compileAddresses(addressRules),
    unreadable: null,
    certificates: [],
    keys: [],
    ...given,
  };
};

const withCertificate = (given: Partial<Certificate> = {}): Verdict => {
  const shown = certificate(given);
  return certificateVerdict(account({ certificates: [shown] }), shown, now);
};

const fromAddress = (text: string, ...addressRules: AddressRule[]): Verdict =>
  addressVerdict(account({ addressRules }), parseAddress(text) as Uint32Array, text, now);

const inOffice = rule('203.0.113.0/24', 'office');

describe('a lock', () => {
  test.each<{ what: string; verdict: Verdict; because: string; reason: string | null }>([
    { what: 'active account', verdict: accountVerdict(account()), because: 'It is active.', reason: null },
    {
      what: 'disabled account',
      verdict: accountVerdict(account({ enabled: false })),
      because: 'It is disabled.',
      reason: 'account-disabled',
    },
    {
      what: 'valid certificate',
      verdict: withCertificate(),
      because: 'It is valid until 2027-03-02 10:00 UTC.',
      reason: null,
    },
    {
      what: 'expired certificate',
      verdict: withCertificate({ notAfter: now }),
      because: 'It expired on 2027-03-01 10:00 UTC.',
      reason: 'certificate-expired',
    },
    {
      what: 'certificate that expired so long ago that no gate knows it',
      verdict: certificateVerdict(account(), certificate({ notAfter: now - 100 * day }), now),
      because: 'It expired on 2026-11-21 10:00 UTC.',
      reason: 'certificate-expired',
    },
    {
      what: 'certificate from the future',
      verdict: withCertificate({ notBefore: now + 1 }),
      because: 'It is not valid before 2027-03-01 10:00 UTC.',
      reason: 'certificate-not-yet-valid',
    },
    {
      what: 'revoked certificate',
      verdict: withCertificate({ revokedAt: now - day }),
      because: 'It was revoked on 2027-02-28 10:00 UTC.',
      reason: 'certificate-revoked',
    },
    {
      what: 'revoked and expired certificate, of which OpenSSL sees the expiry',
      verdict: withCertificate({ revokedAt: now - day, notAfter: now }),
      because: 'It expired on 2027-03-01 10:00 UTC.',
      reason: 'certificate-expired',
    },
    {
      what: 'no certificate where one is needed',
      verdict: noCertificateVerdict(account()),
      because: 'The account needs a certificate and has none.',
      reason: 'certificate-missing',
    },
    {
      what: 'no certificate where none is needed',
      verdict: noCertificateVerdict(account({ clientCertificate: 'optional' })),
      because: 'The account can be used without a certificate.',
      reason: null,
    },
    {
      what: 'covered address',
      verdict: fromAddress('203.0.113.7', inOffice, rule('198.51.100.0/24')),
      because: 'The rule 203.0.113.0/24 "office" admits it.',
      reason: null,
    },
    {
      what: 'address under two rules, of which the longer lasting decides',
      verdict: fromAddress('203.0.113.7', rule('203.0.113.7/32', 'guest', now - 1), inOffice),
      because: 'The rule 203.0.113.0/24 "office" admits it.',
      reason: null,
    },
    {
      what: 'address under an expired rule',
      verdict: fromAddress('2001:db8::7', rule('2001:db8::/32', 'guest', now - day)),
      because: 'The rule 2001:db8::/32 "guest" covers it, but expired on 2027-02-28 10:00 UTC.',
      reason: 'address-refused',
    },
    {
      what: 'address under no rule',
      verdict: fromAddress('192.0.2.1', inOffice, rule('198.51.100.0/24')),
      because: 'None of the 2 address rules covers it.',
      reason: 'address-refused',
    },
    {
      what: 'address and an empty allowlist',
      verdict: fromAddress('192.0.2.1'),
      because: 'The allowlist is empty.',
      reason: 'address-refused',
    },
    {
      what: 'rule in force',
      verdict: addressRuleVerdict(account(), rule('192.0.2.0/24', '', now + day), now),
      because: 'The rule 192.0.2.0/24 is in force until 2027-03-02 10:00 UTC.',
      reason: null,
    },
    {
      what: 'rule that expired',
      verdict: addressRuleVerdict(account(), rule('192.0.2.0/24', '', now), now),
      because: 'The rule 192.0.2.0/24 expired on 2027-03-01 10:00 UTC.',
      reason: 'address-refused',
    },
    {
      what: 'no rule at all',
      verdict: noAddressRuleVerdict(account(), now),
      because: 'The allowlist is empty.',
      reason: 'address-refused',
    },
    {
      what: 'rules of which one cannot be read',
      verdict: unreadableRulesVerdict(account(), '"nonsense" is not a CIDR.', null, now),
      because: '"nonsense" is not a CIDR.',
      reason: 'address-refused',
    },
    {
      what: 'active key',
      verdict: keyVerdict(account(), key({ expiresAt: now + day }), now),
      because: 'It is an active regular key until 2027-03-02 10:00 UTC.',
      reason: null,
    },
    {
      what: 'expired key',
      verdict: keyVerdict(account(), key({ expiresAt: now }), now),
      because: 'It expired on 2027-03-01 10:00 UTC.',
      reason: 'key-wrong',
    },
    {
      what: 'key that is being made',
      verdict: keyVerdict(account(), key({ state: 'provisioning' }), now),
      because: 'It is not active but provisioning.',
      reason: 'key-wrong',
    },
    {
      what: 'revoked key',
      verdict: revokedKeyVerdict(account(), 'qgis', new Date(now - day)),
      because: 'It was revoked on 2027-02-28 10:00 UTC.',
      reason: 'key-wrong',
    },
    {
      what: 'no key',
      verdict: noKeyVerdict(account()),
      because: 'The account has no API key.',
      reason: 'key-wrong',
    },
  ])('$what', ({ verdict, because, reason }) => {
    expect(verdict).toMatchObject({ opens: reason === null, because });
    expect(verdict.told?.reason ?? null).toBe(reason);
  });

  test('tells the sentence, SQLSTATE and hint of the table', () => {
    expect(fromAddress('192.0.2.1').told).toEqual({
      reason: 'address-refused',
      sqlstate: '28000',
      message: 'The address 192.0.2.1 is not in the allowlist of the account "demo".',
      hint: 'Ask the owner of the account to add this address under Settings › Connections.',
    });
  });
});
