/**
 * What every kind of connection can do: run a statement, and run a function in a transaction.
 * A transaction ends with the function: COMMIT when it returns, ROLLBACK when it throws.
 */

import type { ClientBase } from 'pg';

export interface QueryResult<Row> {
  readonly rows: Row[];
  /** How many rows the statement returned or changed. */
  readonly rowCount: number;
}

/** Anything that runs SQL. Without `values` the text may hold several statements. */
export interface Queryable {
  query<Row extends object = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<QueryResult<Row>>;
}

/** `snapshot`: REPEATABLE READ and READ ONLY, so that all statements see the same moment. */
export type TransactionMode = 'read-write' | 'snapshot';

const begin: Record<TransactionMode, string> = {
  'read-write': 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE',
  snapshot: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
};

export const queryOn = async <Row extends object>(
  client: ClientBase,
  text: string,
  values?: readonly unknown[],
): Promise<QueryResult<Row>> => {
  const result = await client.query<Row>(text, values === undefined ? undefined : [...values]);
  return { rows: result.rows, rowCount: result.rowCount ?? 0 };
};

export const queryable = (client: ClientBase): Queryable => ({
  query: (text, values) => queryOn(client, text, values),
});

export const transactionOn = async <T>(
  client: ClientBase,
  mode: TransactionMode,
  fn: (transaction: Queryable) => Promise<T>,
  onRollbackFailed: () => void = () => undefined,
): Promise<T> => {
  try {
    await client.query(begin[mode]);
    const value = await fn(queryable(client));
    await client.query('COMMIT');
    return value;
  } catch (error) {
    // A connection that cannot even roll back is lost; what went wrong first is what the caller must see.
    await client.query('ROLLBACK').catch(onRollbackFailed);
    throw error;
  }
};
