/**
 * Databases for tests on the test run's PostgreSQL (see `global-setup.ts`). Each test file takes its own and drops it;
 * a file that needs roles gives them unique names and drops them itself, because roles belong to the whole cluster.
 */

import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

export interface TestDatabase {
  readonly name: string;
  /** Superuser URL of this database. */
  readonly url: string;
  drop(): Promise<void>;
}

/** Superuser URL of the cluster, for the given database (default: the maintenance database). */
export const postgresUrl = (database?: string): string => {
  const url = new URL(inject('postgresUrl'));
  if (database !== undefined) {
    url.pathname = `/${database}`;
  }
  return url.href;
};

/** Runs statements as superuser on a connection of its own, one after the other; returns the rows of the last. */
export const runAsSuperuser = async (
  url: string,
  ...statements: string[]
): Promise<Record<string, unknown>[]> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) {
      ({ rows } = await client.query<Record<string, unknown>>(statement));
    }
    return rows;
  } finally {
    await client.end();
  }
};

/** A name that no other test of this cluster uses; valid without quotes. */
export const uniqueName = (prefix: string): string => `${prefix}_${randomBytes(6).toString('hex')}`;

/** A fresh, empty database. The caller drops it. */
export const createDatabase = async (): Promise<TestDatabase> => {
  const name = uniqueName('postern_test');
  await runAsSuperuser(postgresUrl(), `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`);
  return {
    name,
    url: postgresUrl(name),
    drop: async () => {
      await runAsSuperuser(postgresUrl(), `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
};

/** Runs `fn` with a fresh database and drops it afterwards, whatever happens. */
export const withDatabase = async <T>(fn: (database: TestDatabase) => Promise<T>): Promise<T> => {
  const database = await createDatabase();
  try {
    return await fn(database);
  } finally {
    await database.drop();
  }
};
