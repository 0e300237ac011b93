/**
 * The text of an API key: `pst_<kind letter>_<27 random characters>_<6 characters of checksum>`, base62 throughout.
 * The prefix is what secret scanners look for; the checksum catches typing and copying mistakes before any look-up
 * and proves nothing else. Whoever has the text has the key: it must never be logged or stored, only its digest.
 */

import { createHash, randomBytes } from 'node:crypto';
import type { KeyKind } from './account.ts';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const kindLetters = { master: 'm', default_public: 'p', regular: 'r' } as const satisfies Record<
  KeyKind,
  string
>;

/** 62^27 > 2^160. */
const randomLength = 27;
/** 62^6 > 2^32. */
const checksumLength = 6;
const shape = new RegExp(`^(pst_([mpr])_[0-9A-Za-z]{${randomLength}})_([0-9A-Za-z]{${checksumLength}})$`);

/** A new key of this kind with 160 bits of randomness. Shown once; keep `digestOf` and `hintOf` of it. */
export function createKeyText(kind: KeyKind): string {
  const body = `pst_${kindLetters[kind]}_${randomText(randomLength)}`;
  return `${body}_${checksumOf(body)}`;
}

/** What the text says about itself, or null when it cannot be a key: wrong shape or wrong checksum. */
export function parseKeyText(text: string): { readonly kind: KeyKind } | null {
  const [, body, letter, checksum] = shape.exec(text) ?? [];
  if (body === undefined || checksumOf(body) !== checksum) return null;
  for (const kind of Object.keys(kindLetters) as KeyKind[]) if (kindLetters[kind] === letter) return { kind };
  return null;
}

/** SHA-256 over the whole text, lower-case hex. Enough without a slow hash: the text has 160 random bits. */
export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The last four characters, by which people tell their keys apart; they belong to the checksum, not the secret. */
export const hintOf = (text: string): string => text.slice(-4);

/** The text with every key in it, also a mistyped one, cut to its prefix: people paste keys into the wrong field. */
export const withoutKeys = (text: string): string => text.replace(/pst_[mpr]_[0-9A-Za-z_]*/g, 'pst_…');

/** The first 32 bits of SHA-256 as a number in base62, most significant digit first. */
function checksumOf(body: string): string {
  let rest = createHash('sha256').update(body).digest().readUInt32BE(0);
  let text = '';
  for (let digit = 0; digit < checksumLength; digit += 1) {
    text = alphabet.charAt(rest % 62) + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}

function randomText(length: number): string {
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length * 2)) {
      // 248 = 4 · 62: larger bytes would make the first characters of the alphabet more likely.
      if (byte < 248 && text.length < length) text += alphabet.charAt(byte % 62);
    }
  }
  return text;
}
