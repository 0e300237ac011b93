/**
 * How column values become JavaScript values, for every connection and nowhere else:
 * `timestamptz` → Date (JSON shows it as ISO 8601; policy values turn it into epoch milliseconds where they are built),
 * `bigint` → number, and an error rather than a rounded number, `bytea` → Buffer, `jsonb` → parsed,
 * `cidr`, `inet` and `uuid` → text. All others as `pg` does.
 */

import pg, { type CustomTypesConfig } from 'pg';

const parseSafeInteger = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    throw new RangeError(`The bigint ${text} does not fit a JavaScript number.`);
  }
  return value;
};

const getTypeParser = (typeId: number, format?: 'text' | 'binary'): unknown =>
  typeId === pg.types.builtins.INT8 && format !== 'binary'
    ? parseSafeInteger
    : pg.types.getTypeParser(typeId, format as 'text');

export const columnTypes = { getTypeParser } as CustomTypesConfig;
