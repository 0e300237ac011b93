/** The seven steps with node-postgres, connecting as the guide for Node.js shows it. */

import { readFileSync } from 'node:fs';
import pg from 'pg';
import manifest from 'pg/package.json' with { type: 'json' };
import { note, parameters, readKey, refusal, tell, wait, writeKey } from './contract.ts';

const create = (password: string): pg.Client =>
  new pg.Client({
    ...parameters,
    password,
    ssl: {
      ca: readFileSync('server_ca.pem'),
      cert: readFileSync('client.crt'),
      key: readFileSync('client.key'),
    },
  });

const connect = async (password: string): Promise<pg.Client> => {
  const client = create(password);
  await client.connect();
  return client;
};

const userOf = async (client: pg.Client): Promise<unknown> =>
  (await client.query('SELECT current_user')).rows[0].current_user;

const reader = await connect(readKey);
/** What it hears between two queries. */
const ended = new Promise<Error>((resolve) => reader.on('error', resolve));
tell('connect', { version: manifest.version, user: await userOf(reader) });

const { rows: tables } = await reader.query(
  "SELECT table_name FROM information_schema.tables WHERE table_schema = 'places'",
);
tell('list', { tables: tables.map(({ table_name }) => table_name) });

const { rows } = await reader.query('SELECT * FROM places.towns');
tell('read', { rows: rows.length, sum: rows.reduce((sum, { id }) => sum + id, 0) });

const write = { text: 'INSERT INTO places.notes (text) VALUES ($1)', values: [note] };
const writer = await connect(writeKey);
tell('write', { rows: (await writer.query(write)).rowCount });
await writer.end();
tell('refuse', await refusal(reader.query(write)));

const query = new pg.Query('SELECT pg_sleep(60)');
const sleeping = new Promise((resolve, reject) => {
  query.on('end', resolve);
  query.on('error', reject);
});
reader.query(query);
await wait();
(create(readKey) as pg.Client & { cancel(client: pg.Client, query: pg.Query): void }).cancel(reader, query);
tell('cancel', { ...(await refusal(sleeping)), user: await userOf(reader) });

await wait();
tell('revoked', { session: (await ended).message, message: (await refusal(connect(readKey))).message });

await wait();
const again = await connect(readKey);
tell('reconnect', { user: await userOf(again) });
await again.end();
process.stdin.destroy();
