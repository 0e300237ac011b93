/** A database with an owner of its own, for accounts whose data must not be those of all tests. */

import { afterAll } from 'vitest';
import { postgresUrl, runAsSuperuser } from '../support/postgres.ts';

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/**
 * Must be called before `pageUnderTest`, because what is registered first to run afterwards runs last: the account has
 * to be deleted before its database.
 * @returns what makes it, and runs the statements in it as its owner
 */
export const ownDatabase = (database: string, ownerRole: string) => {
  afterAll(() =>
    runAsSuperuser(
      postgresUrl(),
      `DROP DATABASE IF EXISTS ${quoted(database)} WITH (FORCE)`,
      `DROP ROLE IF EXISTS ${quoted(ownerRole)}`,
    ),
  );
  return async (...statements: readonly string[]): Promise<{ database: string; ownerRole: string }> => {
    await runAsSuperuser(
      postgresUrl(),
      `CREATE ROLE ${quoted(ownerRole)} NOLOGIN`,
      `CREATE DATABASE ${quoted(database)} OWNER ${quoted(ownerRole)}`,
    );
    await runAsSuperuser(postgresUrl(database), `SET ROLE ${quoted(ownerRole)}`, ...statements);
    return { database, ownerRole };
  };
};
