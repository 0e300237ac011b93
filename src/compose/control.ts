/**
 * Builds what the use cases work with from the configuration, and closes it again, so that the process can end by
 * itself. Connects to a backend only when one is asked for.
 */

import type { BackendConfig, Config } from '../config/config.ts';
import type { ClientAuthority, KeyContext, SealContext } from '../control/context.ts';
import { createSealer } from '../control/seal.ts';
import { RequestError } from '../errors.ts';
import { type Database, type DatabaseOptions, openDatabase } from '../postgres/database.ts';
import { sqlstateOf } from '../postgres/errors.ts';
import { openReachable } from '../postgres/reachable.ts';
import { requireMigrated } from '../store/migrate.ts';
import { consoleRole } from '../store/roles.ts';
import { readSettingFile } from './read-setting.ts';

export type OpenedControl = KeyContext & SealContext;

/** What PostgreSQL says to a login that asks for a role which it cannot have; undefined: something else is wrong. */
const roleProblem = (error: unknown): string | undefined => {
  switch (error instanceof RequestError ? sqlstateOf(error.cause) : undefined) {
    case '22023':
      return 'The store has not been prepared: run `postern migrate` first.';
    case '42501':
      return `The store's user is not a member of the role ${consoleRole}: run GRANT ${consoleRole} TO that user.`;
    default:
      return undefined;
  }
};

const storeOptions = ({ store: { url } }: Config): DatabaseOptions => ({
  url,
  role: consoleRole,
  applicationName: 'postern control',
  statementTimeoutMs: 60_000,
});

const openStore = async (config: Config): Promise<Database> => {
  const store = await openReachable('The store', storeOptions(config)).catch((error: unknown) => {
    const problem = roleProblem(error);
    throw problem === undefined ? error : new RequestError(problem, { cause: error });
  });
  try {
    await requireMigrated(store);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
};

const adminUrl = (
  { host, port, tls }: BackendConfig,
  admin: NonNullable<BackendConfig['admin']>,
  database: string,
): string => {
  const url = new URL(`postgresql://localhost:${port}/${encodeURIComponent(database)}`);
  url.username = encodeURIComponent(admin.user);
  url.password = encodeURIComponent(admin.password);
  // As a parameter it may also be an IPv6 address or a socket directory.
  url.searchParams.set('host', host);
  url.searchParams.set('sslmode', tls);
  return url.href;
};

/**
 * An admin connection to a database of a backend; the caller closes it.
 * @throws RequestError when there is no such backend, it has no admin login, or it does not answer
 */
export const openBackend = async (
  { backends }: Pick<Config, 'backends'>,
  name: string,
  database: string,
): Promise<Database> => {
  const backend = backends.get(name);
  if (backend === undefined) {
    const known = [...backends.keys()].join(', ') || 'none';
    throw new RequestError(`There is no backend "${name}" in the configuration; it has: ${known}.`);
  }
  if (backend.admin === null) {
    throw new RequestError(
      `The backend "${name}" has no admin login in the configuration: add backends.${name}.admin.`,
    );
  }
  return openReachable(`The backend "${name}"`, {
    url: adminUrl(backend, backend.admin, database),
    applicationName: 'postern control',
    connectTimeoutMs: backend.connectTimeoutMs,
    // Customers can hold locks that provisioning waits for.
    statementTimeoutMs: 60_000,
    lockTimeoutMs: 15_000,
    maxConnections: 2,
    ...(backend.caFile !== null && {
      tls: { ca: await readSettingFile(backend.caFile, `backends.${name}.ca_file`) },
    }),
  });
};

/** Everything that use cases work with, but for who is asking. */
export type HeldControl = Omit<OpenedControl, 'actor'> & {
  /** Backends are reached as this configuration says from now on; work under way goes on as it began. */
  readonly setBackends: (config: Config) => void;
  readonly close: () => Promise<void>;
};

const holdControl = (given: Config, store: Database): HeldControl => {
  let config = given;
  const backends = new Map<string, Promise<Database>>();
  /** Replaced by a reload; idle they hold no connection. */
  const former: Promise<Database>[] = [];
  const backendAdmin = (name: string, database: string): Promise<Database> => {
    const place = JSON.stringify([name, database]);
    const known = backends.get(place);
    if (known) return known;
    const opened = openBackend(config, name, database);
    backends.set(place, opened);
    // A backend that could not be reached may be back when it is asked for again.
    opened.catch(() => backends.get(place) === opened && backends.delete(place));
    return opened;
  };
  const sealer = createSealer(config.sealingKeys);
  return {
    store,
    now: Date.now,
    backendAdmin,
    sealer,
    seal: sealer.seal,
    setBackends: (next) => {
      config = next;
      former.push(...backends.values());
      backends.clear();
    },
    close: async () => {
      const opened = await Promise.allSettled([...backends.values(), ...former, store]);
      await Promise.all(opened.map((each) => (each.status === 'fulfilled' ? each.value.close() : undefined)));
    },
  };
};

/** For as long as the process runs; the store need not be there yet. */
export const keepControl = (config: Config): HeldControl =>
  holdControl(config, openDatabase({ ...storeOptions(config), connectTimeoutMs: 5_000 }));

/**
 * Runs `work` with the store and the way to the backends; all connections are closed afterwards.
 * @param actor who is asking, for the audit
 * @throws RequestError when the store cannot be reached or is not migrated, and whatever `work` throws
 */
export const withControl = async <T>(
  config: Config,
  actor: string,
  work: (context: OpenedControl) => Promise<T>,
): Promise<T> => {
  const { close, setBackends: _, ...held } = holdControl(config, await openStore(config));
  try {
    return await work({ ...held, actor });
  } finally {
    await close();
  }
};

/** null: the configuration has no authority. @throws RequestError when its files cannot be used */
export const loadClientAuthority = async ({
  authority,
  public: { host, port },
}: Config): Promise<ClientAuthority | null> => {
  if (authority === null) return null;
  const { loadAuthority } = await import('../authority/files.ts');
  const { defaultDays, maximumDays, serverCaFile } = authority;
  return {
    authority: await loadAuthority(authority),
    serverCaPem: await readSettingFile(serverCaFile, 'authority.server_ca_file'),
    defaultDays,
    maximumDays,
    host,
    port,
  };
};
