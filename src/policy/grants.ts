/**
 * What an API key may do, as people write it and as values. Pure text ↔ value; whether the account owns what a
 * grant names is for `provision/` to find out on the backend.
 *
 *   select, insert on public.roads       one table, view or foreign table
 *   select on all in gis                 every present and future table of a schema
 *   create in staging                    may create tables there
 *
 * Names follow PostgreSQL: unquoted ones fold to lower case, others stand in double quotes with "" for a quote.
 */

import { RequestError } from '../errors.ts';
import { checkedName, describeToken, quoteName, tokenize } from './grant-tokens.ts';

export const tablePermissions = ['select', 'insert', 'update', 'delete'] as const;
export type TablePermission = (typeof tablePermissions)[number];

export type Grant =
  | {
      readonly kind: 'table';
      readonly schema: string;
      readonly table: string;
      readonly permissions: readonly TablePermission[];
    }
  | { readonly kind: 'schema'; readonly schema: string; readonly permissions: readonly TablePermission[] }
  | { readonly kind: 'create'; readonly schema: string };

const forms =
  'Write "select, insert on schema.table", "select on all in schema" or "create in schema"; ' +
  'permissions are select, insert, update, delete, or all.';

/**
 * One grant from its text. Keywords in any case, spaces as you like.
 * @throws RequestError with what was seen and the three forms.
 */
export function parseGrant(text: string): Grant {
  const refuse = (reason: string): never => {
    throw new RequestError(`The grant ${JSON.stringify(text)} is not understood: ${reason}. ${forms}`);
  };
  const tokens = tokenize(text, refuse);
  let position = 0;
  const seen = () => describeToken(tokens[position]);
  const isWord = (word: string, at = position) => {
    const token = tokens[at];
    return token?.kind === 'word' && token.text === word;
  };
  const isSign = (sign: string) => tokens[position]?.kind === 'sign' && tokens[position]?.text === sign;
  const expectWord = (word: string) => {
    if (!isWord(word)) refuse(`"${word}" was expected instead of ${seen()}`);
    position += 1;
  };
  const expectName = (what: string): string => {
    const token = tokens[position];
    if (token === undefined || token.kind === 'sign')
      return refuse(`${what} was expected instead of ${seen()}`);
    position += 1;
    return checkedName(token.text, what, refuse);
  };
  const expectEnd = () => {
    if (position < tokens.length) refuse(`nothing was expected after the name, but there is ${seen()}`);
  };
  const expectPermissions = (): readonly TablePermission[] => {
    const found = new Set<string>();
    for (;;) {
      const token = tokens[position];
      if (token?.kind === 'word' && token.text === 'all')
        for (const each of tablePermissions) found.add(each);
      else if (token?.kind === 'word' && isPermission(token.text)) found.add(token.text);
      else refuse(`a permission was expected instead of ${seen()}`);
      position += 1;
      if (!isSign(',')) return inOrder(found);
      position += 1;
    }
  };

  if (tokens.length === 0) refuse('it is empty');
  if (isWord('create')) {
    position += 1;
    expectWord('in');
    const schema = expectName('a schema');
    expectEnd();
    return { kind: 'create', schema };
  }
  const permissions = expectPermissions();
  expectWord('on');
  if (isWord('all') && isWord('in', position + 1)) {
    position += 2;
    const schema = expectName('a schema');
    expectEnd();
    return { kind: 'schema', schema, permissions };
  }
  const schema = expectName('a table with its schema');
  if (!isSign('.'))
    refuse(`the table ${quoteName(schema)} needs its schema in front, as in public.${quoteName(schema)}`);
  position += 1;
  const table = expectName('a table');
  expectEnd();
  return { kind: 'table', schema, table, permissions };
}

/** The text that `parseGrant` turns into this grant again; permissions and quotes in their shortest form. */
export function formatGrant(grant: Grant): string {
  switch (grant.kind) {
    case 'create':
      return `create in ${quoteName(grant.schema)}`;
    case 'schema':
      return `${formatPermissions(grant.permissions)} on all in ${quoteName(grant.schema)}`;
    case 'table':
      return `${formatPermissions(grant.permissions)} on ${quoteName(grant.schema)}.${quoteName(grant.table)}`;
    default:
      return grant satisfies never;
  }
}

/**
 * Many grants from their texts: what names the same thing is merged, and the order no longer depends on the input
 * (by schema; within it create, schema, tables by name), so that equal rights have equal lists.
 * @throws RequestError for the first text that is not understood.
 */
export function parseGrants(texts: readonly string[]): readonly Grant[] {
  return mergeGrants(texts.map(parseGrant));
}

/**
 * Grants as the store keeps them (jsonb), checked again because a database row is input too.
 * @throws RequestError when the value is not a list of grants.
 */
export function grantsFromJson(value: unknown): readonly Grant[] {
  if (!Array.isArray(value)) throw new RequestError('Stored grants are not a list.');
  return mergeGrants(value.map(grantFromJson));
}

function grantFromJson(value: unknown): Grant {
  const refuse = (reason: string): never => {
    throw new RequestError(`A stored grant is malformed: ${reason}.`);
  };
  if (typeof value !== 'object' || value === null) return refuse('it is not an object');
  const { kind, schema, table, permissions } = value as Record<string, unknown>;
  const name = (text: unknown, what: string) =>
    typeof text === 'string' ? checkedName(text, what, refuse) : refuse(`${what} is missing`);
  const checkedPermissions = () =>
    Array.isArray(permissions) && permissions.length > 0 && permissions.every(isPermission)
      ? inOrder(new Set(permissions))
      : refuse('its permissions are not a list of permissions');
  switch (kind) {
    case 'create':
      return { kind, schema: name(schema, 'the schema') };
    case 'schema':
      return { kind, schema: name(schema, 'the schema'), permissions: checkedPermissions() };
    case 'table':
      return {
        kind,
        schema: name(schema, 'the schema'),
        table: name(table, 'the table'),
        permissions: checkedPermissions(),
      };
    default:
      return refuse('its kind is unknown');
  }
}

function mergeGrants(grants: readonly Grant[]): readonly Grant[] {
  const merged = new Map<string, Grant>();
  for (const grant of grants) {
    const key = sortKey(grant);
    const before = merged.get(key);
    const permissions = new Set([...permissionsOf(before), ...permissionsOf(grant)]);
    merged.set(key, grant.kind === 'create' ? grant : { ...grant, permissions: inOrder(permissions) });
  }
  return [...merged].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, grant]) => grant);
}

/** Equal for grants on the same thing; NUL cannot occur in a name and sorts before everything that can. */
function sortKey(grant: Grant): string {
  const rank = { create: '0', schema: '1', table: '2' }[grant.kind];
  return `${grant.schema}\0${rank}${grant.kind === 'table' ? grant.table : ''}`;
}

const permissionsOf = (grant: Grant | undefined): readonly TablePermission[] =>
  grant === undefined || grant.kind === 'create' ? [] : grant.permissions;

const isPermission = (value: unknown): value is TablePermission =>
  (tablePermissions as readonly unknown[]).includes(value);

const inOrder = (found: ReadonlySet<string>): readonly TablePermission[] =>
  tablePermissions.filter((permission) => found.has(permission));

const formatPermissions = (permissions: readonly TablePermission[]): string =>
  permissions.length === tablePermissions.length ? 'all' : permissions.join(', ');
