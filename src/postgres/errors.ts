/**
 * Which error of PostgreSQL something is, without the rest of the program knowing `pg`.
 */

import pg from 'pg';

/** The SQLSTATE when the server reported an error; undefined when the network or this program did. */
export const sqlstateOf = (error: unknown): string | undefined =>
  error instanceof pg.DatabaseError ? error.code : undefined;

/** The name of the constraint or unique index that was violated (SQLSTATE class 23), if it is that. */
export const violatedConstraint = (error: unknown): string | undefined =>
  error instanceof pg.DatabaseError && error.code?.startsWith('23') ? error.constraint : undefined;
