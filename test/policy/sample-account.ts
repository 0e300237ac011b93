/** An account with one certificate, one key and one address rule, for pure decisions; each test changes what it is about. */

import type { AddressRule, ApiKey, Certificate, WrittenPolicy } from '../../src/policy/account.ts';
import { compileAddresses } from '../../src/policy/addresses.ts';
import { PolicyBook } from '../../src/policy/book.ts';
import { type Address, parseAddress } from '../../src/policy/cidr.ts';
import { type PackedAccount, packAccount } from '../../src/policy/packed-account.ts';

/** Epoch milliseconds of "now" in these tests: 2026-03-01 12:00 UTC. */
export const now = Date.UTC(2026, 2, 1, 12);
export const hourMs = 3_600_000;

export const certificate: Certificate = {
  id: 'certificate-1',
  name: 'laptop',
  serial: '01ab',
  fingerprint: 'f'.repeat(64),
  notBefore: now - 24 * hourMs,
  notAfter: now + 24 * hourMs,
  revokedAt: null,
};

export const key: ApiKey = {
  id: 'key-1',
  name: 'reader',
  kind: 'regular',
  digest: 'd'.repeat(64),
  scramStoredKey: Buffer.alloc(32, 1).toString('base64'),
  scramServerKey: Buffer.alloc(32, 2).toString('base64'),
  roleName: 'postern_demo_1',
  sealedRolePassword: 'v1.k1.x',
  nextSealedRolePassword: null,
  expiresAt: null,
  state: 'active',
};

export const rule = (cidr: string, expiresAt: number | null = null): AddressRule => ({
  cidr,
  label: '',
  expiresAt,
});

/** The address rules are compiled from `addressRules`. */
export const accountWith = (changes: Partial<Omit<WrittenPolicy, 'addresses'>> = {}): WrittenPolicy => {
  const addressRules = changes.addressRules ?? [rule('198.51.100.0/24')];
  return {
    id: 'account-1',
    name: 'demo',
    backend: 'main',
    database: 'demo_db',
    databaseAliases: ['maps'],
    enabled: true,
    clientCertificate: 'required',
    clientAuthentication: null,
    scramSalt: Buffer.alloc(16).toString('base64'),
    scramIterations: 4096,
    maxSessions: null,
    certificates: [certificate],
    keys: [key],
    ...changes,
    addressRules,
    addresses: compileAddresses(addressRules),
    unreadable: null,
  };
};

export const address = (text: string): Address => {
  const parsed = parseAddress(text);
  if (!parsed) throw new Error(`${text} is no address`);
  return parsed;
};

/** As the store would hand it out. */
export const packed = ({
  addressRules,
  addresses: _,
  unreadable: __,
  ...policy
}: WrittenPolicy): PackedAccount => packAccount(JSON.stringify(policy), addressRules);

export const bookOf = (...accounts: readonly WrittenPolicy[]): PolicyBook => {
  const book = new PolicyBook();
  book.replaceAll(accounts.map(packed));
  return book;
};
