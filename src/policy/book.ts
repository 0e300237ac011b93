/**
 * The policy of all accounts in memory: immutable values looked up by name, by id and by certificate fingerprint,
 * replaced one account at a time. Look-ups never wait; what they return is made for them, see `packed-account.ts`.
 */

import type { AccountOutline, AccountPolicy, Certificate } from './account.ts';
import { AdmittedNetworks } from './admitted-networks.ts';
import type { Address } from './cidr.ts';
import { type PackedAccount, unpackAccount } from './packed-account.ts';

export interface CertificateOwner {
  readonly account: AccountPolicy;
  readonly certificate: Certificate;
}

/** What the gate may ask. */
export interface PolicyView {
  outlineNamed(name: string): AccountOutline | undefined;
  accountWithId(id: string): AccountPolicy | undefined;
  /** @param fingerprint lower-case hex of SHA-256 over the DER */
  ownerOf(fingerprint: string): CertificateOwner | undefined;
  /** Whether the allowlist of any account admits the address. */
  admitsSomewhere(address: Address, nowMs: number): boolean;
}

const unpacked = (account: PackedAccount | undefined): AccountPolicy | undefined =>
  account && unpackAccount(account);

export class PolicyBook implements PolicyView {
  readonly #byName = new Map<string, PackedAccount>();
  readonly #byId = new Map<string, PackedAccount>();
  readonly #byFingerprint = new Map<string, PackedAccount>();
  readonly #networks = new AdmittedNetworks();

  get size(): number {
    return this.#byId.size;
  }

  outlineNamed(name: string): AccountOutline | undefined {
    return this.#byName.get(name);
  }

  accountWithId(id: string): AccountPolicy | undefined {
    return unpacked(this.#byId.get(id));
  }

  ownerOf(fingerprint: string): CertificateOwner | undefined {
    const account = unpacked(this.#byFingerprint.get(fingerprint));
    const certificate = account?.certificates.find((each) => each.fingerprint === fingerprint);
    return account && certificate && { account, certificate };
  }

  admitsSomewhere(address: Address, nowMs: number): boolean {
    return this.#networks.include(address, nowMs);
  }

  /** Makes the book hold exactly these accounts; returns the ids of all that were touched. */
  replaceAll(accounts: readonly PackedAccount[]): string[] {
    const present = new Set(accounts.map(({ id }) => id));
    const gone = [...this.#byId.keys()].filter((id) => !present.has(id));
    return this.apply(accounts, gone);
  }

  /** Brings changes in; returns the ids of the accounts that they touch. */
  apply(changed: readonly PackedAccount[], removed: readonly string[]): string[] {
    for (const id of removed) this.#remove(id);
    for (const account of changed) this.#replace(account);
    return [...removed, ...changed.map(({ id }) => id)];
  }

  #replace(account: PackedAccount): void {
    this.#remove(account.id);
    this.#byId.set(account.id, account);
    this.#byName.set(account.name, account);
    for (const fingerprint of account.fingerprints) this.#byFingerprint.set(fingerprint, account);
    this.#networks.add(account.networks);
  }

  #remove(accountId: string): void {
    const old = this.#byId.get(accountId);
    if (!old) return;
    this.#byId.delete(accountId);
    // Another account may already have its name, or a certificate that it had: leave that one alone.
    if (this.#byName.get(old.name) === old) this.#byName.delete(old.name);
    for (const fingerprint of old.fingerprints) {
      if (this.#byFingerprint.get(fingerprint) === old) this.#byFingerprint.delete(fingerprint);
    }
    this.#networks.remove(old.networks);
  }
}
