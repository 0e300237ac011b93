/**
 * A Postern whose backends are servers of the test's own. Accounts are made by the use cases, with the admin connections of
 * the configuration, so that these too have to find their way. The servers go at the end, and with them all that was made.
 */

import pg from 'pg';
import { keepControl } from '../../src/compose/control.ts';
import type { BackendConfig } from '../../src/config/backend.ts';
import type { Config } from '../../src/config/config.ts';
import { createAccount } from '../../src/control/accounts.ts';
import { addAddressRule } from '../../src/control/address-rules.ts';
import { createKey } from '../../src/control/api-keys.ts';
import { pollUntil } from '../support/poll.ts';
import { startPostern, type TestPostern } from '../support/postern.ts';
import { runAsSuperuser, uniqueName } from '../support/postgres.ts';
import type { OwnServer } from '../support/postgres-server.ts';

type Backends = Readonly<Record<string, Partial<BackendConfig> & Pick<BackendConfig, 'hosts'>>>;

export interface PairPostern {
  readonly postern: TestPostern;
  /** Makes an account with a key on the backend; returns a way to log in with it. */
  accountOn(backend: string): Promise<() => Promise<pg.Client>>;
  /** Of this host, as /metrics shows it; undefined: it shows none. */
  isUp(backend: string, place: string): Promise<number | undefined>;
  /** Lines about hosts of the backend, in their order. */
  hostLines(backend: string): Record<string, unknown>[];
}

export const placeOf = ({ port }: Pick<OwnServer, 'port'>) => ({ host: '127.0.0.1', port });
export const onlyHost = (server: Pick<OwnServer, 'port'>) => [placeOf(server)] as const;

/** For `configure` and `rewrite`: these backends beside those that are there, reached as they are. */
export const withBackends =
  (backends: Backends) =>
  (config: Config): Config => {
    const main = config.backends.get('main');
    if (!main) throw new Error('There is no backend "main".');
    const admin = { user: 'postgres', password: 'postgres' };
    const more = Object.entries(backends).map(
      ([name, changes]) => [name, { ...main, admin, ...changes, name }] as const,
    );
    return { ...config, backends: new Map([...config.backends, ...more]) };
  };

const database = 'gis';

/** What accounts are made on: a database with a table, and its owner. */
export const furnish = async (server: OwnServer): Promise<void> => {
  await runAsSuperuser(
    server.url(),
    'CREATE ROLE gis_owner NOLOGIN',
    `CREATE DATABASE ${database} OWNER gis_owner`,
  );
  await runAsSuperuser(
    server.url(database),
    'SET ROLE gis_owner',
    'CREATE SCHEMA places',
    'CREATE TABLE places.towns (id int)',
    'INSERT INTO places.towns VALUES (1)',
  );
};

/** @param replicated resolves when what was made has arrived wherever sessions may be opened */
export const startPairPostern = async (
  running: AsyncDisposableStack,
  backends: Backends,
  replicated: () => Promise<void> = async () => undefined,
): Promise<PairPostern> => {
  const postern = await startPostern({ configure: withBackends(backends) });
  running.defer(postern.stop);
  const control = keepControl(postern.config);
  running.defer(control.close);
  const context = { ...postern.context, backendAdmin: control.backendAdmin };
  const clients: pg.Client[] = [];
  running.defer(
    async () => void (await Promise.all(clients.map((client) => client.end().catch(() => undefined)))),
  );
  return {
    postern,
    accountOn: async (backend) => {
      const user = uniqueName('acc').replace('_', '-');
      await createAccount(context, { name: user, backend, database, ownerRole: 'gis_owner' });
      await addAddressRule(context, user, { cidr: '127.0.0.1', label: '', expiresAt: null });
      const { certificate, key, serverCa } = await postern.createCertificate('laptop', user);
      const created = await createKey(context, user, {
        name: 'reader',
        kind: 'regular',
        grants: ['select on places.towns'],
        expiresAt: null,
      });
      await Promise.all([postern.caughtUp(), replicated()]);
      return async () => {
        const client = new pg.Client({
          ...postern.clientConfig(),
          user,
          database: user,
          password: created.text,
          ssl: { ca: serverCa, cert: certificate, key },
        });
        client.on('error', () => undefined);
        clients.push(client);
        await client.connect();
        return client;
      };
    },
    isUp: async (backend, place) => {
      const response = await fetch(`http://127.0.0.1:${postern.serving.telemetryPort}/metrics`);
      const line = `postern_backend_up{backend="${backend}",host="${place}"} `;
      const found = (await response.text()).split('\n').find((each) => each.startsWith(line));
      return found === undefined ? undefined : Number(found.slice(line.length));
    },
    hostLines: (backend) =>
      postern.logLines().filter((line) => line['msg'] === 'backend host' && line['backend'] === backend),
  };
};

/** The port of the server that a session is on. */
export const serverPort = async (client: pg.Client): Promise<number> => {
  const { rows } = await client.query<{ port: number }>('SELECT inet_server_port() AS port');
  return rows[0]?.port ?? 0;
};

/** Logs in again and again until a session is on that port. @returns milliseconds until then */
export const untilSessionOn = async (
  port: number,
  logIn: () => Promise<pg.Client>,
  timeoutMs = 20_000,
): Promise<number> => {
  const startedAtMs = performance.now();
  await pollUntil(
    async () => {
      const client = await logIn();
      const found = await serverPort(client);
      await client.end();
      return found === port;
    },
    { timeoutMs },
  );
  return performance.now() - startedAtMs;
};
