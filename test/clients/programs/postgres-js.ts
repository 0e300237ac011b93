/** The seven steps with postgres.js, which takes the same `ssl` object as node-postgres. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import postgres from 'postgres';
import { note, parameters, readKey, refusal, tell, wait, writeKey } from './contract.ts';

/** One connection, so that a session is a session. */
const connect = (password: string, onclose: () => void = () => undefined) =>
  postgres({
    ...parameters,
    password,
    max: 1,
    onclose,
    ssl: {
      ca: readFileSync('server_ca.pem'),
      cert: readFileSync('client.crt'),
      key: readFileSync('client.key'),
    },
  });

const userOf = async (sql: postgres.Sql): Promise<unknown> =>
  (await sql`SELECT current_user`)[0]?.['current_user'];

const { version } = JSON.parse(
  readFileSync(
    join(dirname(createRequire(import.meta.url).resolve('postgres')), '../../package.json'),
    'utf8',
  ),
);
const { promise: ended, resolve: end } = Promise.withResolvers<void>();
const reader = connect(readKey, end);
tell('connect', { version, user: await userOf(reader) });

const tables = await reader`SELECT table_name FROM information_schema.tables WHERE table_schema = 'places'`;
tell('list', { tables: tables.map(({ table_name }) => table_name) });

let rows = 0;
let sum = 0;
for await (const part of reader`SELECT * FROM places.towns`.cursor(5000)) {
  rows += part.length;
  sum = part.reduce((total, { id }) => total + id, sum);
}
tell('read', { rows, sum });

const writer = connect(writeKey);
tell('write', { rows: (await writer`INSERT INTO places.notes (text) VALUES (${note})`).count });
await writer.end();
tell('refuse', await refusal(reader`INSERT INTO places.notes (text) VALUES (${note})`));

const query = reader`SELECT pg_sleep(60)`;
const sleeping = refusal(query.execute());
await wait();
query.cancel();
tell('cancel', { ...(await sleeping), user: await userOf(reader) });

await wait();
// What the server says between two queries, postgres.js drops; the next query connects anew by itself. Asked while the
// session ends, it would never answer: version 3.4.9 takes the refusal of the new connection for the old query's and
// connects again for ever, to PostgreSQL as well.
await ended;
tell('revoked', {
  session: (await refusal(reader`SELECT 1`)).message,
  message: (await refusal(connect(readKey)`SELECT 1`)).message,
});
await reader.end();

await wait();
const again = connect(readKey);
tell('reconnect', { user: await userOf(again) });
await again.end();
process.stdin.destroy();
