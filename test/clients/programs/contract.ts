/** What the programs in TypeScript have in common: telling a step, waiting, and the values that they are given. */

import { createInterface } from 'node:readline';

const given = (name: string): string => process.env[`POSTERN_${name}`] ?? '';

export const parameters = {
  host: given('HOST'),
  port: Number(given('PORT')),
  database: given('DATABASE'),
  user: given('USER'),
};
export const readKey = given('READ_KEY');
export const writeKey = given('WRITE_KEY');
export const note = given('NOTE');

export const tell = (step: string, seen: object): void => {
  process.stdout.write(`${JSON.stringify({ step, ...seen })}\n`);
};

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** For the next line. */
export const wait = async (): Promise<void> => void (await lines.next());

/** What a client that throws errors with a `code` was told. */
export const refusal = async (action: PromiseLike<unknown>) => {
  try {
    await action;
  } catch (error) {
    const { message, code = null } = error as Error & { code?: string };
    return { message, sqlstate: code };
  }
  throw new Error('It was not refused.');
};
