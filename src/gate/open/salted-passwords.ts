/**
 * Salted passwords of scoped roles (RFC 5802 §3, SaltedPassword): 4096 PBKDF2 rounds, about 1 ms of blocked event loop
 * per login, are computed once per role instead. Bounded; never leaves memory.
 */

import { saltPassword } from '../../wire/scram-keys.ts';

const places = 10_000;

export class SaltedPasswords {
  readonly #byRole = new Map<string, Buffer>();

  /** @param role names the role and its sealed password, so that a new password gets a new entry */
  of(role: string, password: string, salt: Buffer, iterations: number): Buffer {
    const entry = `${role} ${iterations} ${salt.toString('base64')}`;
    const known = this.#byRole.get(entry);
    if (known) return known;
    const salted = saltPassword(password, salt, iterations);
    if (this.#byRole.size >= places) this.#byRole.clear();
    this.#byRole.set(entry, salted);
    return salted;
  }
}
