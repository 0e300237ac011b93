/**
 * What an API key may do, as the picker holds it and as the API wants it written. Pure. The written forms are those of
 * docs/api.md: `select, insert on schema.table`, `select on all in schema`, `create in schema`.
 */

export const permissions = ['select', 'insert', 'update', 'delete'] as const;
export type Permission = (typeof permissions)[number];

/** As analysts say it. */
export const permissionWords: Readonly<Record<Permission, string>> = {
  select: 'Read',
  insert: 'Add',
  update: 'Change',
  delete: 'Delete',
};

/** What a grant is about. `schema`: all its tables, present and future. */
export type GrantTarget =
  | { readonly kind: 'table'; readonly schema: string; readonly table: string }
  | { readonly kind: 'schema'; readonly schema: string };

export type Grant =
  | (GrantTarget & { readonly permissions: readonly Permission[] })
  | { readonly kind: 'create'; readonly schema: string };

export interface GrantableTable {
  readonly name: string;
  readonly kind: string;
  readonly permissions: readonly Permission[];
}

export interface GrantableSchema {
  readonly name: string;
  readonly create: boolean;
  readonly tables: readonly GrantableTable[];
}

/** Always quoted, so that every name means itself. */
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export function grantText(grant: Grant): string {
  switch (grant.kind) {
    case 'create':
      return `create in ${quoted(grant.schema)}`;
    case 'schema':
      return `${grant.permissions.join(', ')} on all in ${quoted(grant.schema)}`;
    case 'table':
      return `${grant.permissions.join(', ')} on ${quoted(grant.schema)}.${quoted(grant.table)}`;
    default:
      return grant satisfies never;
  }
}

/** "Read and change public.roads", "Read all tables in gis, future ones too", "Create tables in staging". */
export function describeGrant(grant: Grant): string {
  if (grant.kind === 'create') return `Create tables in ${grant.schema}`;
  const words = grant.permissions.map((permission) => permissionWords[permission].toLowerCase());
  const all = words.length === permissions.length;
  const list = all ? 'everything with' : new Intl.ListFormat('en').format(words);
  const may = list.charAt(0).toUpperCase() + list.slice(1);
  return grant.kind === 'schema'
    ? `${may} all tables in ${grant.schema}, future ones too`
    : `${may} ${grant.schema}.${grant.table}`;
}

const isAbout = (grant: Grant, target: GrantTarget): boolean =>
  grant.kind === target.kind &&
  grant.schema === target.schema &&
  (grant.kind !== 'table' || target.kind !== 'table' || grant.table === target.table);

/** The permissions that the grants give on exactly this. */
export function permissionsOn(grants: readonly Grant[], target: GrantTarget): readonly Permission[] {
  const found = grants.find((grant) => isAbout(grant, target));
  return found === undefined || found.kind === 'create' ? [] : found.permissions;
}

/** The grants with one permission more or less; what permits nothing any more is left out. */
export function togglePermission(
  grants: readonly Grant[],
  target: GrantTarget,
  permission: Permission,
): readonly Grant[] {
  const before = permissionsOn(grants, target);
  const after = permissions.filter((each) => before.includes(each) !== (each === permission));
  const others = grants.filter((grant) => !isAbout(grant, target));
  return after.length === 0 ? others : [...others, { ...target, permissions: after }];
}

export const mayCreate = (grants: readonly Grant[], schema: string): boolean =>
  grants.some((grant) => grant.kind === 'create' && grant.schema === schema);

export const toggleCreate = (grants: readonly Grant[], schema: string): readonly Grant[] =>
  mayCreate(grants, schema)
    ? grants.filter((grant) => grant.kind !== 'create' || grant.schema !== schema)
    : [...grants, { kind: 'create', schema }];

/** Grants on what is no longer there, or no longer the account's to give: a key cannot be saved with them. */
export const outdatedGrants = (
  grants: readonly Grant[],
  schemas: readonly GrantableSchema[],
): readonly Grant[] =>
  grants.filter((grant) => {
    const schema = schemas.find(({ name }) => name === grant.schema);
    if (schema === undefined) return true;
    if (grant.kind === 'create') return !schema.create;
    return grant.kind === 'table' && !schema.tables.some(({ name }) => name === grant.table);
  });
