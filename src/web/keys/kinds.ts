/** The kinds of API keys, as people choose them. */

import type { KeyKind } from '../model.ts';

export const kindTitles: Readonly<Record<KeyKind, string>> = {
  regular: 'regular key',
  default_public: 'public key',
  master: 'master key',
};

export const kindHints: Readonly<Record<KeyKind, string>> = {
  regular: 'May do what you grant it below. The right choice for nearly every program.',
  default_public: 'May do what everybody with a key of this account may do. There is one per account.',
  master: 'May do everything that the account owns, and signs in to this page. Not for programs.',
};
