/**
 * Accounts in the store. A deleted account keeps its row, for what refers to it; its name is free again, so whoever
 * looks for an account by name never sees deleted ones.
 */

import type { ClientAuthentication } from '../policy/account.ts';
import type { Queryable } from '../postgres/query.ts';
import { columnsOf, onlyRow } from './columns.ts';
import { refuseDuplicates } from './unique.ts';

export type AccountStatus = 'active' | 'disabled' | 'deleted';

export interface Account {
  readonly id: string;
  readonly name: string;
  readonly backend: string;
  readonly database: string;
  readonly databaseAliases: readonly string[];
  readonly ownerRole: string;
  readonly publicRole: string | null;
  readonly status: AccountStatus;
  readonly clientCertificate: 'required' | 'optional';
  readonly clientAuthentication: ClientAuthentication | null;
  readonly maxSessions: number | null;
  readonly anyAddressAllowed: boolean;
  readonly createdAt: Date;
}

/** What the verifiers of the account's keys are made with; not part of lists. */
export interface ScramParameters {
  readonly scramSalt: Buffer;
  readonly scramIterations: number;
}

export type NewAccount = Pick<Account, 'name' | 'backend' | 'database' | 'ownerRole'> &
  Partial<Omit<AccountSettings, 'status'>> &
  ScramParameters;

/** What can be changed later; backend, database and owner role cannot, because the keys' roles live there. */
export type AccountSettings = Pick<
  Account,
  | 'databaseAliases'
  | 'publicRole'
  | 'status'
  | 'clientCertificate'
  | 'clientAuthentication'
  | 'maxSessions'
  | 'anyAddressAllowed'
>;

export type AccountSettingsChange = {
  readonly [Name in keyof AccountSettings]?: AccountSettings[Name] | undefined;
};

const columns = columnsOf('a', [
  'id',
  'name',
  'backend',
  'database',
  'database_aliases',
  'owner_role',
  'public_role',
  'status',
  'client_certificate',
  'client_authentication',
  'max_sessions',
  'any_address_allowed',
  'created_at',
]);

/** @throws RequestError when the name is taken */
export const insertAccount = (store: Queryable, account: NewAccount): Promise<Account> =>
  refuseDuplicates({ accounts_name_key: `There is already an account named "${account.name}".` }, async () =>
    onlyRow(
      await store.query<Account>(
        `INSERT INTO postern.accounts AS a (name, backend, database, owner_role, database_aliases, public_role,
           client_certificate, client_authentication, max_sessions, any_address_allowed,
           scram_salt, scram_iterations)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING ${columns}`,
        [
          account.name,
          account.backend,
          account.database,
          account.ownerRole,
          account.databaseAliases ?? [],
          account.publicRole ?? null,
          account.clientCertificate ?? 'required',
          account.clientAuthentication ?? null,
          account.maxSessions ?? null,
          account.anyAddressAllowed ?? false,
          account.scramSalt,
          account.scramIterations,
        ],
      ),
    ),
  );

export const findAccount = async (store: Queryable, name: string): Promise<Account | undefined> => {
  const { rows } = await store.query<Account>(
    `SELECT ${columns} FROM postern.accounts a WHERE name = $1 AND status <> 'deleted'`,
    [name],
  );
  return rows[0];
};

/** The account as it is now and stays until the transaction ends; who wants to change it meanwhile waits. */
export const holdAccount = async (tx: Queryable, id: string): Promise<Account | undefined> => {
  const { rows } = await tx.query<Account>(
    `SELECT ${columns} FROM postern.accounts a WHERE id = $1 AND status <> 'deleted' FOR SHARE`,
    [id],
  );
  return rows[0];
};

/** The account as it is now; who wants to change or hold it meanwhile waits until the transaction ends. */
export const lockAccount = async (tx: Queryable, name: string): Promise<Account | undefined> => {
  const { rows } = await tx.query<Account>(
    `SELECT ${columns} FROM postern.accounts a WHERE name = $1 AND status <> 'deleted' FOR UPDATE`,
    [name],
  );
  return rows[0];
};

/** Also deleted ones: their keys may still have to be taken away from the backend. */
export const findAccountById = async (store: Queryable, id: string): Promise<Account | undefined> => {
  const { rows } = await store.query<Account>(`SELECT ${columns} FROM postern.accounts a WHERE id = $1`, [
    id,
  ]);
  return rows[0];
};

/** Without deleted ones, by name. */
export const listAccounts = async (store: Queryable): Promise<Account[]> => {
  const { rows } = await store.query<Account>(
    `SELECT ${columns} FROM postern.accounts a WHERE status <> 'deleted' ORDER BY name`,
  );
  return rows;
};

/** Changes what is given and leaves the rest, as does a setting that is undefined; undefined when there is no such account (any more). */
export const updateAccount = async (
  store: Queryable,
  id: string,
  settings: AccountSettingsChange,
): Promise<Account | undefined> => {
  const { rows } = await store.query<Account>(
    `UPDATE postern.accounts a SET
       database_aliases = CASE WHEN $2::jsonb ? 'databaseAliases'
         THEN ARRAY (SELECT jsonb_array_elements_text($2::jsonb -> 'databaseAliases')) ELSE database_aliases END,
       public_role = CASE WHEN $2 ? 'publicRole' THEN $2 ->> 'publicRole' ELSE public_role END,
       status = COALESCE($2 ->> 'status', status),
       client_certificate = COALESCE($2 ->> 'clientCertificate', client_certificate),
       client_authentication = CASE WHEN $2 ? 'clientAuthentication'
         THEN $2 ->> 'clientAuthentication' ELSE client_authentication END,
       max_sessions = CASE WHEN $2 ? 'maxSessions' THEN ($2 ->> 'maxSessions')::int ELSE max_sessions END,
       any_address_allowed = COALESCE(($2 ->> 'anyAddressAllowed')::boolean, any_address_allowed)
     WHERE id = $1 AND status <> 'deleted' RETURNING ${columns}`,
    [id, JSON.stringify(settings)],
  );
  return rows[0];
};

export const loadScramParameters = async (store: Queryable, id: string): Promise<ScramParameters> =>
  onlyRow(
    await store.query<ScramParameters>(
      `SELECT ${columnsOf('a', ['scram_salt', 'scram_iterations'])} FROM postern.accounts a WHERE id = $1`,
      [id],
    ),
  );
