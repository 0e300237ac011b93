/** The two databases of the demo on its one PostgreSQL: Postern's store, and the customer's geography. */

import { openDatabase } from '../../postgres/database.ts';
import { quoteIdentifier } from '../../postgres/quote.ts';
import { migrate } from '../../store/migrate.ts';
import { dataSetSql, ownerRole, readableSchemas } from './data-set.ts';

export const storeDatabase = 'postern';
export const geographyDatabase = 'geography';

const applicationName = 'postern demo';

/** Runs `work` with a database that is closed afterwards. */
const inDatabase = async <T>(
  url: string,
  work: (database: ReturnType<typeof openDatabase>) => Promise<T>,
): Promise<T> => {
  const database = openDatabase({ url, applicationName });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
};

/** Makes what is missing: each part is there whole or not at all, so a second call goes on where a first one ended. */
export const prepareDatabases = async (urlOf: (database: string) => string): Promise<void> => {
  await inDatabase(urlOf('postgres'), async (server) => {
    const { rows } = await server.query<{ name: string }>(
      'SELECT rolname AS name FROM pg_roles UNION ALL SELECT datname FROM pg_database',
    );
    const missing = (name: string): boolean => !rows.some((row) => row.name === name);
    if (missing(ownerRole)) await server.query(`CREATE ROLE ${quoteIdentifier(ownerRole)} NOLOGIN`);
    if (missing(storeDatabase)) await server.query(`CREATE DATABASE ${quoteIdentifier(storeDatabase)}`);
    if (missing(geographyDatabase)) {
      await server.query(
        `CREATE DATABASE ${quoteIdentifier(geographyDatabase)} OWNER ${quoteIdentifier(ownerRole)}`,
      );
    }
  });
  await inDatabase(urlOf(storeDatabase), migrate);
  await inDatabase(urlOf(geographyDatabase), (geography) =>
    geography.transaction(async (tx) => {
      // Made once; from then on it is the customer's to change or drop.
      const { rows } = await tx.query('SELECT FROM pg_namespace WHERE nspname = ANY ($1)', [readableSchemas]);
      if (rows.length > 0) return;
      await tx.query(`SET LOCAL ROLE ${quoteIdentifier(ownerRole)}`);
      await tx.query(dataSetSql);
    }),
  );
};
