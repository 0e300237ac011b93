/**
 * The configuration file as written: every setting, its type and its default. Defaults live here and nowhere else.
 * `config/postern.example.yaml` shows all of it with comments; a test loads that file.
 */

import { z } from 'zod';
import { backendHosts, cidr, count, duration, listenAddress, port, text } from './scalars.ts';

const section = <Shape extends z.ZodRawShape>(shape: Shape) => z.strictObject(shape);

const clientAuthentication = z.enum(['scram-sha-256', 'password']);

const gate = section({
  listen: listenAddress.prefault('0.0.0.0:6432'),
  certificate_file: text,
  key_file: text,
  client_ca_file: text,
  client_authentication: clientAuthentication.default('scram-sha-256'),
  login_timeout: duration.prefault('60s'),
  workers: z.union([z.literal('auto'), count.max(64)]).default(1),
  drain_delay: duration.prefault('0s'),
  drain_timeout: duration.prefault('30s'),
  trusted_proxies: z.array(cidr).default([]),
});

const limits = section({
  half_open: count.default(1_000),
  half_open_per_address: count.default(50),
  sessions: count.default(10_000),
  sessions_per_account: count.default(100),
  sessions_per_address: count.default(100),
  idle_timeout: duration.nullable().default(null),
});

const backend = section({
  host: backendHosts,
  port: port.default(5432),
  target_session_attrs: z.enum(['any', 'primary', 'standby']).default('any'),
  tls: z.enum(['disable', 'require', 'verify-ca', 'verify-full']).default('verify-full'),
  ca_file: text.nullable().default(null),
  certificate_file: text.nullable().default(null),
  key_file: text.nullable().default(null),
  connect_timeout: duration.prefault('5s'),
  admin: section({ user: text, password: text }).nullable().default(null),
});

const console = section({
  listen: listenAddress.prefault('127.0.0.1:8080'),
  certificate_file: text.nullable().default(null),
  key_file: text.nullable().default(null),
  trusted_proxies: z.array(cidr).default([]),
  admin_token: text
    .min(24, 'at least 24 characters are needed, as from `openssl rand -hex 24`')
    .nullable()
    .default(null),
});

const authority = section({
  certificate_file: text,
  key_file: text,
  server_ca_file: text,
  default_days: count.default(365),
  maximum_days: count.default(730),
});

export const configFile = section({
  store: section({
    url: text,
    owner_url: text.nullable().default(null),
  }),
  sealing_keys: z.array(section({ id: z.string().regex(/^[a-z0-9]{1,16}$/), key: text })).min(1),
  public: section({ host: text, port: port.default(6432) }),
  backends: z.record(z.string().regex(/^[a-z0-9][a-z0-9_-]{0,39}$/), backend),
  gate: gate.nullable().default(null),
  console: console.nullable().default(null),
  authority: authority.nullable().default(null),
  limits: limits.prefault({}),
  policy: section({
    poll_interval: duration.prefault('5s'),
    max_staleness: duration.prefault('24h'),
  }).prefault({}),
  attempts: section({
    flush_interval: duration.prefault('1s'),
    keep: duration.prefault('30d'),
  }).prefault({}),
  telemetry: section({
    listen: listenAddress.prefault('127.0.0.1:9464'),
    log_level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  }).prefault({}),
});

export type ConfigFile = z.output<typeof configFile>;
