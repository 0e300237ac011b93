/**
 * Address rules in the store. `cidr` comes in as `parseCidr` normalised it; expired rules stay listed until they
 * are removed.
 */

import type { Queryable } from '../postgres/query.ts';
import { columnsOf, onlyRow } from './columns.ts';
import { refuseDuplicates } from './unique.ts';

export interface StoredAddressRule {
  readonly id: string;
  readonly accountId: string;
  readonly cidr: string;
  readonly label: string;
  readonly expiresAt: Date | null;
  readonly createdBy: string;
  readonly createdAt: Date;
}

const columns = columnsOf('r', [
  'id',
  'account_id',
  'cidr',
  'label',
  'expires_at',
  'created_by',
  'created_at',
]);

/** @throws RequestError when the account already has a rule for this CIDR */
export const insertAddressRule = (
  store: Queryable,
  rule: Omit<StoredAddressRule, 'id' | 'createdAt'>,
): Promise<StoredAddressRule> =>
  refuseDuplicates(
    { address_rules_account_id_cidr_key: `The account's allowlist already has ${rule.cidr}.` },
    async () =>
      onlyRow(
        await store.query<StoredAddressRule>(
          `INSERT INTO postern.address_rules AS r (account_id, cidr, label, expires_at, created_by)
           VALUES ($1, $2, $3, $4, $5) RETURNING ${columns}`,
          [rule.accountId, rule.cidr, rule.label, rule.expiresAt, rule.createdBy],
        ),
      ),
  );

/** In the order in which they were made. */
export const listAddressRules = async (store: Queryable, accountId: string): Promise<StoredAddressRule[]> => {
  const { rows } = await store.query<StoredAddressRule>(
    `SELECT ${columns} FROM postern.address_rules r WHERE account_id = $1 ORDER BY created_at, id`,
    [accountId],
  );
  return rows;
};

/** As it is now and stays until the transaction ends; undefined when the account has no such rule. */
export const holdAddressRule = async (
  tx: Queryable,
  accountId: string,
  id: string,
): Promise<StoredAddressRule | undefined> => {
  const { rows } = await tx.query<StoredAddressRule>(
    `SELECT ${columns} FROM postern.address_rules r WHERE account_id = $1 AND id = $2 FOR UPDATE`,
    [accountId, id],
  );
  return rows[0];
};

/** Changes label and expiry; undefined when the account has no such rule. */
export const updateAddressRule = async (
  store: Queryable,
  { accountId, id, label, expiresAt }: Pick<StoredAddressRule, 'accountId' | 'id' | 'label' | 'expiresAt'>,
): Promise<StoredAddressRule | undefined> => {
  const { rows } = await store.query<StoredAddressRule>(
    `UPDATE postern.address_rules r SET label = $3, expires_at = $4
     WHERE account_id = $1 AND id = $2 RETURNING ${columns}`,
    [accountId, id, label, expiresAt],
  );
  return rows[0];
};

/** Returns what was removed; undefined when the account has no such rule. */
export const deleteAddressRule = async (
  store: Queryable,
  accountId: string,
  id: string,
): Promise<StoredAddressRule | undefined> => {
  const { rows } = await store.query<StoredAddressRule>(
    `DELETE FROM postern.address_rules r WHERE account_id = $1 AND id = $2 RETURNING ${columns}`,
    [accountId, id],
  );
  return rows[0];
};
