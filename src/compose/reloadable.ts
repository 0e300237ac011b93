/** Which settings a reload takes over; all others are as at the start, and are named when they differ. */

import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/config.ts';
import { RequestError } from '../errors.ts';

export interface Reloadable {
  /** What is in force after the reload. */
  readonly next: Config;
  /** Settings that the file has otherwise, as they are written there. */
  readonly needRestart: readonly string[];
}

/** `loginTimeoutMs` → `login_timeout` */
const asWritten = (name: string): string =>
  name.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const entriesOf = (value: unknown): ReadonlyMap<string, unknown> =>
  new Map(Object.entries((value ?? {}) as object));

const differences = (one: unknown, other: unknown, path: string): string[] => {
  if (isDeepStrictEqual(one, other)) return [];
  const [ofOne, ofOther] = [entriesOf(one), entriesOf(other)];
  return [...new Set([...ofOne.keys(), ...ofOther.keys()])]
    .filter((name) => !isDeepStrictEqual(ofOne.get(name), ofOther.get(name)))
    .map((name) => `${path}.${asWritten(name)}`);
};

/** Sections one by one; a list, or a section that comes or goes, as one. */
const changedSettings = (inForce: Config, written: Config): string[] =>
  [...entriesOf(written)].flatMap(([section, value]) => {
    const other = entriesOf(inForce).get(section);
    if (isDeepStrictEqual(value, other)) return [];
    return value === null || other === null || Array.isArray(value)
      ? [asWritten(section)]
      : differences(other, value, asWritten(section));
  });

/** HTTP does not become HTTPS on a port that is open. */
const consoleInForce = (started: Config['console'], written: Config['console']): Config['console'] =>
  started && { ...started, tls: started.tls && (written?.tls ?? started.tls) };

/** @throws RequestError when the file has no gate any more, which would leave nothing to take over */
export const reloadable = (started: Config, written: Config): Reloadable => {
  if (started.gate && !written.gate) {
    throw new RequestError('The configuration has no section "gate" any more: stop this Postern instead.');
  }
  const next: Config = Object.freeze({
    ...started,
    backends: written.backends,
    limits: written.limits,
    gate: started.gate && {
      ...(written.gate ?? started.gate),
      listen: started.gate.listen,
      workers: started.gate.workers,
    },
    console: consoleInForce(started.console, written.console),
    authority: written.authority,
    telemetry: { ...started.telemetry, logLevel: written.telemetry.logLevel },
  });
  return { next, needRestart: changedSettings(next, written) };
};
