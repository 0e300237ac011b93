/**
 * Certificates in the store: what was issued, never a private key. Rows are never deleted, so a name is used once
 * per account, and a revoked certificate stays recognisable.
 */

import type { Queryable } from '../postgres/query.ts';
import { columnsOf, onlyRow } from './columns.ts';
import { refuseDuplicates } from './unique.ts';

export interface StoredCertificate {
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  /** Lower-case hex without separators, as is the fingerprint. */
  readonly serial: string;
  readonly fingerprintSha256: string;
  /** `csr`: the private key never left its owner. */
  readonly issuedFrom: 'key' | 'csr';
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly revokedAt: Date | null;
  readonly revokeReason: string | null;
  readonly lastUsedAt: Date | null;
  readonly createdBy: string;
  readonly createdAt: Date;
}

/** SHA-256 of the client CA that signed it, and of the server CAs that its bundle carries. */
export interface CertificateOrigin {
  readonly issuerSha256: string;
  readonly trustedCasSha256: readonly string[];
}

export type NewCertificate = Omit<
  StoredCertificate,
  'id' | 'revokedAt' | 'revokeReason' | 'lastUsedAt' | 'createdAt'
> &
  CertificateOrigin;

const columns = columnsOf('c', [
  'id',
  'account_id',
  'name',
  'serial',
  'fingerprint_sha256',
  'issued_from',
  'not_before',
  'not_after',
  'revoked_at',
  'revoke_reason',
  'last_used_at',
  'created_by',
  'created_at',
]);

/** @throws RequestError when the account has or had a certificate of this name */
export const insertCertificate = (
  store: Queryable,
  accountName: string,
  certificate: NewCertificate,
): Promise<StoredCertificate> =>
  refuseDuplicates(
    {
      certificates_account_id_name_key: `The account "${accountName}" already has a certificate named "${certificate.name}".`,
    },
    async () =>
      onlyRow(
        await store.query<StoredCertificate>(
          `INSERT INTO postern.certificates AS c (account_id, name, serial, fingerprint_sha256, issued_from,
             not_before, not_after, created_by, issuer_sha256, trusted_cas_sha256)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING ${columns}`,
          [
            certificate.accountId,
            certificate.name,
            certificate.serial,
            certificate.fingerprintSha256,
            certificate.issuedFrom,
            certificate.notBefore,
            certificate.notAfter,
            certificate.createdBy,
            certificate.issuerSha256,
            certificate.trustedCasSha256,
          ],
        ),
      ),
  );

/** Revoked and expired ones too, in the order in which they were issued. */
export const listCertificates = async (store: Queryable, accountId: string): Promise<StoredCertificate[]> => {
  const { rows } = await store.query<StoredCertificate>(
    `SELECT ${columns} FROM postern.certificates c WHERE account_id = $1 ORDER BY created_at, id`,
    [accountId],
  );
  return rows;
};

export const findCertificate = async (
  store: Queryable,
  accountId: string,
  name: string,
): Promise<StoredCertificate | undefined> => {
  const { rows } = await store.query<StoredCertificate>(
    `SELECT ${columns} FROM postern.certificates c WHERE account_id = $1 AND name = $2`,
    [accountId, name],
  );
  return rows[0];
};

/** Revokes now; undefined when it was revoked before, whose date and reason stay. */
export const revokeCertificate = async (
  store: Queryable,
  id: string,
  reason: string | null,
): Promise<StoredCertificate | undefined> => {
  const { rows } = await store.query<StoredCertificate>(
    `UPDATE postern.certificates c SET revoked_at = now(), revoke_reason = $2
     WHERE id = $1 AND revoked_at IS NULL RETURNING ${columns}`,
    [id, reason],
  );
  return rows[0];
};
