import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RequestError } from '../../src/errors.ts';
import { type Database, openDatabase } from '../../src/postgres/database.ts';
import { migrate, requireMigrated } from '../../src/store/migrate.ts';
import { migrations } from '../../src/store/migrations/list.ts';
import { createDatabase, runAsSuperuser, type TestDatabase, uniqueName } from '../support/postgres.ts';

const names = migrations.map(({ name }) => name);

describe('migrate', () => {
  let empty: TestDatabase;
  let database: Database;

  beforeAll(async () => {
    empty = await createDatabase();
    database = openDatabase({ url: empty.url, applicationName: 'test', statementTimeoutMs: 20_000 });
  });

  afterAll(async () => {
    await database.close();
    await empty.drop();
  });

  test('refuses to run on a store without schema until it is migrated', async () => {
    await expect(requireMigrated(database)).rejects.toThrow(
      new RequestError(`The store has 0 of ${names.length} migrations: run \`postern migrate\` first.`),
    );
  });

  test('applies everything once when several instances start at the same moment', async () => {
    const applied = await Promise.all(Array.from({ length: 6 }, () => migrate(database)));

    expect(applied.filter((list) => list.length > 0)).toEqual([names]);
    await requireMigrated(database);
  });

  test('does nothing the second time', async () => {
    expect(await migrate(database)).toEqual([]);
  });

  test('leaves nothing of a migration that fails, and keeps the ones before it', async () => {
    const next = Math.max(...migrations.map(({ number }) => number)) + 1;
    const fine = { number: next, name: 'fine', sql: 'CREATE TABLE postern.fine (id int)' };
    const faulty = {
      number: next + 1,
      name: 'faulty',
      sql: 'CREATE TABLE postern.half (id int); SELECT 1 / 0',
    };

    await expect(migrate(database, [...migrations, fine, faulty])).rejects.toThrow('division by zero');

    const { rows } = await database.query(
      `SELECT to_regclass('postern.fine') IS NOT NULL AS fine, to_regclass('postern.half') IS NOT NULL AS half`,
    );
    expect(rows).toEqual([{ fine: true, half: false }]);
    await database.query('DROP TABLE postern.fine');
    await database.query('DELETE FROM postern.migrations WHERE number = $1', [next]);
  });

  test('refuses a store that is newer than the program', async () => {
    const older = migrations.slice(0, -1);

    await expect(migrate(database, older)).rejects.toThrow(
      new RequestError(
        `The store is newer than this program: it has migration ${migrations.at(-1)?.number} (${names.at(-1)}), this program knows ${older.length}; start a newer Postern.`,
      ),
    );
  });

  test('refuses a store whose applied migration has another text', async () => {
    const changed = migrations.map((migration) =>
      migration.number === 2 ? { ...migration, sql: `${migration.sql} -- changed` } : migration,
    );

    await expect(migrate(database, changed)).rejects.toThrow(
      /^Migration 2 \(records\) was applied .* another text/,
    );
  });

  test('tells a user who does not own the database to migrate as its owner', async () => {
    const user = uniqueName('stranger');
    await runAsSuperuser(
      empty.url,
      `CREATE ROLE ${user} LOGIN PASSWORD 'stranger'`,
      `GRANT CONNECT, CREATE ON DATABASE ${empty.name} TO ${user}`,
      `GRANT ALL ON ALL TABLES IN SCHEMA postern TO ${user}`,
      `GRANT ALL ON SCHEMA postern TO ${user}`,
    );
    const url = new URL(empty.url);
    url.username = user;
    url.password = 'stranger';
    const stranger = openDatabase({ url: url.href, applicationName: 'test' });
    try {
      await expect(migrate(stranger)).rejects.toThrow(
        new RequestError(
          `The database user "${user}" does not own the store's database "${empty.name}": migrate as its owner.`,
        ),
      );
    } finally {
      await stranger.close();
      await runAsSuperuser(empty.url, `DROP OWNED BY ${user}`, `DROP ROLE ${user}`);
    }
  });

  test('takes an owner who may not create roles, as long as the roles are there', async () => {
    const user = uniqueName('owner');
    const owned = await createDatabase();
    await runAsSuperuser(
      owned.url,
      `CREATE ROLE ${user} LOGIN PASSWORD 'owner'`,
      `ALTER DATABASE ${owned.name} OWNER TO ${user}`,
    );
    const url = new URL(owned.url);
    url.username = user;
    url.password = 'owner';
    const store = openDatabase({ url: url.href, applicationName: 'test' });
    try {
      expect(await migrate(store)).toEqual(names);
    } finally {
      await store.close();
      await owned.drop();
      await runAsSuperuser(empty.url, `DROP ROLE ${user}`);
    }
  });

  test('two stores of one cluster can be migrated at the same moment', async () => {
    const two = await Promise.all([createDatabase(), createDatabase()]);
    const stores = two.map(({ url }) => openDatabase({ url, applicationName: 'test' }));
    try {
      expect(await Promise.all(stores.map((store) => migrate(store)))).toEqual([names, names]);
    } finally {
      await Promise.all(stores.map((store) => store.close()));
      await Promise.all(two.map((each) => each.drop()));
    }
  });
});
