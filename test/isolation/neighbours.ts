/**
 * Three accounts on one server, as careless as an operator may be with it: `alpha`, who attacks, `beta` in the next
 * database, and `gamma` in the database of alpha. The server trusts whoever reaches its socket, allows prepared
 * transactions and logical replication, and has dblink and the like for everybody. Postern's admin has CREATEROLE
 * alone. Clients come through the gate, each with the certificate of its account.
 */

import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg, { type ClientConfig } from 'pg';
import { findSystemUser } from '../../src/cli/demo/system-user.ts';
import { keepControl, type OpenedControl } from '../../src/compose/control.ts';
import { createAccount } from '../../src/control/accounts.ts';
import { addAddressRule } from '../../src/control/address-rules.ts';
import { createKey } from '../../src/control/api-keys.ts';
import { onlyHost, withBackends } from '../e2e/pair-fixture.ts';
import { startPostern, type TestPostern } from '../support/postern.ts';
import { runAsSuperuser } from '../support/postgres.ts';
import { type OwnServer, startOwnServer } from '../support/postgres-server.ts';
import type { Version } from './versions.ts';

export type AccountName = 'alpha' | 'beta' | 'gamma';
/** One for each sort of right that a key can have. */
export type KeyName = 'reader' | 'writer' | 'maker' | 'master';
export const keyNames = ['reader', 'writer', 'maker', 'master'] as const;

export interface AccountKey {
  readonly name: string;
  readonly id: string;
  readonly roleName: string;
  /** Logs in through the gate; closed at the end. */
  connect(options?: ClientConfig): Promise<pg.Client>;
}

export interface Neighbours {
  readonly server: OwnServer;
  readonly control: OpenedControl;
  /** Where the server trusts everybody. */
  readonly socketDirectory: string;
  /** Made when it is asked for first. */
  key(account: AccountName, name: KeyName): Promise<AccountKey>;
  /** Another key of alpha's. */
  newKey(name: string, grants: readonly string[] | 'master'): Promise<AccountKey>;
  /** A session of this role with this password, past the gate; closed at the end. */
  pastTheGate(user: string, password: string, database?: string): Promise<pg.Client>;
  /** In alpha's database. */
  superuser(...statements: string[]): Promise<Record<string, unknown>[]>;
}

const databaseOf = { alpha: 'alpha_data', beta: 'beta_data', gamma: 'alpha_data' } as const;
const schemaOf = (account: AccountName): string => `${account}_land`;
const workshopOf = (account: AccountName): string => `${account}_workshop`;
export const ownerOf = (account: AccountName): string => `${account}_owner`;
export const databaseNameOf = (account: AccountName): string => databaseOf[account];

const grantsOf = (account: AccountName): Record<Exclude<KeyName, 'master'>, readonly string[]> => ({
  reader: [`select on ${schemaOf(account)}.towns`],
  writer: [`select, insert, update, delete on ${schemaOf(account)}.towns`],
  maker: [`select on ${schemaOf(account)}.towns`, `create in ${workshopOf(account)}`],
});

const admin = { user: 'postern_admin', password: 'admin' };

const furnish = async (server: OwnServer): Promise<void> => {
  await runAsSuperuser(
    server.url(),
    `CREATE ROLE ${admin.user} LOGIN CREATEROLE PASSWORD '${admin.password}'`,
    ...['alpha', 'beta', 'gamma'].flatMap((name) => [
      `CREATE ROLE ${name}_owner NOLOGIN`,
      `GRANT ${name}_owner TO ${admin.user} WITH ADMIN OPTION`,
    ]),
    'CREATE DATABASE alpha_data OWNER alpha_owner',
    'CREATE DATABASE beta_data OWNER beta_owner',
  );
  for (const account of ['alpha', 'beta', 'gamma'] as const) {
    await runAsSuperuser(
      server.url(databaseOf[account]),
      `CREATE SCHEMA ${schemaOf(account)} AUTHORIZATION ${ownerOf(account)}`,
      `CREATE SCHEMA ${workshopOf(account)} AUTHORIZATION ${ownerOf(account)}`,
      `SET ROLE ${ownerOf(account)}`,
      `CREATE TABLE ${schemaOf(account)}.towns (id serial PRIMARY KEY, name text)`,
      `INSERT INTO ${schemaOf(account)}.towns (name) VALUES ('town of ${account}')`,
      `CREATE TABLE ${schemaOf(account)}.secrets (name text)`,
      `INSERT INTO ${schemaOf(account)}.secrets VALUES ('secret of ${account}')`,
    );
  }
  for (const database of ['alpha_data', 'beta_data']) {
    await runAsSuperuser(
      server.url(database),
      ...['dblink', 'postgres_fdw', 'file_fdw', 'pg_stat_statements'].map(
        (name) => `CREATE EXTENSION ${name}`,
      ),
      'GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw, dblink_fdw TO PUBLIC',
    );
  }
};

/** @param running stops and removes all of it */
export const startNeighbours = async (
  running: AsyncDisposableStack,
  version: Version,
): Promise<Neighbours> => {
  const socketDirectory = await mkdtemp(join(tmpdir(), 'postern-socket-'));
  running.defer(() => rm(socketDirectory, { recursive: true, force: true }));
  await chmod(socketDirectory, 0o755);
  const systemUser = await findSystemUser();
  if (systemUser) await chown(socketDirectory, systemUser.uid, systemUser.gid);
  const server = await startOwnServer(running, {
    ...version.server,
    hba: ['local all all trust'],
    settings: {
      unix_socket_directories: socketDirectory,
      max_prepared_transactions: '8',
      wal_level: 'logical',
      shared_preload_libraries: 'pg_stat_statements',
    },
  });
  await furnish(server);
  const postern = await startPostern({
    configure: withBackends({ shared: { hosts: onlyHost(server), admin } }),
  });
  running.defer(postern.stop);
  const held = keepControl(postern.config);
  running.defer(held.close);
  const control = { ...held, actor: 'test' };
  const clients: pg.Client[] = [];
  running.defer(
    async () => void (await Promise.all(clients.map((client) => client.end().catch(() => undefined)))),
  );
  const open = async (config: ClientConfig): Promise<pg.Client> => {
    const client = new pg.Client(config);
    client.on('error', () => undefined);
    clients.push(client);
    await client.connect();
    return client;
  };

  const certificates = new Map<AccountName, Awaited<ReturnType<TestPostern['createCertificate']>>>();
  for (const name of ['alpha', 'beta', 'gamma'] as const) {
    await createAccount(control, {
      name,
      backend: 'shared',
      database: databaseOf[name],
      ownerRole: ownerOf(name),
    });
    await addAddressRule(control, name, { cidr: '127.0.0.0/8', label: '', expiresAt: null });
    certificates.set(name, await postern.createCertificate('laptop', name));
  }

  const make = async (
    account: AccountName,
    name: string,
    grants: readonly string[] | 'master',
  ): Promise<AccountKey> => {
    const kind = grants === 'master' ? 'master' : 'regular';
    const { key, text } = await createKey(control, account, {
      name,
      kind,
      grants: grants === 'master' ? [] : grants,
      expiresAt: null,
    });
    await postern.caughtUp();
    const files = certificates.get(account);
    return {
      name,
      id: key.id,
      roleName: key.roleName,
      connect: (options = {}) =>
        open({
          ...postern.clientConfig(),
          user: account,
          database: account,
          password: text,
          ssl: { ca: files?.serverCa, cert: files?.certificate, key: files?.key },
          ...options,
        }),
    };
  };
  const made = new Map<string, Promise<AccountKey>>();
  return {
    server,
    control,
    socketDirectory,
    key: (account, name) => {
      const place = `${account}/${name}`;
      const key = made.get(place) ?? make(account, name, name === 'master' ? name : grantsOf(account)[name]);
      made.set(place, key);
      return key;
    },
    newKey: (name, grants) => make('alpha', name, grants),
    pastTheGate: (user, password, database = 'alpha_data') =>
      open({ host: '127.0.0.1', port: server.port, user, password, database }),
    superuser: (...statements) => runAsSuperuser(server.url('alpha_data'), ...statements),
  };
};

/** What a statement came to: its rows, or the SQLSTATE and sentence of its failure. */
export const outcomeOf = async (
  client: pg.Client,
  statement: string,
): Promise<{ readonly rows: readonly unknown[] } | { readonly code: string; readonly message: string }> => {
  try {
    return { rows: [await client.query(statement)].flat().flatMap((result) => result.rows) };
  } catch (error) {
    return { code: (error as pg.DatabaseError).code ?? '', message: (error as Error).message };
  }
};
