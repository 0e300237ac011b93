/** The store is there, and no good: slow, full, replaced by its standby. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pollUntil } from '../support/poll.ts';
import { runAsSuperuser } from '../support/postgres.ts';
import { attemptsOf, connect, logInOften, works } from './clients.ts';
import { createStandby, giveToServer, promote, startCluster, stopCluster } from './cluster.ts';
import { mountSmallDisk } from './disk.ts';
import { record, secondsSince } from './figures.ts';
import { isApart } from './firewall.ts';
import { installation, postern, superuserUrl } from './installation.ts';
import { startedPerTest } from './per-test.ts';
import { serve } from './serving.ts';
import { startWay } from './way.ts';

const address = '127.0.0.13';
const wayAddress = '127.0.0.42';
const running = startedPerTest();

const onStore = (statement: string) =>
  runAsSuperuser(superuserUrl(installation().store, 'postern'), statement);

describe('an instance whose store', () => {
  it('is slow: lets people in as ever, and follows when the store has answered', async () => {
    const { store, guest } = installation();
    const way = await startWay(running(), wayAddress, store.address);
    const serving = await serve(running(), { address, storeHost: wayAddress });
    const toBeEnded = await connect(running(), address, { account: guest });
    const slowMs = 1_000;
    way.slowDown(slowMs);
    const longestMs = await logInOften(address, 20, 'slow');
    const beganAt = performance.now();
    await postern(installation(), 'account', 'disable', guest.name);
    const { error, at } = await toBeEnded.ended;
    await postern(installation(), 'account', 'enable', guest.name);
    expect(error.code).toBe('57P01');
    const inForce = secondsSince(beganAt, at);
    await pollUntil(async () => (await attemptsOf('slow')) === 20, { timeoutMs: 20_000 });
    expect(await serving.metric('postern_attempts_dropped_total')).toBe(0);
    expect(longestMs).toBeLessThan(2_000);
    record({
      fault: `Store slow (${slowMs / 1000} s more in each direction)`,
      seen: `nothing: 20 of 20 logins succeeded, the slowest in ${(longestMs / 1000).toFixed(2)} s`,
      lost: '0',
      effect: `${inForce} from the command until a session that it ends was told; every attempt was written`,
    });
  });

  it('fails over to its standby: goes on, and follows the new one', { timeout: 180_000 }, async () => {
    const { store, guest, directory } = installation();
    const way = await startWay(running(), wayAddress, store.address);
    const serving = await serve(running(), { address, storeHost: wayAddress });
    const stays = await connect(running(), address);
    const toBeEnded = await connect(running(), address, { account: guest });
    const standby = await createStandby(store, join(directory, 'standby'), '127.0.0.23');
    await startCluster(standby);
    running().defer(() => stopCluster(standby, 'immediate'));
    await logInOften(address, 5, 'before');
    await pollUntil(async () => (await attemptsOf('before')) === 5);
    await pollUntil(async () => (await attemptsOf('before', standby)) === 5);
    const beganAt = performance.now();
    await stopCluster(store, 'immediate');
    running().defer(() => startCluster(store));
    const logins = 10;
    const longestMs = await logInOften(address, logins, 'failing over');
    await promote(standby);
    way.leadTo(standby.address);
    const promotedAt = performance.now();
    await runAsSuperuser(
      superuserUrl(standby, 'postern'),
      `UPDATE postern.accounts SET status = 'disabled' WHERE name = '${guest.name}'`,
    );
    const { error, at } = await toBeEnded.ended;
    expect(error.code).toBe('57P01');
    await pollUntil(async () => (await attemptsOf('failing over', standby)) === logins, {
      timeoutMs: 30_000,
    });
    const written = secondsSince(promotedAt);
    expect(await serving.metric('postern_attempts_dropped_total')).toBe(0);
    expect(await works(stays)).toBe(true);
    record({
      fault: 'Store fails over: primary crashes, its standby is promoted, the address leads there',
      seen: `nothing: ${logins} of ${logins} logins meanwhile succeeded, the slowest in ${(longestMs / 1000).toFixed(2)} s`,
      lost: '0',
      effect: `${secondsSince(beganAt, promotedAt)} without a store; promoted: ${secondsSince(promotedAt, at)} until a change there was in force, ${written} until every attempt was written`,
    });
  });

  it.skipIf(!isApart)(
    'is full: lets people in, says so, changes nothing, and writes all when there is room',
    async () => {
      const { store, guest, directory } = installation();
      const disk = await mountSmallDisk(running(), join(directory, 'small'), 6);
      const space = join(disk.directory, 'space');
      await mkdir(space);
      await giveToServer(space);
      await onStore(`CREATE TABLESPACE small LOCATION '${space}'`);
      const tables = ['attempts', 'audit_events'];
      const move = async (to: string): Promise<void> => {
        for (const table of tables) {
          const indexes = await onStore(
            `SELECT indexrelid::regclass::text AS name FROM pg_index WHERE indrelid = 'postern.${table}'::regclass`,
          );
          await onStore(`ALTER TABLE postern.${table} SET TABLESPACE ${to}`);
          for (const { name } of indexes) await onStore(`ALTER INDEX ${name} SET TABLESPACE ${to}`);
        }
      };
      running().defer(async () => {
        await move('pg_default');
        await onStore('DROP TABLESPACE small');
      });
      await move('small');
      const serving = await serve(running(), { address, storeHost: store.address });
      const stays = await connect(running(), address, { account: guest });
      await disk.fill();
      const isFull = ({ msg, error }: Readonly<Record<string, unknown>>) =>
        String(msg).startsWith('attempts could not be written') &&
        JSON.stringify(error).includes('No space left');
      // What is left of the pages that the tables have already.
      let logins = 0;
      await pollUntil(
        async () => {
          await logInOften(address, 20, 'full');
          logins += 20;
          return serving.lines().some(isFull);
        },
        { timeoutMs: 60_000 },
      );
      const longestMs = await logInOften(address, 20, 'full');
      logins += 20;
      let changes = 0;
      let refusal = '';
      await pollUntil(
        async () => {
          // Long, so that the table's last page is soon full.
          const label = `full ${'x'.repeat(150)}`;
          const said = await postern(
            installation(),
            'address',
            'add',
            guest.name,
            `10.0.0.${changes}/32`,
            '--label',
            label,
          )
            .then(() => '')
            .catch((error: Error) => error.message);
          if (said === '') changes += 1;
          refusal = said;
          return said !== '';
        },
        { timeoutMs: 60_000 },
      );
      expect(refusal).toMatch(/ ended with 1: [^\n]+No space left on device\n?$/);
      const rules = await onStore("SELECT 1 FROM postern.address_rules WHERE label LIKE 'full %'");
      const events = await onStore(
        "SELECT 1 FROM postern.audit_events WHERE action = 'address.add' AND target LIKE 'guest/10.0.0.%'",
      );
      expect([rules.length, events.length]).toEqual([changes, changes]);
      await onStore("DELETE FROM postern.address_rules WHERE label LIKE 'full %'");
      expect(await works(stays)).toBe(true);

      await disk.clear();
      const clearedAt = performance.now();
      await pollUntil(async () => (await attemptsOf('full')) === logins, { timeoutMs: 30_000 });
      const written = secondsSince(clearedAt);
      expect(await serving.metric('postern_attempts_dropped_total')).toBe(0);
      await postern(installation(), 'audit', 'verify');
      record({
        fault: "Store's disk full (ENOSPC for attempts and audit)",
        seen: `nothing: ${logins} of ${logins} logins succeeded, the slowest after it was full in ${(longestMs / 1000).toFixed(2)} s; the log says so; a change is refused with the reason and not made`,
        lost: '0',
        effect: `room again: ${written} until every attempt was written; the audit's chain is whole`,
      });
    },
  );
});
