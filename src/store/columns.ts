/**
 * Column names: snake_case in the store, the same words in camelCase in rows and in `--json`.
 */

/** Select list `account_id AS "accountId", …`, each column taken from `table` (a name or alias). */
export const columnsOf = (table: string, names: readonly string[]): string =>
  names
    .map((name) => {
      const key = name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
      return `${table}.${name} AS "${key}"`;
    })
    .join(', ');

/** The one row that a statement returns by its nature (INSERT … RETURNING). */
export const onlyRow = <Row>({ rows }: { readonly rows: readonly Row[] }): Row => {
  const [row] = rows;
  if (row === undefined) {
    throw new Error('A statement that always returns a row returned none.');
  }
  return row;
};
