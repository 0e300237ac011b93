/**
 * What a login asks the policy in memory, for random accounts: whose certificate, which user, whether the address is
 * allowed, and which key a password is. A process of its own loads the policy as a gate does and times each of it.
 */

import { readFile } from 'node:fs/promises';
import { PolicyBook } from '../../../src/policy/book.ts';
import type { Address } from '../../../src/policy/cidr.ts';
import { judgeAddress, judgeCertificate, judgeUser, keyOfPassword } from '../../../src/policy/judge.ts';
import { type PackedAccount, unpackAccount } from '../../../src/policy/packed-account.ts';
import { openDatabase } from '../../../src/postgres/database.ts';
import { loadPolicy } from '../../../src/store/policy.ts';
import { gateRole } from '../../../src/store/roles.ts';
import { quantile } from '../statistics.ts';

const logins = 200_000;

export interface LookUps {
  readonly accounts: number;
  /** Microseconds for all that one login asks. */
  readonly median: number;
  readonly p99: number;
}

const load = async (url: string): Promise<readonly PackedAccount[]> => {
  await using running = new AsyncDisposableStack();
  const database = openDatabase({ url, role: gateRole, applicationName: 'bench' });
  running.defer(() => database.close());
  return (await loadPolicy(database)).accounts;
};

interface Arriving {
  readonly name: string;
  readonly fingerprint: string;
  readonly address: Address;
}

/** Random customers, from an address that one of their rules is about. */
const arrivals = (accounts: readonly PackedAccount[]): Arriving[] =>
  Array.from({ length: logins }, () => {
    const packed = accounts[Math.floor(Math.random() * accounts.length)] as PackedAccount;
    const { name, addresses, certificates } = unpackAccount(packed);
    return {
      name,
      fingerprint: certificates[0]?.fingerprint ?? '',
      address: Uint32Array.of(addresses.v4[0] ?? 0),
    };
  });

const now = Date.now();
const accounts = await load((await readFile(process.argv[2] ?? '', 'utf8')).trim());
const book = new PolicyBook();
book.replaceAll(accounts);

const askFor = ({ name, fingerprint, address }: Arriving): boolean => {
  const presented = { fingerprint, commonName: name, notBefore: 0, notAfter: 0, chainError: null };
  const owner = judgeCertificate(presented, book, now);
  if (owner instanceof Error || judgeAddress(owner.account, address, '', now)) return false;
  const user = judgeUser(name, owner, book, address, now);
  // For the limit of its sessions, and once more when that is granted.
  for (let time = 0; time < 2; time += 1) book.accountWithId(owner.account.id);
  return !(user instanceof Error) && keyOfPassword(user.keys, name) === undefined;
};

const customers = accounts.filter(({ name }) => name.startsWith('customer-'));
const times = arrivals(customers).map((arriving) => {
  const beganAt = performance.now();
  if (!askFor(arriving)) throw new Error(`${arriving.name} was not found as it should be.`);
  return (performance.now() - beganAt) * 1_000;
});
const found: LookUps = {
  accounts: accounts.length,
  median: quantile(times, 0.5),
  p99: quantile(times, 0.99),
};
process.send?.(found);
process.disconnect?.();
