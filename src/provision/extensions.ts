/**
 * Extensions in schemas of their own. The types of PostGIS and the like can be read without USAGE on the schema that
 * they live in, but no function of theirs can be called, and QGIS then finds "No PostGIS support in the database". So
 * whoever is granted anything is also let into such schemas, as far as they are the account's and hold nothing else: a
 * schema with the account's own tables or functions in it is only opened by a grant that names it.
 */

import type { Queryable } from '../postgres/query.ts';
import { quoteIdentifier } from '../postgres/quote.ts';

const belongsToExtension = (catalog: string, oid: string): string =>
  `EXISTS (SELECT FROM pg_depend WHERE classid = '${catalog}'::regclass AND objid = ${oid} AND deptype = 'e')`;

const schemasText = `
  SELECT nspname::text AS name FROM pg_namespace n
   WHERE EXISTS (SELECT FROM pg_extension WHERE extnamespace = n.oid)
     AND has_schema_privilege($1::name, n.oid, 'USAGE WITH GRANT OPTION')
     AND NOT has_schema_privilege('public', n.oid, 'USAGE')
     -- Indexes and TOAST tables belong to their tables.
     AND NOT EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
                        AND NOT ${belongsToExtension('pg_class', 'c.oid')})
     AND NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = n.oid
                        AND NOT ${belongsToExtension('pg_proc', 'p.oid')})
   ORDER BY nspname`;

/** Runs as the account's owner. */
export async function grantExtensions(
  tx: Queryable,
  { role, owner }: { readonly role: string; readonly owner: string },
): Promise<void> {
  const { rows } = await tx.query<{ name: string }>(schemasText, [owner]);
  if (rows.length === 0) return;
  const schemas = rows.map(({ name }) => quoteIdentifier(name)).join(', ');
  await tx.query(`GRANT USAGE ON SCHEMA ${schemas} TO ${quoteIdentifier(role)}`);
}
