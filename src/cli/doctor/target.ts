/**
 * Where a client wants to connect to and with what, as libpq reads it: from a connection string or from a service of a
 * pg_service.conf (PostgreSQL manual, "Connection Strings", "The Connection Service File"). Pure.
 */

import { RequestError } from '../../errors.ts';

const sslmodes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;

export interface ClientTarget {
  readonly host: string;
  /** To be connected to instead of what `host` is looked up as. */
  readonly hostAddress: string | null;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly sslmode: (typeof sslmodes)[number];
  readonly directTls: boolean;
  /** Names of files as they were written; null: libpq's default place. */
  readonly certificateFile: string | null;
  readonly keyFile: string | null;
  readonly rootFile: string | null;
  readonly keyPassphrase: string | undefined;
  readonly password: string | undefined;
}

type Parameters = ReadonlyMap<string, string>;

const keywordPair = /\s*([A-Za-z_]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))(?=\s|$)/sy;

const parseKeywords = (text: string): Parameters => {
  const parameters = new Map<string, string>();
  const pattern = new RegExp(keywordPair);
  const end = text.trimEnd().length;
  while (pattern.lastIndex < end) {
    const at = pattern.lastIndex;
    const [, name, quoted, plain = ''] = pattern.exec(text) ?? [];
    if (name === undefined) {
      throw new RequestError(
        `The connection string cannot be read from character ${at + 1} on: write keyword=value pairs, and values with blanks in single quotes.`,
      );
    }
    parameters.set(name, (quoted ?? plain).replace(/\\(.)/gs, '$1'));
  }
  return parameters;
};

const parseUri = (text: string): Parameters => {
  if (!URL.canParse(text)) throw new RequestError('The connection URI cannot be read.');
  const url = new URL(text);
  const parts: readonly (readonly [string, string])[] = [
    ['host', url.hostname.replace(/^\[(.*)\]$/, '$1')],
    ['port', url.port],
    ['user', decodeURIComponent(url.username)],
    ['password', decodeURIComponent(url.password)],
    ['dbname', decodeURIComponent(url.pathname.slice(1))],
  ];
  return new Map([...parts.filter(([, value]) => value !== ''), ...url.searchParams]);
};

/** @throws RequestError one sentence */
const toTarget = (parameters: Parameters): ClientTarget => {
  const { host, user, port = '5432', sslmode = 'prefer' } = Object.fromEntries(parameters);
  if (!host)
    throw new RequestError('No host is given: write host=…, the name in the certificate of the gate.');
  if (!user) throw new RequestError('No user is given: write user=…, the name of the account.');
  if (host.includes(',')) throw new RequestError('Several hosts are given: check one after the other.');
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    throw new RequestError(`The port "${port}" is none: write a number from 1 to 65535.`);
  }
  const mode = sslmodes.find((known) => known === sslmode);
  if (!mode) throw new RequestError(`The sslmode "${sslmode}" is none: write one of ${sslmodes.join(', ')}.`);
  return {
    host,
    hostAddress: parameters.get('hostaddr') ?? null,
    port: Number(port),
    user,
    database: parameters.get('dbname') ?? user,
    sslmode: mode,
    directTls: parameters.get('sslnegotiation') === 'direct',
    certificateFile: parameters.get('sslcert') ?? null,
    keyFile: parameters.get('sslkey') ?? null,
    rootFile: parameters.get('sslrootcert') ?? null,
    keyPassphrase: parameters.get('sslpassword'),
    password: parameters.get('password'),
  };
};

/**
 * @param text `host=… user=…` or `postgresql://…`
 * @throws RequestError for what libpq would not take, and for a password, which the process list shows to everybody
 */
export const parseDsn = (text: string): ClientTarget => {
  const parameters = /^postgres(ql)?:\/\//.test(text) ? parseUri(text) : parseKeywords(text);
  if (parameters.has('password')) {
    throw new RequestError('The API key does not belong on the command line: put it into PGPASSWORD.');
  }
  return toTarget(parameters);
};

/**
 * @param name which service; undefined: the only one
 * @throws RequestError one sentence
 */
export const parseServiceFile = (text: string, name: string | undefined): ClientTarget => {
  const services = new Map<string, Map<string, string>>();
  let current: Map<string, string> | undefined;
  for (const [index, whole] of text.split('\n').entries()) {
    const line = whole.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, section] = /^\[(.*)\]$/.exec(line) ?? [];
    const [, keyword, value] = /^([A-Za-z_]+)=(.*)$/.exec(line) ?? [];
    if (section !== undefined) {
      current = new Map();
      services.set(section, current);
    } else if (current && keyword !== undefined && value !== undefined) {
      current.set(keyword, value);
    } else {
      throw new RequestError(
        `Line ${index + 1} of the service file cannot be read: write [service] or keyword=value, without blanks around "=".`,
      );
    }
  }
  const names = [...services.keys()].join(', ') || 'none';
  const found =
    name === undefined && services.size === 1 ? [...services.values()][0] : services.get(name ?? '');
  if (found) return toTarget(found);
  throw new RequestError(
    name === undefined
      ? `Say which service is meant by --service-name: the file has ${names}.`
      : `The service file has no service "${name}": it has ${names}.`,
  );
};
