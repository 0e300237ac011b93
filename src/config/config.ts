/** The configuration as the program uses it: frozen, paths absolute, times in milliseconds. */

import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { ConfigError } from '../errors.ts';
import type { ClientAuthentication } from '../policy/account.ts';
import { sharesPorts } from '../port.ts';
import { type BackendConfig, toBackendConfig } from './backend.ts';
import type { ListenAddress } from './scalars.ts';
import type { ConfigFile } from './schema.ts';

export interface GateConfig {
  readonly listen: ListenAddress;
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly clientCaFile: string;
  readonly clientAuthentication: ClientAuthentication;
  readonly loginTimeoutMs: number;
  /** How many processes share the port; 1: the one that runs everything else. */
  readonly workers: number;
  /** How long Postern goes on as ever after it has said that it is not ready any more. */
  readonly drainDelayMs: number;
  /** How long transactions and queries may take to end when Postern stops. */
  readonly drainTimeoutMs: number;
  /** CIDRs whose connections must begin with a PROXY header. */
  readonly trustedProxies: readonly string[];
}

export interface ConsoleConfig {
  readonly listen: ListenAddress;
  /** null: plain HTTP, for loopback or behind a reverse proxy that terminates TLS. */
  readonly tls: { readonly certificateFile: string; readonly keyFile: string } | null;
  /** CIDRs of reverse proxies whose `X-Forwarded-…` headers count. */
  readonly trustedProxies: readonly string[];
  /** What operators sign in with; null: they cannot. */
  readonly adminToken: string | null;
}

export interface LimitsConfig {
  readonly halfOpen: number;
  readonly halfOpenPerAddress: number;
  readonly sessions: number;
  readonly sessionsPerAccount: number;
  readonly sessionsPerAddress: number;
  readonly idleTimeoutMs: number | null;
}

export interface AuthorityConfig {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly serverCaFile: string;
  readonly defaultDays: number;
  readonly maximumDays: number;
}

/** 32 bytes of AES-256 key with the id that sealed texts carry. */
export interface SealingKey {
  readonly id: string;
  readonly key: Buffer;
}

export interface Config {
  readonly store: { readonly url: string; readonly ownerUrl: string };
  /** The first one seals; all of them open. */
  readonly sealingKeys: readonly SealingKey[];
  readonly public: { readonly host: string; readonly port: number };
  readonly backends: ReadonlyMap<string, BackendConfig>;
  readonly gate: GateConfig | null;
  readonly console: ConsoleConfig | null;
  readonly authority: AuthorityConfig | null;
  readonly limits: LimitsConfig;
  readonly policy: { readonly pollIntervalMs: number; readonly maxStalenessMs: number };
  readonly attempts: { readonly flushIntervalMs: number; readonly keepMs: number };
  readonly telemetry: {
    readonly listen: ListenAddress;
    readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  };
}

const sealingKey = ({ id, key }: { id: string; key: string }, index: number): SealingKey => {
  const bytes = Buffer.from(key, 'base64');
  if (bytes.length !== 32) {
    throw new ConfigError([
      `sealing_keys.${index}.key: 32 bytes in base64 are needed, ${bytes.length} were found; make one with \`openssl rand -base64 32\`.`,
    ]);
  }
  return { id, key: bytes };
};

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/;

/** Keys and tokens must not cross a network in clear: TLS here, a proxy in front that is named, or loopback alone. */
const consoleTls = (
  { certificate_file, key_file, listen, trusted_proxies }: NonNullable<ConfigFile['console']>,
  path: (name: string) => string,
): ConsoleConfig['tls'] => {
  if (certificate_file !== null && key_file !== null) {
    return { certificateFile: path(certificate_file), keyFile: path(key_file) };
  }
  if (certificate_file !== key_file) {
    throw new ConfigError(['console.certificate_file and console.key_file go together: set both or none.']);
  }
  if (loopback.test(listen.host) || trusted_proxies.length > 0) return null;
  throw new ConfigError([
    `console.listen: ${listen.host} can be reached from outside without TLS: set console.certificate_file and console.key_file, name the reverse proxy in console.trusted_proxies, or listen on 127.0.0.1.`,
  ]);
};

const workersOf = (workers: 'auto' | number): number => {
  if (workers === 'auto') return sharesPorts ? availableParallelism() : 1;
  if (workers === 1 || sharesPorts) return workers;
  throw new ConfigError([
    `gate.workers: processes cannot share a port on this system (${process.platform}); set it to 1.`,
  ]);
};

/** @param directory that relative file names in the configuration start from */
export const toConfig = (file: ConfigFile, directory: string): Config => {
  const path = (name: string) => resolve(directory, name);
  return Object.freeze({
    store: { url: file.store.url, ownerUrl: file.store.owner_url ?? file.store.url },
    sealingKeys: file.sealing_keys.map(sealingKey),
    public: file.public,
    backends: new Map(
      Object.entries(file.backends).map(([name, backend]): [string, BackendConfig] => [
        name,
        toBackendConfig(name, backend, path),
      ]),
    ),
    gate: file.gate && {
      listen: file.gate.listen,
      certificateFile: path(file.gate.certificate_file),
      keyFile: path(file.gate.key_file),
      clientCaFile: path(file.gate.client_ca_file),
      clientAuthentication: file.gate.client_authentication,
      loginTimeoutMs: file.gate.login_timeout,
      workers: workersOf(file.gate.workers),
      drainDelayMs: file.gate.drain_delay,
      drainTimeoutMs: file.gate.drain_timeout,
      trustedProxies: file.gate.trusted_proxies,
    },
    console: file.console && {
      listen: file.console.listen,
      tls: consoleTls(file.console, path),
      trustedProxies: file.console.trusted_proxies,
      adminToken: file.console.admin_token,
    },
    authority: file.authority && {
      certificateFile: path(file.authority.certificate_file),
      keyFile: path(file.authority.key_file),
      serverCaFile: path(file.authority.server_ca_file),
      defaultDays: file.authority.default_days,
      maximumDays: file.authority.maximum_days,
    },
    limits: {
      halfOpen: file.limits.half_open,
      halfOpenPerAddress: file.limits.half_open_per_address,
      sessions: file.limits.sessions,
      sessionsPerAccount: file.limits.sessions_per_account,
      sessionsPerAddress: file.limits.sessions_per_address,
      idleTimeoutMs: file.limits.idle_timeout,
    },
    policy: { pollIntervalMs: file.policy.poll_interval, maxStalenessMs: file.policy.max_staleness },
    attempts: { flushIntervalMs: file.attempts.flush_interval, keepMs: file.attempts.keep },
    telemetry: { listen: file.telemetry.listen, logLevel: file.telemetry.log_level },
  });
};
