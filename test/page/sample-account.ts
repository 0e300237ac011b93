/** An account as it looks after some weeks of use, for pictures. Its addresses are those for documentation (RFC 5737). */

import pg from 'pg';
import { onTestFinished } from 'vitest';
import { addAddressRule } from '../../src/control/address-rules.ts';
import { createKey } from '../../src/control/api-keys.ts';
import { createCertificate, revokeCertificate } from '../../src/control/certificates.ts';
import type { TestPostern } from '../support/postern.ts';
import type { Account } from './accounts.ts';
import { openDoorFrom } from './foreign-client.ts';

export const sampleTables = [
  'CREATE SCHEMA maps',
  'CREATE TABLE maps.huts (id int, name text)',
  'CREATE TABLE maps.trails (id int, name text)',
  'CREATE TABLE maps.weather_stations (id int, name text)',
];

const hourMs = 3_600_000;
const office = '203.0.113.7';
const home = '2001:db8:5::17';
const stranger = '192.0.2.44';

const addRules = async ({ context }: TestPostern, account: string): Promise<void> => {
  const rules = [
    { cidr: office, label: 'Office in Zürich', expiresAt: null },
    { cidr: '198.51.100.0/24', label: 'Databricks, west Europe', expiresAt: null },
    { cidr: home, label: 'Ann at home', expiresAt: new Date(Date.now() + 8 * hourMs - 60_000) },
  ];
  for (const rule of rules) await addAddressRule(context, account, rule);
};

const addCertificates = async ({ context }: TestPostern, account: string) => {
  const make = (name: string, days: number) => createCertificate(context, account, { name, days, csr: null });
  await make('Old laptop', 60);
  await revokeCertificate(context, account, 'Old laptop', 'Replaced');
  await make('Tableau server', 21);
  const { files } = await make('Laptop of Ann', 60);
  const read = (wanted: string) => String(files.find(({ name }) => name === wanted)?.content);
  return { ca: read('server_ca.pem'), cert: read('client.crt'), key: read('client.key') };
};

const addKeys = async ({ context }: TestPostern, account: string): Promise<string> => {
  const make = (name: string, grants: readonly string[], days: number | null) =>
    createKey(context, account, {
      name,
      kind: 'regular',
      grants,
      expiresAt: days === null ? null : new Date(Date.now() + days * 24 * hourMs + 60_000),
    });
  await make('Nightly import', ['select, insert, update on maps.weather_stations'], 90);
  return (await make('QGIS in the office', ['select on all in maps'], null)).text;
};

/** Resolves when two sessions are live and some attempts are on record; they end with the test. */
export const fillSampleAccount = async (postern: TestPostern, { account }: Account): Promise<void> => {
  await addRules(postern, account);
  const ssl = await addCertificates(postern, account);
  const password = await addKeys(postern, account);
  await postern.caughtUp();
  const connect = async (from: string, application_name: string, changes: pg.ClientConfig = {}) => {
    const port = await openDoorFrom(from, postern.port);
    const login = { host: 'localhost', port, user: account, database: account, password, ssl };
    const client = new pg.Client({ ...login, application_name, ...changes });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  await (await connect(home, 'psql')).end();
  await connect(office, 'DBeaver', { password: 'a forgotten key' }).catch(() => undefined);
  await connect(stranger, 'Tableau').catch(() => undefined);
  const sessions = [await connect(office, 'QGIS'), await connect(home, 'psql')];
  onTestFinished(async () => void (await Promise.all(sessions.map((session) => session.end()))));
};
