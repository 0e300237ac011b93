/**
 * Issues client certificates: for a key made here, or for a certificate signing request whose key stays with its
 * owner. The CN is the account's name and nothing the holder wrote. A generated private key exists only in the
 * returned value; recording the certificate is for `control/`.
 */

import 'reflect-metadata';
import { generateKeyPair, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
} from '@peculiar/x509';
import { RequestError } from '../errors.ts';
import { type ClientKey, parseClientRequest } from './request.ts';
import { type Authority, signWith } from './sign.ts';
import { validityFor, validityOf, within } from './validity.ts';

const generateKeyPairAsync = promisify(generateKeyPair);

export interface IssuedCertificate {
  /** The leaf alone. */
  readonly certificatePem: string;
  /** Lower-case hex, no separators: the serial number, and SHA-256 over the DER. As in `policy/account.ts`. */
  readonly serial: string;
  readonly fingerprint: string;
  /** Epoch milliseconds. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** The account's name. */
  readonly commonName: string;
}

export interface ClientPrivateKey {
  /** `BEGIN RSA PRIVATE KEY`, unencrypted: libpq and everything on it. */
  readonly pkcs1Pem: string;
  /** PKCS#8, DER, unencrypted: JDBC. */
  readonly pkcs8Der: Buffer;
}

export interface IssueOptions {
  readonly authority: Authority;
  readonly accountName: string;
  /** Validity in days, 1 to `maximumDays`; shorter if the authority itself ends sooner. */
  readonly days: number;
  readonly maximumDays: number;
  readonly now?: number;
}

/** Serial number and fingerprint in the one notation that store, policy and gate compare. */
export const identityOf = (certificate: X509Certificate): { serial: string; fingerprint: string } => ({
  serial: certificate.serialNumber.toLowerCase(),
  fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
});

const checkDays = ({ days, maximumDays }: IssueOptions): void => {
  if (!Number.isInteger(days) || days < 1 || days > maximumDays) {
    throw new RequestError(
      `A certificate can be valid for 1 to ${maximumDays} whole days, not for ${days}: choose a number in that range.`,
    );
  }
};

const issue = async (options: IssueOptions, key: ClientKey): Promise<IssuedCertificate> => {
  const now = options.now ?? Date.now();
  const issuer = validityOf(new X509Certificate(options.authority.certificatePem));
  // keyEncipherment is for the RSA key exchange of old TLS 1.2 clients; for EC keys it has no meaning.
  const usages =
    key.kind === 'rsa'
      ? KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment
      : KeyUsageFlags.digitalSignature;
  const certificatePem = await signWith(
    {
      commonName: options.accountName,
      publicKey: key.publicKey,
      validity: within(validityFor(options.days, now), issuer, now),
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(usages, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
      ],
    },
    options.authority,
  );
  const certificate = new X509Certificate(certificatePem);
  return {
    certificatePem,
    ...identityOf(certificate),
    ...validityOf(certificate),
    commonName: options.accountName,
  };
};

/**
 * A certificate with a new RSA 2048 key: RSA because every client of the last fifteen years reads its PKCS#1 form.
 * Throws RequestError if `days` is out of range or the authority is not valid now.
 */
export const issueClientCertificate = async (
  options: IssueOptions,
): Promise<{ certificate: IssuedCertificate; privateKey: ClientPrivateKey }> => {
  checkDays(options);
  const { publicKey, privateKey } = await generateKeyPairAsync('rsa', { modulusLength: 2048 });
  const certificate = await issue(options, {
    publicKey: publicKey.export({ type: 'spki', format: 'der' }),
    kind: 'rsa',
  });
  return {
    certificate,
    privateKey: {
      pkcs1Pem: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
      pkcs8Der: privateKey.export({ type: 'pkcs8', format: 'der' }),
    },
  };
};

/**
 * A certificate for the key of a signing request (PKCS#10, PEM or DER). Subject and extensions of the request are
 * ignored. Throws RequestError for what `parseClientRequest` and `issueClientCertificate` refuse.
 */
export const signClientRequest = async (
  options: IssueOptions & { readonly csr: string | Buffer },
): Promise<IssuedCertificate> => {
  checkDays(options);
  return issue(options, await parseClientRequest(options.csr));
};
