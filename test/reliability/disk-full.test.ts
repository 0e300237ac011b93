/** The disk that the log is written to is full. */

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pollUntil } from '../support/poll.ts';
import { connect, logInOften, refusalOf, works } from './clients.ts';
import { mountSmallDisk } from './disk.ts';
import { record, secondsSince } from './figures.ts';
import { isApart } from './firewall.ts';
import { installation } from './installation.ts';
import { startedPerTest } from './per-test.ts';
import { readiness, serve } from './serving.ts';

const address = '127.0.0.13';
const running = startedPerTest();

describe.skipIf(!isApart)('an instance whose log has no room', () => {
  it('lets everybody in, and writes what it kept when there is room again', async () => {
    const disk = await mountSmallDisk(running(), join(installation().directory, 'logs'), 2);
    const serving = await serve(running(), { address }, { logsIn: disk.directory });
    const stays = await connect(running(), address);
    await disk.fill();
    const logins = 60;
    const longestMs = await logInOften(address, logins, 'no room');
    expect(await readiness(serving)).toBe(200);
    expect(await works(stays)).toBe(true);
    await disk.clear();
    const clearedAt = performance.now();
    // The next line takes along what was kept.
    expect(await refusalOf(address, { application: 'room' })).toBeNull();
    const told = () => serving.lines().filter(({ application }) => application === 'no room').length;
    await pollUntil(() => told() === logins, { timeoutMs: 20_000 });
    record({
      fault: "Disk of Postern's log full",
      seen: `nothing: ${logins} of ${logins} logins succeeded, the slowest in ${(longestMs / 1000).toFixed(2)} s; /readyz 200`,
      lost: '0',
      effect: `room again: ${secondsSince(clearedAt)} until every line was written`,
    });
  });
});
