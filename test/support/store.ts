/**
 * A store for tests: a fresh database with the current schema. (Migrating takes 25 ms, which is what copying a
 * migrated template takes too.)
 */

import { type Database, openDatabase } from '../../src/postgres/database.ts';
import type { ConnectionOptions } from '../../src/postgres/options.ts';
import { migrate } from '../../src/store/migrate.ts';
import { consoleRole, gateRole } from '../../src/store/roles.ts';
import { createDatabase } from './postgres.ts';

export interface TestStore {
  readonly url: string;
  /** As the store's owner. */
  readonly owner: Database;
  /** With the privileges of a gate, of the console. */
  readonly gate: Database;
  readonly console: Database;
  /** For connections of one's own, as the owner or in a role. */
  options(role?: string): ConnectionOptions;
  drop(): Promise<void>;
}

export const createStore = async (): Promise<TestStore> => {
  const { url, drop } = await createDatabase();
  const options = (role?: string): ConnectionOptions => ({
    url,
    applicationName: 'postern-test',
    statementTimeoutMs: 20_000,
    ...(role !== undefined && { role }),
  });
  const databases = {
    owner: openDatabase(options()),
    gate: openDatabase(options(gateRole)),
    console: openDatabase(options(consoleRole)),
  };
  await migrate(databases.owner);
  return {
    url,
    ...databases,
    options,
    drop: async () => {
      await Promise.all(Object.values(databases).map((database) => database.close()));
      await drop();
    },
  };
};
