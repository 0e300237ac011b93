/** What Postern calls the CAs that it makes, and knows them by. */

import { randomBytes, type X509Certificate } from 'node:crypto';

export type AuthorityKind = 'client' | 'server';

/** Trust stores and TLS clients look an issuer up by its name: no two CAs may share one. */
export const newAuthoritySuffix = (): string => randomBytes(4).toString('hex');

export const authorityName = (kind: AuthorityKind, suffix = newAuthoritySuffix()): string =>
  `Postern ${kind} CA ${suffix}`;

/** The common name, else whatever the certificate calls its holder. */
export const commonNameOf = ({ subject }: Pick<X509Certificate, 'subject'>): string =>
  /^CN=(.*)$/m.exec(subject)?.[1] ?? subject.replaceAll('\n', ', ');

/** Made by `postern ca create` or `postern rotate`, and not by an operator's own CA. */
export const isOwnAuthority = (kind: AuthorityKind, certificate: X509Certificate): boolean =>
  certificate.ca && new RegExp(`^Postern ${kind} CA [0-9a-f]{8}$`).test(commonNameOf(certificate));
