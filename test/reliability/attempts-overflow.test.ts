/** More attempts than a store that hangs takes: they are bounded, and what is lost is counted. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { footprintOf } from '../support/footprint.ts';
import { pollUntil } from '../support/poll.ts';
import { startup } from '../support/raw-messages.ts';
import { attemptsOf, connect, works } from './clients.ts';
import { record, secondsSince } from './figures.ts';
import { installation, publicHost, superuserUrl } from './installation.ts';
import { startedPerTest } from './per-test.ts';
import { serve } from './serving.ts';

const address = '127.0.0.13';
const running = startedPerTest();
/** Of records that wait (telemetry/recorder.ts), and of one batch that is under way. */
const [capacity, batch] = [10_000, 1_000];
const attempts = capacity + 2 * batch;
const atOnce = 24;

/** Holds the table of attempts, as something that hangs would. @returns what lets it go */
const lockAttempts = async (): Promise<() => Promise<void>> => {
  const client = new pg.Client({ connectionString: superuserUrl(installation().store, 'postern') });
  await client.connect();
  let isHeld = true;
  const release = async (): Promise<void> => {
    if (isHeld) await client.end();
    isHeld = false;
  };
  running().defer(release);
  await client.query('BEGIN');
  await client.query('LOCK TABLE postern.attempts IN EXCLUSIVE MODE');
  return release;
};

/** Direct TLS, the account's certificate, a database that is not there: the cheapest attempt that is recorded. */
const attempt = (options: ConnectionOptions): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stream = connectTls(options, () =>
    stream.write(
      startup({ user: installation().bench.name, database: 'nowhere', application_name: 'pours' }),
    ),
  );
  stream.on('error', () => undefined).on('close', () => resolve());
  stream.on('end', () => stream.end()).resume();
  return promise;
};

const pourIn = async (): Promise<void> => {
  const { bench } = installation();
  const read = (name: string) => readFileSync(join(bench.bundle, name));
  const options: ConnectionOptions = {
    host: address,
    port: 6432,
    servername: publicHost,
    ALPNProtocols: ['postgresql'],
    ca: read('server_ca.pem'),
    cert: read('client.crt'),
    key: read('client.key'),
  };
  let begun = 0;
  const one = async (): Promise<void> => {
    while (begun < attempts) {
      begun += 1;
      await attempt(options);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
};

describe('an instance whose store takes no attempts while thousands come in', () => {
  it('keeps the newest, counts what it loses, and writes the rest', { timeout: 180_000 }, async () => {
    const serving = await serve(running(), { address });
    const waiting = () => serving.metric('postern_attempts_waiting');
    await pollUntil(async () => (await waiting()) === 0);
    const release = await lockAttempts();
    const before = footprintOf(serving.pid).residentBytes;
    const beganAt = performance.now();
    await pourIn();
    const poured = secondsSince(beganAt);
    const held = await waiting();
    const grownMegabytes = Math.round((footprintOf(serving.pid).residentBytes - before) / 2 ** 20);
    expect(held).toBeLessThanOrEqual(capacity);
    expect(grownMegabytes).toBeLessThan(200);
    const session = await connect(running(), address);
    expect(await works(session)).toBe(true);

    await release();
    const releasedAt = performance.now();
    await pollUntil(async () => (await waiting()) === 0, { timeoutMs: 40_000 });
    const dropped = await serving.metric('postern_attempts_dropped_total');
    await pollUntil(async () => (await attemptsOf('pours')) + dropped === attempts, { timeoutMs: 20_000 });
    const caughtUp = secondsSince(releasedAt);
    expect(dropped).toBeGreaterThanOrEqual(attempts - capacity - batch);
    record({
      fault: `${attempts} attempts within ${poured} while the store takes none (table locked)`,
      seen: 'nothing: a login then succeeds',
      lost: `0; ${dropped} attempts, the oldest, and \`postern_attempts_dropped_total\` says so`,
      effect: `${grownMegabytes} MB more memory; unlocked: ${caughtUp} until the other ${attempts - dropped} were written`,
    });
  });
});
