/**
 * A whole Postern for tests: store and backend database on the test run's PostgreSQL, an authority, an account with an
 * allowed loopback, a certificate and keys, and the gate of `composeServe` on a free port. Everything is made through
 * the use cases that people use, and everything is gone afterwards.
 */

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg, { type ClientConfig } from 'pg';
import { createAuthorityFiles, loadAuthority } from '../../src/authority/files.ts';
import { composeServe, type Serving } from '../../src/compose/serve.ts';
import type { Config } from '../../src/config/config.ts';
import { createAccount, deleteAccount } from '../../src/control/accounts.ts';
import { addAddressRule } from '../../src/control/address-rules.ts';
import { type CreatedKey, createKey } from '../../src/control/api-keys.ts';
import { createCertificate } from '../../src/control/certificates.ts';
import type { ControlContext } from '../../src/control/context.ts';
import { createSealer } from '../../src/control/seal.ts';
import type { KeyKind } from '../../src/policy/account.ts';
import { type Database, openDatabase } from '../../src/postgres/database.ts';
import { caughtUp } from './caught-up.ts';
import { pollUntil } from './poll.ts';
import { createDatabase, postgresUrl, runAsSuperuser, uniqueName } from './postgres.ts';
import { createStore, type TestStore } from './store.ts';
import { openTestLog } from './test-log.ts';

export interface ClientFiles {
  readonly certificate: string;
  readonly key: string;
  readonly serverCa: string;
  /** Where `client.crt`, `client.key` and `server_ca.pem` lie, for libpq. */
  readonly directory: string;
}

/** One running `composeServe`. */
export interface TestInstance {
  readonly port: number;
  readonly serving: Serving;
  /** Every line that it logged so far. */
  logLines(): Record<string, unknown>[];
  /** Also done at the end. */
  stop(): Promise<void>;
}

export interface TestPostern {
  readonly account: string;
  readonly database: string;
  readonly ownerRole: string;
  readonly context: ControlContext;
  readonly config: Config;
  readonly store: TestStore;
  readonly directory: string;
  readonly port: number;
  readonly serving: Serving;
  /** What the configuration file says from now on; a reload reads it. */
  rewrite(change: (config: Config) => Config): void;
  readonly files: ClientFiles;
  readonly masterKey: string;
  readonly readerKey: string;
  /** Superuser URL of the backend's database. */
  readonly backendUrl: string;
  /** Connected through the gate; closed at the end. */
  connect(options?: ClientConfig): Promise<pg.Client>;
  clientConfig(options?: ClientConfig): ClientConfig;
  /** Keys and certificates that are made while the gate runs are known to it when these return. */
  createKey(name: string, kind: KeyKind, grants?: readonly string[]): Promise<CreatedKey>;
  /** Of the first account, or of another. */
  createCertificate(name: string, ofAccount?: string): Promise<ClientFiles>;
  /** Another instance on the same store; resolves when it follows the store. */
  startInstance(configure?: (config: Config) => Config): Promise<TestInstance>;
  /** Resolves when every instance has heard of everything that was changed until now. */
  caughtUp(): Promise<void>;
  /** Every line that the first instance logged so far. */
  logLines(): Record<string, unknown>[];
  superuser(...statements: string[]): Promise<Record<string, unknown>[]>;
  stop(): Promise<void>;
}

export interface TestPosternOptions {
  /** Changes to the configuration before the gate starts. */
  readonly configure?: (config: Config) => Config;
  readonly allow?: readonly string[];
  /** Last preparations in the store, when everything is there but the gate. */
  readonly beforeServing?: (store: TestStore) => Promise<unknown>;
  /** Directory of the console's built page; none: the console, if there is one, is the API alone. */
  readonly page?: string;
}

const dataSet = [
  'CREATE SCHEMA places',
  'CREATE TABLE places.towns (id serial PRIMARY KEY, name text NOT NULL, lon float8, lat float8)',
  "INSERT INTO places.towns (name, lon, lat) SELECT 'town ' || i, i / 100.0, i / 50.0 FROM generate_series(1, 500) i",
  'CREATE TABLE places.owners (id int, secret text)',
];

const writeClientFiles = async (
  directory: string,
  files: readonly { name: string; mode: number; content: string | Buffer }[],
): Promise<ClientFiles> => {
  for (const { name, mode, content } of files) await writeFile(join(directory, name), content, { mode });
  const read = (name: string) => readFileSync(join(directory, name), 'utf8');
  return {
    certificate: read('client.crt'),
    key: read('client.key'),
    serverCa: read('server_ca.pem'),
    directory,
  };
};

export const startPostern = async ({
  configure,
  allow,
  beforeServing,
  page,
}: TestPosternOptions = {}): Promise<TestPostern> => {
  const running = new AsyncDisposableStack();
  try {
    const directory = await mkdtemp(join(tmpdir(), 'postern-e2e-'));
    running.defer(() => rm(directory, { recursive: true, force: true }));
    await createAuthorityFiles({ directory, names: ['localhost', '127.0.0.1', '::1'] });
    const store = await createStore();
    running.defer(() => store.drop());
    const account = uniqueName('acc').replace('_', '-');
    const ownerRole = uniqueName('owner');
    const backend = await createDatabase();
    const superuser = (...statements: string[]) => runAsSuperuser(backend.url, ...statements);
    running.defer(async () => {
      await backend.drop();
      await runAsSuperuser(postgresUrl(), `DROP ROLE IF EXISTS ${ownerRole}`);
    });
    await superuser(
      `CREATE ROLE ${ownerRole} NOLOGIN`,
      `ALTER DATABASE ${backend.name} OWNER TO ${ownerRole}`,
      `SET ROLE ${ownerRole}`,
      ...dataSet,
    );

    const cluster = new URL(postgresUrl());
    const file = (name: string) => join(directory, name);
    const base: Config = {
      store: { url: store.url, ownerUrl: store.url },
      sealingKeys: [{ id: 'k1', key: randomBytes(32) }],
      public: { host: 'localhost', port: 6432 },
      backends: new Map([
        [
          'main',
          {
            name: 'main',
            hosts: [{ host: cluster.hostname, port: Number(cluster.port) }],
            targetSessionAttrs: 'any',
            tls: 'disable',
            caFile: null,
            clientCertificate: null,
            connectTimeoutMs: 2_000,
            admin: {
              user: decodeURIComponent(cluster.username),
              password: decodeURIComponent(cluster.password),
            },
          },
        ],
      ]),
      gate: {
        listen: { host: '127.0.0.1', port: 0 },
        certificateFile: file('server.crt'),
        keyFile: file('server.key'),
        clientCaFile: file('client_ca.pem'),
        clientAuthentication: 'scram-sha-256',
        workers: 1,
        drainDelayMs: 0,
        loginTimeoutMs: 10_000,
        drainTimeoutMs: 0,
        trustedProxies: [],
      },
      console: null,
      authority: {
        certificateFile: file('client_ca.pem'),
        keyFile: file('client_ca.key'),
        serverCaFile: file('server_ca.pem'),
        defaultDays: 30,
        maximumDays: 60,
      },
      limits: {
        halfOpen: 500,
        halfOpenPerAddress: 500,
        sessions: 500,
        sessionsPerAccount: 200,
        sessionsPerAddress: 300,
        idleTimeoutMs: null,
      },
      policy: { pollIntervalMs: 1_000, maxStalenessMs: 60_000 },
      attempts: { flushIntervalMs: 50, keepMs: 86_400_000 },
      telemetry: { listen: { host: '127.0.0.1', port: 0 }, logLevel: 'debug' },
    };
    const config = configure?.(base) ?? base;
    let written = config;

    const admins: Database[] = [];
    running.defer(async () => void (await Promise.all(admins.map((admin) => admin.close()))));
    const context: ControlContext = {
      store: store.console,
      actor: 'test',
      now: Date.now,
      seal: createSealer(config.sealingKeys).seal,
      backendAdmin: async (_backend, name) => {
        const admin = openDatabase({ url: postgresUrl(name), applicationName: 'postern test admin' });
        admins.push(admin);
        return admin;
      },
      clientAuthority: {
        authority: await loadAuthority({
          certificateFile: file('client_ca.pem'),
          keyFile: file('client_ca.key'),
        }),
        serverCaPem: readFileSync(file('server_ca.pem'), 'utf8'),
        defaultDays: 30,
        maximumDays: 60,
        host: 'localhost',
        port: 6432,
      },
    };
    await createAccount(context, { name: account, backend: 'main', database: backend.name, ownerRole });
    running.defer(() => deleteAccount(context, account));
    for (const cidr of allow ?? ['127.0.0.0/8', '::1']) {
      await addAddressRule(context, account, { cidr, label: 'test', expiresAt: null });
    }
    const issue = async (name: string, ofAccount = account): Promise<ClientFiles> => {
      const created = await createCertificate(context, ofAccount, { name, days: null, csr: null });
      const folder = await mkdtemp(join(directory, 'client-'));
      await chmod(folder, 0o700);
      return writeClientFiles(folder, created.files);
    };
    const newKey = (name: string, kind: KeyKind, grants: readonly string[] = []) =>
      createKey(context, account, { name, kind, grants, expiresAt: null });
    const files = await issue('laptop');
    const masterKey = (await newKey('master', 'master')).text;
    const readerKey = (await newKey('reader', 'regular', ['select on places.towns'])).text;

    await beforeServing?.(store);
    const instances = new Set<Serving>();
    let started = 0;
    const startInstance: TestPostern['startInstance'] = async (configureInstance) => {
      const own = configureInstance?.(config) ?? config;
      started += 1;
      const isFirst = started === 1;
      const log = openTestLog(file(`postern${isFirst ? '' : started}.log`), own.telemetry.logLevel);
      running.defer(log.close);
      const serving = await composeServe(own, log.log, {
        loadConfig: () => (isFirst ? written : own),
        page: page ?? null,
      });
      instances.add(serving);
      const stop = () => {
        instances.delete(serving);
        return serving.stop();
      };
      running.defer(stop);
      await serving.ready;
      await pollUntil(() => log.lines().some(({ state }) => state === 'following'));
      return { port: serving.gatePort ?? 0, serving, logLines: log.lines, stop };
    };
    const { serving, logLines } = await startInstance();

    const followed = async <T>(made: T): Promise<T> => {
      await Promise.all([...instances].map((each) => caughtUp(store, each)));
      return made;
    };
    const clients = new Set<pg.Client>();
    running.defer(
      async () => void (await Promise.all([...clients].map((client) => client.end().catch(() => undefined)))),
    );
    const clientConfig = (options: ClientConfig = {}): ClientConfig => ({
      host: 'localhost',
      port: serving.gatePort ?? 0,
      user: account,
      password: readerKey,
      database: account,
      ssl: { ca: files.serverCa, cert: files.certificate, key: files.key },
      ...options,
    });
    const connect = async (options: ClientConfig = {}): Promise<pg.Client> => {
      const client = new pg.Client(clientConfig(options));
      client.on('error', () => undefined);
      await client.connect();
      clients.add(client);
      return client;
    };
    return {
      account,
      database: backend.name,
      ownerRole,
      context,
      config,
      store,
      directory,
      port: serving.gatePort ?? 0,
      serving,
      rewrite: (change) => {
        written = change(written);
      },
      files,
      masterKey,
      readerKey,
      backendUrl: backend.url,
      connect,
      clientConfig,
      createKey: async (...request) => followed(await newKey(...request)),
      createCertificate: async (...request) => followed(await issue(...request)),
      startInstance,
      caughtUp: () => followed(undefined),
      logLines,
      superuser,
      stop: () => running.disposeAsync(),
    };
  } catch (error) {
    await running.disposeAsync();
    throw error;
  }
};
