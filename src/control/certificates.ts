/**
 * Client certificates of an account: issue, list, revoke. Everything is checked before a key is made, and the bundle
 * is built before the certificate is recorded: what the store knows could be delivered, what it does not know opens
 * nothing. The private key exists only in the returned bundle.
 */

import { X509Certificate } from 'node:crypto';
import { type BundleFile, type BundleOptions, buildBundle, buildBundleFiles } from '../authority/bundle.ts';
import { fileNameOf } from '../authority/certificate-name.ts';
import { identityOf, issueClientCertificate, signClientRequest } from '../authority/issue.ts';
import { certificatesIn } from '../authority/key-pair.ts';
import { parseClientRequest } from '../authority/request.ts';
import { RequestError } from '../errors.ts';
import type { Account } from '../store/accounts.ts';
import { listAddressRules } from '../store/address-rules.ts';
import {
  type CertificateOrigin,
  findCertificate,
  insertCertificate,
  listCertificates as listStored,
  revokeCertificate as revokeStored,
  type StoredCertificate,
} from '../store/certificates.ts';
import type { CertificateContext, ClientAuthority, StoreContext } from './context.ts';
import { enabledAccount, existingAccount, existingCertificate } from './existing.ts';
import { recordChange } from './record.ts';
import { parseCertificateName, parseReason } from './texts.ts';

export interface CertificateRequest {
  readonly name: string;
  /** null: as many as the configuration says. */
  readonly days: number | null;
  /** A signing request, PEM or DER, whose key stays with its owner; null: make a key. */
  readonly csr: string | Buffer | null;
}

export interface CreatedCertificate {
  readonly certificate: StoredCertificate;
  /** The ZIP, and the same files for whoever unpacks them at once. Hold a private key unless made from a request. */
  readonly bundle: Buffer;
  readonly files: readonly BundleFile[];
  /** For the ZIP; safe on every operating system and in an HTTP header. */
  readonly fileName: string;
}

/**
 * Issues a certificate and returns its bundle, for the only time.
 * @throws RequestError when the account is missing or disabled, has no address rule in force, has or had a certificate
 *   of this name, the days are out of range, the request is unusable, or there is no authority here
 */
export async function createCertificate(
  context: CertificateContext,
  accountName: string,
  request: CertificateRequest,
): Promise<CreatedCertificate> {
  const authority = requireAuthority(context);
  const name = parseCertificateName(request.name);
  const account = await enabledAccount(context.store, accountName);
  await checkAllowed(context, account, name);
  const options = await issue(authority, account, { ...request, name }, context.now());
  const files = buildBundleFiles(options);
  const bundle = await buildBundle(options, files);
  const { issued } = options;
  const { after } = await recordChange(
    context,
    { action: 'certificate.create', target: `${account.name}/${name}` },
    async (tx) => ({
      before: null,
      after: await insertCertificate(tx, account.name, {
        accountId: account.id,
        name,
        serial: issued.serial,
        fingerprintSha256: issued.fingerprint,
        issuedFrom: request.csr === null ? 'key' : 'csr',
        notBefore: new Date(issued.notBefore),
        notAfter: new Date(issued.notAfter),
        createdBy: context.actor,
        ...originOf(authority),
      }),
    }),
  );
  return { certificate: after, bundle, files, fileName: `${fileNameOf(`${account.name}-${name}`)}.zip` };
}

/** In the order in which they were issued, revoked and expired ones too. @throws RequestError without such an account */
export async function listCertificates(
  { store }: Pick<StoreContext, 'store'>,
  accountName: string,
): Promise<StoredCertificate[]> {
  return listStored(store, (await existingAccount(store, accountName)).id);
}

/**
 * From now on gates refuse it and end its sessions. Revoking it again changes nothing: the first date and reason stay.
 * @throws RequestError when account or certificate are missing
 */
export async function revokeCertificate(
  context: StoreContext,
  accountName: string,
  name: string,
  reason: string | null,
): Promise<StoredCertificate> {
  const said = parseReason(reason);
  const account = await existingAccount(context.store, accountName);
  const before = await existingCertificate(context.store, account, name);
  if (before.revokedAt !== null) return before;
  const { after } = await recordChange(
    context,
    { action: 'certificate.revoke', target: `${account.name}/${before.name}` },
    async (tx) => {
      const revoked = await revokeStored(tx, before.id, said);
      if (revoked === undefined)
        throw new RequestError(`The certificate "${before.name}" was revoked meanwhile.`);
      return { before, after: revoked };
    },
  );
  return after;
}

function requireAuthority({ clientAuthority }: CertificateContext): ClientAuthority {
  if (clientAuthority === null) {
    throw new RequestError(
      'This Postern is configured without an authority, so it cannot issue certificates: add the section "authority".',
    );
  }
  return clientAuthority;
}

/** Which CAs it depends on, so that none is dropped unawares. */
const originOf = ({ authority, serverCaPem }: ClientAuthority): CertificateOrigin => ({
  issuerSha256: identityOf(new X509Certificate(authority.certificatePem)).fingerprint,
  trustedCasSha256: certificatesIn(serverCaPem).map((certificate) => identityOf(certificate).fingerprint),
});

/** Whether a request can be signed at all, before anything is asked of it. @throws RequestError when it cannot */
export async function checkSigningRequest(csr: string | Buffer): Promise<void> {
  await parseClientRequest(csr);
}

async function checkAllowed(
  { store, now }: CertificateContext,
  account: Account,
  name: string,
): Promise<void> {
  const rules = await listAddressRules(store, account.id);
  const nowMs = now();
  if (!rules.some(({ expiresAt }) => expiresAt === null || expiresAt.getTime() > nowMs)) {
    throw new RequestError(
      `The account "${account.name}" has no address rule in force: allow an address first, then create certificates.`,
    );
  }
  if ((await findCertificate(store, account.id, name)) !== undefined) {
    throw new RequestError(
      `The account "${account.name}" already has a certificate named "${name}": a name is used once, also after revocation.`,
    );
  }
}

async function issue(
  authority: ClientAuthority,
  account: Account,
  { name, days, csr }: CertificateRequest,
  now: number,
): Promise<BundleOptions> {
  const options = {
    authority: authority.authority,
    accountName: account.name,
    days: days ?? authority.defaultDays,
    maximumDays: authority.maximumDays,
    now,
  };
  const { certificate: issued, privateKey } =
    csr === null
      ? await issueClientCertificate(options)
      : { certificate: await signClientRequest({ ...options, csr }), privateKey: null };
  const { host, port, serverCaPem } = authority;
  return {
    issued,
    privateKey,
    serverCaPem,
    connection: { host, port, database: account.database, user: account.name },
    certificateName: name,
  };
}
