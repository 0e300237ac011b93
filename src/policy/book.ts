/**
 * The policy of all accounts in memory: frozen values looked up by name, by id and by certificate fingerprint,
 * replaced one account at a time. Look-ups never wait and never allocate.
 */

import type { AccountPolicy, Certificate } from './account.ts';
import { type Address, admittedUntil } from './addresses.ts';

export interface CertificateOwner {
  readonly account: AccountPolicy;
  readonly certificate: Certificate;
}

/** What the gate may ask. */
export interface PolicyView {
  accountNamed(name: string): AccountPolicy | undefined;
  accountWithId(id: string): AccountPolicy | undefined;
  /** @param fingerprint lower-case hex of SHA-256 over the DER */
  ownerOf(fingerprint: string): CertificateOwner | undefined;
  /** Whether the allowlist of any account admits the address. Looks at every account. */
  admitsSomewhere(address: Address, nowMs: number): boolean;
}

export class PolicyBook implements PolicyView {
  readonly #byName = new Map<string, AccountPolicy>();
  readonly #byId = new Map<string, AccountPolicy>();
  readonly #byFingerprint = new Map<string, CertificateOwner>();

  get size(): number {
    return this.#byId.size;
  }

  accountNamed(name: string): AccountPolicy | undefined {
    return this.#byName.get(name);
  }

  accountWithId(id: string): AccountPolicy | undefined {
    return this.#byId.get(id);
  }

  ownerOf(fingerprint: string): CertificateOwner | undefined {
    return this.#byFingerprint.get(fingerprint);
  }

  admitsSomewhere(address: Address, nowMs: number): boolean {
    return this.#byId.values().some(({ addresses }) => admittedUntil(addresses, address) > nowMs);
  }

  /** Makes the book hold exactly these accounts; returns the ids of all that were touched. */
  replaceAll(accounts: readonly AccountPolicy[]): string[] {
    const present = new Set(accounts.map(({ id }) => id));
    const gone = [...this.#byId.keys()].filter((id) => !present.has(id));
    return this.apply(accounts, gone);
  }

  /** Brings changes in; returns the ids of the accounts that they touch. */
  apply(changed: readonly AccountPolicy[], removed: readonly string[]): string[] {
    for (const id of removed) this.#remove(id);
    for (const account of changed) this.#replace(account);
    return [...removed, ...changed.map(({ id }) => id)];
  }

  #replace(account: AccountPolicy): void {
    this.#remove(account.id);
    this.#byId.set(account.id, account);
    this.#byName.set(account.name, account);
    for (const certificate of account.certificates) {
      this.#byFingerprint.set(certificate.fingerprint, { account, certificate });
    }
  }

  #remove(accountId: string): void {
    const old = this.#byId.get(accountId);
    if (!old) return;
    this.#byId.delete(accountId);
    // A new account may already carry the name of one that was deleted: leave that one alone.
    if (this.#byName.get(old.name) === old) this.#byName.delete(old.name);
    for (const { fingerprint } of old.certificates) this.#byFingerprint.delete(fingerprint);
  }
}
