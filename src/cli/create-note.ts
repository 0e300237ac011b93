/** What whoever grants `create` should know, see "Keys" in docs/operations.md. */

import type { Grant } from '../policy/grants.ts';

/** null: the grants need no note. */
export const createNote = (grants: readonly Grant[]): string | null => {
  const schemas = grants.filter(({ kind }) => kind === 'create').map(({ schema }) => schema);
  if (schemas.length === 0) return null;
  const inPublic = schemas.includes('public')
    ? ' In the schema public it can also put its functions and operators in the way of those that others mean: better give it a schema of its own.'
    : '';
  return `With "create" you trust its holder as much as the account's owner: whoever reads a view or changes a table that this key made runs the key's code with rights of their own.${inPublic}`;
};
