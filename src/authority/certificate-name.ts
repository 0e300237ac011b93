/**
 * The file name made of the name that people give a certificate, which may be in any language: this one goes into an
 * HTTP header and onto every operating system. Pure.
 */

const maximumLength = 64;

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
