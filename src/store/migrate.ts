/**
 * Brings the store's schema to what this program expects. Any number of instances may start at once: one migrates,
 * the others wait and find it done. Each migration commits by itself; a failed one leaves nothing behind.
 * Never goes back, and never touches a store that a newer program has written.
 */

import { createHash } from 'node:crypto';
import { RequestError } from '../errors.ts';
import type { Database } from '../postgres/database.ts';
import { sqlstateOf } from '../postgres/errors.ts';
import type { Queryable } from '../postgres/query.ts';
import { lockClass } from './locks.ts';
import { migrations as ours } from './migrations/list.ts';
import type { Migration } from './migrations/migration.ts';
import { prepareRoles } from './roles.ts';

interface Applied {
  readonly number: number;
  readonly name: string;
  readonly checksum: string;
}

const undefinedTable = '42P01';

const checksumOf = ({ sql }: Migration): string => createHash('sha256').update(sql).digest('hex');

const loadApplied = async (database: Queryable): Promise<Applied[]> => {
  const { rows } = await database.query<Applied>(
    'SELECT number, name, checksum FROM postern.migrations ORDER BY number',
  );
  return rows;
};

/** Throws when the store holds something that this program does not know or knows differently. */
const refuseForeign = (applied: readonly Applied[], known: readonly Migration[]): void => {
  for (const { number, name, checksum } of applied) {
    const mine = known.find((migration) => migration.number === number);
    if (mine === undefined) {
      throw new RequestError(
        `The store is newer than this program: it has migration ${number} (${name}), this program knows ${known.length}; start a newer Postern.`,
      );
    }
    if (checksumOf(mine) !== checksum) {
      throw new RequestError(
        `Migration ${number} (${name}) was applied to the store with another text than this program has; start the Postern that wrote it, or restore the store.`,
      );
    }
  }
};

/**
 * Applies what is missing and returns the names of the applied migrations, in order; none when up to date.
 * Needs the owner of the database, and CREATEROLE or existing group roles.
 * @throws RequestError when the store is newer, was changed, or this user may not migrate it
 */
export const migrate = (
  database: Pick<Database, 'connection'>,
  known: readonly Migration[] = ours,
): Promise<string[]> =>
  // Not from the pool: the session's advisory lock must end with this connection, however that ends.
  database.connection(async (connection) => {
    await connection.query('SELECT pg_advisory_lock($1, 0)', [lockClass.migrate]);
    await connection.transaction(async (tx) => {
      await tx.query(`
        CREATE SCHEMA IF NOT EXISTS postern;
        CREATE TABLE IF NOT EXISTS postern.migrations (
          number int PRIMARY KEY,
          name text NOT NULL,
          checksum text NOT NULL,
          applied_at timestamptz(3) NOT NULL DEFAULT now()
        )`);
      refuseForeign(await loadApplied(tx), known);
      await prepareRoles(tx);
    });
    const applied = new Set((await loadApplied(connection)).map(({ number }) => number));
    const missing = known.filter(({ number }) => !applied.has(number));
    for (const migration of missing) {
      await connection.transaction(async (tx) => {
        await tx.query(migration.sql);
        await tx.query('INSERT INTO postern.migrations (number, name, checksum) VALUES ($1, $2, $3)', [
          migration.number,
          migration.name,
          checksumOf(migration),
        ]);
      });
    }
    return missing.map(({ name }) => name);
  });

/**
 * For those who may not migrate (gate, console): the store must be exactly as this program expects.
 * @throws RequestError when it is not
 */
export const requireMigrated = async (database: Queryable): Promise<void> => {
  let applied: Applied[];
  try {
    applied = await loadApplied(database);
  } catch (error) {
    if (sqlstateOf(error) !== undefinedTable) {
      throw error;
    }
    applied = [];
  }
  refuseForeign(applied, ours);
  if (applied.length < ours.length) {
    throw new RequestError(
      `The store has ${applied.length} of ${ours.length} migrations: run \`postern migrate\` first.`,
    );
  }
};
