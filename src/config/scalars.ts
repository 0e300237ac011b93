/**
 * The small value types of the configuration file, each with the sentence that a person gets for a wrong one.
 * Durations become milliseconds, listen addresses become host and port.
 */

import { isIPv6 } from 'node:net';
import { z } from 'zod';
import { RequestError } from '../errors.ts';
import { parseCidr } from '../policy/cidr.ts';

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * `500ms`, `30s`, `15m`, `8h` or `90d` → milliseconds.
 * @throws RequestError one sentence that shows what was seen
 */
export const parseDurationMs = (text: string): number => {
  const [, amount, unit] = /^(\d{1,6})(ms|s|m|h|d)$/.exec(text.trim()) ?? [];
  if (amount === undefined || unit === undefined) {
    throw new RequestError(`"${text}" is not a duration: write one like 500ms, 30s, 15m, 8h or 90d.`);
  }
  return Number(amount) * unitMs[unit as keyof typeof unitMs];
};

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

const parseListen = (text: string): ListenAddress => {
  const [, host, port] = /^(.*):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535) {
    throw new RequestError(`"${text}" is not a listen address: write one like 0.0.0.0:6432 or [::]:6432.`);
  }
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
};

/** One host of a backend. */
export interface BackendHost {
  /** A name, an IPv4 or IPv6 address, or the directory of a Unix socket. */
  readonly host: string;
  /** null: the backend's. */
  readonly port: number | null;
}

/** `db1.internal`, `db1.internal:5433`, `::1`, `[::1]`, `[::1]:5433` */
const parseBackendHost = (text: string): BackendHost => {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^\s:,[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const port = digits === undefined ? null : Number(digits);
  if (isIPv6(text)) return { host: text, port: null };
  const isHost = bracketed === undefined ? plain !== undefined : isIPv6(bracketed);
  if (isHost && (port === null || (port >= 1 && port <= 65_535))) {
    return { host: bracketed ?? plain ?? '', port };
  }
  throw new RequestError(
    `"${text}" is not a host: write one like db1.internal, db1.internal:5433 or [2001:db8::1]:5433; several as a list.`,
  );
};

/** A string that `parse` accepts; its RequestError becomes the problem that is reported. */
const parsed = <Value>(parse: (text: string) => Value) =>
  z.string().transform((text, context): Value => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  });

export const duration = parsed(parseDurationMs);
export const listenAddress = parsed(parseListen);
/** One or a list of them. */
export const backendHosts = z.preprocess(
  (hosts) => (typeof hosts === 'string' ? [hosts] : hosts),
  z.array(parsed(parseBackendHost), 'write one host, or several as a list').min(1, 'name at least one host'),
);
export const cidr = parsed((text) => parseCidr(text).cidr);
export const text = z.string().min(1);
export const port = z.int().min(1).max(65_535);
export const count = z.int().min(1);
