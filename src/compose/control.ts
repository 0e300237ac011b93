/**
 * Builds what the use cases work with from the configuration, and closes it again, so that the process can end by
 * itself. Connects to a backend only when one is asked for.
 */

import type { Config } from '../config/config.ts';
import type { ClientAuthority, KeyContext, SealContext } from '../control/context.ts';
import { createSealer } from '../control/seal.ts';
import { RequestError } from '../errors.ts';
import { type Database, type DatabaseOptions, openDatabase } from '../postgres/database.ts';
import { sqlstateOf } from '../postgres/errors.ts';
import { roleOf } from '../postgres/primary.ts';
import { openReachable } from '../postgres/reachable.ts';
import { requireMigrated } from '../store/migrate.ts';
import { consoleRole } from '../store/roles.ts';
import { openBackend } from './backend-admin.ts';
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

/** Everything that use cases work with, but for who is asking. */
export type HeldControl = Omit<OpenedControl, 'actor'> & {
  /** Backends are reached as this configuration says from now on; work under way goes on as it began. */
  readonly setBackends: (config: Config) => void;
  readonly close: () => Promise<void>;
};

/** For so long a primary that was found is taken for one without asking again. */
const trustedMs = 5_000;

interface BackendAdmin {
  readonly database: Promise<Database>;
  readonly trustedUntilMs: number;
}

const isPrimary = async (server: Database): Promise<boolean> => {
  try {
    return (await roleOf(server)) === 'primary';
  } catch {
    return false;
  }
};

const holdControl = (given: Config, store: Database): HeldControl => {
  let config = given;
  const backends = new Map<string, BackendAdmin>();
  /** Replaced by a reload or a failover; idle they hold no connection. */
  const former: Promise<Database>[] = [];
  const stillPrimary = async (known: BackendAdmin): Promise<Database | null> => {
    const server = await known.database.catch(() => null);
    if (server === null || (await isPrimary(server))) return server;
    former.push(known.database);
    return null;
  };
  const backendAdmin = (name: string, database: string): Promise<Database> => {
    const place = JSON.stringify([name, database]);
    const known = backends.get(place);
    const nowMs = performance.now();
    if (known && nowMs < known.trustedUntilMs) return known.database;
    const find = async () => (known && (await stillPrimary(known))) ?? openBackend(config, name, database);
    const admin = { database: find(), trustedUntilMs: nowMs + trustedMs };
    backends.set(place, admin);
    // A backend that could not be reached may be back when it is asked for again.
    admin.database.catch(() => backends.get(place) === admin && backends.delete(place));
    return admin.database;
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
      former.push(...[...backends.values()].map(({ database }) => database));
      backends.clear();
    },
    close: async () => {
      const held = [...backends.values()].map(({ database }) => database);
      const opened = await Promise.allSettled([...held, ...former, store]);
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
