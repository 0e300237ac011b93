/**
 * Seals the passwords of scoped roles for the store: AES-256-GCM, text form `v1.<sealing key's id>.<base64url of
 * nonce, tag and ciphertext>`. The associated data (the API key's id) is not in the text: a sealed password that is
 * copied to another row does not open. Never puts a secret into an error.
 */

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

export interface SealingKey {
  /** Letters and digits; stands in every text that it seals. */
  readonly id: string;
  /** 32 bytes. */
  readonly key: Buffer;
}

export interface Sealer {
  seal(text: string, associatedData: string): string;
  /** @throws Error when the sealing key is missing, or text or associated data are not what was sealed */
  open(sealed: string, associatedData: string): string;
  /** Sealed with the key that `seal` uses; false: open it and seal it anew before the old key goes away. */
  isCurrent(sealed: string): boolean;
  /** Of the keys that open, the one that seals first. */
  readonly keyIds: readonly string[];
  /** The sealing key that a text names, configured or not; null: it is no sealed text. */
  keyIdOf(sealed: string): string | null;
}

const algorithm = 'aes-256-gcm';
/** NIST SP 800-38D §8.2: 96 bits; random ones are good for 2^32 texts per key. */
const nonceBytes = 12;
const tagBytes = 16;
const shape = /^v1\.([A-Za-z0-9]+)\.([A-Za-z0-9_-]+)$/;

/** @param keys the first one seals, all of them open: for changing keys one after the other */
export function createSealer(keys: readonly SealingKey[]): Sealer {
  const [current] = keys;
  if (current === undefined) throw new Error('At least one sealing key is needed.');
  const keyIdOf = (sealed: string): string | null => shape.exec(sealed)?.[1] ?? null;
  return {
    keyIds: keys.map(({ id }) => id),
    keyIdOf,
    seal: (text, associatedData) => {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, current.key, nonce).setAAD(Buffer.from(associatedData));
      const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      const sealed = Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]);
      return `v1.${current.id}.${sealed.toString('base64url')}`;
    },
    open: (sealed, associatedData) => {
      const [, keyId, body] = shape.exec(sealed) ?? [];
      if (keyId === undefined || body === undefined) throw new Error('A sealed text is malformed.');
      const found = keys.find(({ id }) => id === keyId);
      if (found === undefined) {
        throw new Error(`A text was sealed with the sealing key "${keyId}", which is not configured.`);
      }
      return openWith(found, Buffer.from(body, 'base64url'), associatedData);
    },
    isCurrent: (sealed) => keyIdOf(sealed) === current.id,
  };
}

function openWith({ id, key }: SealingKey, bytes: Buffer, associatedData: string): string {
  const nonce = bytes.subarray(0, nonceBytes);
  const tag = bytes.subarray(nonceBytes, nonceBytes + tagBytes);
  try {
    const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes })
      .setAAD(Buffer.from(associatedData))
      .setAuthTag(tag);
    const text = decipher.update(bytes.subarray(nonceBytes + tagBytes));
    return Buffer.concat([text, decipher.final()]).toString('utf8');
  } catch {
    throw new Error(
      `A text sealed with the sealing key "${id}" does not open: the key's bytes or the row have changed.`,
    );
  }
}
