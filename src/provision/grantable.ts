/**
 * What an account can grant: the schemas and tables on which its owner role holds grant options, by ownership or
 * otherwise. Reads catalogs only. The same list is shown to people, checked against and granted from.
 */

import type { TablePermission } from '../policy/grants.ts';
import type { Queryable } from '../postgres/query.ts';

export interface GrantableTable {
  readonly name: string;
  readonly kind: 'table' | 'view' | 'materialized view' | 'foreign table';
  /** What the owner role may hand out; never empty in `listGrantable`. */
  readonly permissions: readonly TablePermission[];
}

export interface GrantableSchema {
  readonly name: string;
  /** Keys can be let in: the owner may grant USAGE, or everybody has it. */
  readonly usage: boolean;
  /** The owner itself may grant USAGE, so a GRANT is possible (and needed unless everybody has it). */
  readonly usageGrantable: boolean;
  /** The owner may grant CREATE. */
  readonly create: boolean;
  readonly tables: readonly GrantableTable[];
}

/**
 * Schemas with anything that `owner` can grant, sorted by name; system schemas are left out.
 * @param schemas only these; null: all
 */
export async function listGrantable(
  database: Queryable,
  owner: string,
  schemas: readonly string[] | null = null,
): Promise<readonly GrantableSchema[]> {
  const found = await loadSchemas(database, owner, schemas);
  return found
    .map((schema) => ({ ...schema, tables: schema.tables.filter((table) => table.permissions.length > 0) }))
    .filter((schema) => schema.create || schema.usageGrantable || schema.tables.length > 0);
}

/** Like `listGrantable`, but also with what exists and cannot be granted, to tell "unknown" from "not yours". */
export async function loadSchemas(
  database: Queryable,
  owner: string,
  schemas: readonly string[] | null,
): Promise<readonly GrantableSchema[]> {
  const { rows: schemaRows } = await database.query<Omit<GrantableSchema, 'tables'>>(
    `SELECT nspname::text AS name,
            has_schema_privilege('public', oid, 'USAGE')
              OR has_schema_privilege($1::name, oid, 'USAGE WITH GRANT OPTION') AS usage,
            has_schema_privilege($1::name, oid, 'USAGE WITH GRANT OPTION') AS "usageGrantable",
            has_schema_privilege($1::name, oid, 'CREATE WITH GRANT OPTION') AS create
       FROM pg_namespace
      WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND ($2::text[] IS NULL OR nspname = ANY ($2))
      ORDER BY nspname`,
    [owner, schemas],
  );
  const { rows: tableRows } = await database.query<GrantableTable & { schema: string }>(
    `SELECT n.nspname::text AS schema, c.relname::text AS name,
            CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
                           ELSE 'table' END AS kind,
            ARRAY(SELECT p FROM unnest(ARRAY['select', 'insert', 'update', 'delete']) WITH ORDINALITY AS u (p, place)
                   WHERE has_table_privilege($1::name, c.oid, p || ' WITH GRANT OPTION') ORDER BY place) AS permissions
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND ($2::text[] IS NULL OR n.nspname = ANY ($2))
      ORDER BY 1, 2`,
    [owner, schemas],
  );
  const tables = Map.groupBy(tableRows, (row) => row.schema);
  return schemaRows.map((schema) => ({
    ...schema,
    tables: (tables.get(schema.name) ?? []).map(({ schema: _, ...table }) => table),
  }));
}
