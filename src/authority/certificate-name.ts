/**
 * The name that an account's owner gives a certificate, and the file name made of it. Pure. The first is shown to
 * people and may be in any language; the second goes into an HTTP header and onto every operating system.
 */

import { RequestError } from '../errors.ts';

const maximumLength = 64;

/**
 * Not for display: control and format characters (which can turn text around), surrogates, unassigned and private
 * code points, line and paragraph separators.
 */
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/u;

/** The trimmed name in Unicode form NFC, 1 to 64 characters. Throws RequestError if it is anything else. */
export const parseCertificateName = (text: string): string => {
  const name = text.trim().normalize('NFC');
  const { length } = [...name];
  if (length === 0) throw new RequestError('The certificate needs a name, for example "Laptop of Ann".');
  if (length > maximumLength) {
    throw new RequestError(`The certificate's name has ${length} characters: use at most ${maximumLength}.`);
  }
  if (unprintable.test(name)) {
    throw new RequestError(
      "The certificate's name contains control or invisible characters: use letters, digits, spaces and punctuation.",
    );
  }
  return name;
};

/** Device names that Windows takes for files, with any extension (Microsoft, "Naming Files, Paths, and Namespaces"). */
const reserved = /^(?:con|prn|aux|nul|conin|conout|clock|com\d|lpt\d)(?:\.|$)/i;

/**
 * A name of 1 to 64 characters out of `A–Z a–z 0–9 . _ -` that starts with a letter or digit, does not end with a
 * dot and means nothing special anywhere. Without extension. Different names may give the same file name.
 */
export const fileNameOf = (name: string): string => {
  const ascii = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[._-]+/, '')
    .slice(0, maximumLength)
    .replace(/[._-]+$/, '');
  if (ascii === '') return 'certificate';
  return reserved.test(ascii) ? `certificate-${ascii}`.slice(0, maximumLength).replace(/[._-]+$/, '') : ascii;
};
