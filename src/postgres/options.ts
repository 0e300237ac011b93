/**
 * How to reach a PostgreSQL: a URL plus what does not belong into one, turned into a `pg` configuration.
 * Everything that `pg` would otherwise take from PG* environment variables is set, except an absent password.
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
  /** Enforced by the server, and a little later by the client in case the network swallows the answer. */
  readonly statementTimeoutMs?: number;
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
 * The configuration for `pg.Client` and `pg.Pool`.
 * @throws RequestError when the URL cannot be used
 */
export const clientConfig = (options: ConnectionOptions): ClientConfig => {
  const target = parseTarget(options.url);
  const settings = [setting('client_min_messages', 'warning')];
  if (options.role !== undefined) {
    settings.push(setting('role', options.role));
  }
  if (options.statementTimeoutMs !== undefined) {
    settings.push(setting('statement_timeout', String(options.statementTimeoutMs)));
  }
  return {
    host: target.host,
    port: target.port,
    user: target.user,
    password: target.password,
    database: target.database,
    ssl: tlsOf(target, options.tls),
    application_name: options.applicationName,
    options: settings.join(' '),
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
