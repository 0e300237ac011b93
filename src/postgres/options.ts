/**
 * How to reach a PostgreSQL: a URL plus what does not belong into one, turned into a `pg` configuration.
 * Everything that `pg` would otherwise take from PG* environment variables is set, except an absent password, and
 * so is everything that the database reached could otherwise set against us.
 * Never puts the URL into an error: it holds a password.
 */

import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { ClientConfig } from 'pg';
import { RequestError } from '../errors.ts';
import { columnTypes } from './types.ts';

export interface ConnectionOptions {
  /** `postgresql://user:password@host:port/database`; parameters: `sslmode`, and `host` for a socket directory. */
  readonly url: string;
  /** SET ROLE from the first statement on; the URL's user must be a member. */
  readonly role?: string;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  /** For the whole of DNS, TCP, TLS and login. Default 10 000. */
  readonly connectTimeoutMs?: number;
  /** Enforced by the server, and a little later by the client in case the network swallows the answer; else none. */
  readonly statementTimeoutMs?: number;
  /** How long a statement may wait for a lock that somebody else holds; without it as long as the statement may. */
  readonly lockTimeoutMs?: number;
  /** TLS with these options (`ca`, `cert`, `key` …); without them and without `sslmode` the connection is plain. */
  readonly tls?: TlsOptions;
}

interface Target {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  readonly sslmode: string | undefined;
}

/** What each sslmode of libpq asks of TLS; `prefer` and `allow` are missing because they can be downgraded. */
const tlsBySslmode: Record<string, TlsOptions | false> = {
  disable: false,
  require: { rejectUnauthorized: false },
  'verify-ca': { checkServerIdentity: () => undefined },
  'verify-full': {},
};

const defaultConnectTimeoutMs = 10_000;
const answerGraceMs = 5_000;
const keepAliveAfterMs = 10_000;

/**
 * The parts of a database URL.
 * @throws RequestError when it is not one, lacks user or database, or has a parameter that is not understood
 */
const parseTarget = (text: string): Target => {
  if (!URL.canParse(text) || !/^postgres(ql)?:$/.test(new URL(text).protocol)) {
    throw new RequestError('A database URL must look like postgresql://user:password@host:5432/database.');
  }
  const url = new URL(text);
  for (const name of url.searchParams.keys()) {
    if (name !== 'sslmode' && name !== 'host') {
      throw new RequestError(
        `The database URL has the parameter "${name}": only sslmode and host are understood there.`,
      );
    }
  }
  const sslmode = url.searchParams.get('sslmode') ?? undefined;
  if (sslmode !== undefined && !Object.hasOwn(tlsBySslmode, sslmode)) {
    throw new RequestError(
      `The database URL has sslmode "${sslmode}": use one of ${Object.keys(tlsBySslmode).join(', ')}.`,
    );
  }
  const user = decodeURIComponent(url.username);
  const database = decodeURIComponent(url.pathname.slice(1));
  if (user === '' || database === '') {
    throw new RequestError(`The database URL names no ${user === '' ? 'user' : 'database'}.`);
  }
  return {
    host: url.searchParams.get('host') ?? url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 5432 : Number(url.port),
    user,
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
    database,
    sslmode,
  };
};

const tlsOf = ({ sslmode, host }: Target, tls: TlsOptions | undefined): TlsOptions | false => {
  const wanted = sslmode === undefined ? tls !== undefined && {} : tlsBySslmode[sslmode];
  // `host`: Node checks the certificate against "localhost" when the server is reached by its address.
  return wanted ? { host, ...wanted, ...tls } : false;
};

/** One `-c name=value` of the startup parameter `options`; the server splits it at unescaped blanks. */
const setting = (name: string, value: string): string => `-c ${name}=${value.replace(/[\\\s]/g, '\\$&')}`;

/**
 * What statements mean and whether they run at all must not be for a database's owner to decide: `ALTER DATABASE … SET`
 * takes effect on whoever connects, and a `search_path` of the owner's has an admin run the owner's functions.
 * Settings of the startup packet outrank those of databases and roles (manual §20.1.3), so all that a customer may
 * set, that matters to us and that every supported version knows stands here; newer-settings.ts does the rest.
 */
const pinnedSettings = (options: ConnectionOptions): readonly string[] => [
  setting('search_path', 'pg_catalog,pg_temp'),
  setting('role', options.role ?? 'none'),
  setting('default_transaction_read_only', 'off'),
  setting('default_transaction_isolation', 'read committed'),
  setting('row_security', 'on'),
  setting('standard_conforming_strings', 'on'),
  setting('check_function_bodies', 'on'),
  setting('DateStyle', 'ISO'),
  setting('extra_float_digits', '1'),
  setting('client_min_messages', 'warning'),
  // A library that does not exist keeps everybody out.
  setting('local_preload_libraries', ''),
  setting('exit_on_error', 'off'),
  setting('statement_timeout', String(options.statementTimeoutMs ?? 0)),
  setting('lock_timeout', String(options.lockTimeoutMs ?? 0)),
  setting('idle_in_transaction_session_timeout', '0'),
  setting('idle_session_timeout', '0'),
];

/**
 * The configuration for `pg.Client` and `pg.Pool`.
 * @throws RequestError when the URL cannot be used
 */
export const clientConfig = (options: ConnectionOptions): ClientConfig => {
  const target = parseTarget(options.url);
  return {
    host: target.host,
    port: target.port,
    user: target.user,
    password: target.password,
    database: target.database,
    ssl: tlsOf(target, options.tls),
    sslnegotiation: 'postgres',
    application_name: options.applicationName,
    options: pinnedSettings(options).join(' '),
    connectionTimeoutMillis: options.connectTimeoutMs ?? defaultConnectTimeoutMs,
    query_timeout:
      options.statementTimeoutMs === undefined ? undefined : options.statementTimeoutMs + answerGraceMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveAfterMs,
    types: columnTypes,
  };
};

/** The same PostgreSQL and user, another database. */
export const withDatabaseName = (url: string, database: string): string => {
  const changed = new URL(url);
  changed.pathname = `/${encodeURIComponent(database)}`;
  return changed.href;
};
