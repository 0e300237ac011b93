/**
 * The small value types of the configuration file, each with the sentence that a person gets for a wrong one.
 * Durations become milliseconds, listen addresses become host and port.
 */

import { z } from 'zod';
import { RequestError } from '../errors.ts';
import { parseCidr } from '../policy/addresses.ts';

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
export const cidr = parsed((text) => parseCidr(text).cidr);
export const text = z.string().min(1);
export const port = z.int().min(1).max(65_535);
export const count = z.int().min(1);
