/** The clock of a gate's computer jumps past the expiry of what its sessions rest on, and back. */

import { globSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connect, firstLogin, refusalOf, works } from './clients.ts';
import { record, secondsSince } from './figures.ts';
import { createBundle, createKey, installation } from './installation.ts';
import { startedPerTest } from './per-test.ts';
import { serve } from './serving.ts';

const address = '127.0.0.13';
const running = startedPerTest();
const [library] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1');

/** A clock for one process, that can be turned: https://github.com/wolfcw/libfaketime. */
const clockAt = async (file: string) => {
  const turn = (offset: string): Promise<void> => writeFile(file, `${offset}\n`);
  await turn('+0');
  return {
    turn,
    environment: {
      LD_PRELOAD: library ?? '',
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_CACHE_DURATION: '1',
      // As on a real computer: timers do not follow.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    },
  };
};

describe.skipIf(library === undefined)('a clock that jumps', () => {
  it('past an expiry ends the sessions that rest on it, and nobody else; back, they may come again', async () => {
    const place = installation();
    const { guest, directory } = place;
    const key = await createKey(place, guest.name, 'hour', '--expires', '1h');
    const daily = { ...guest, bundle: await createBundle(place, guest.name, 'day', '--days', '1') };
    const clock = await clockAt(join(directory, 'clock'));
    await serve(running(), { address }, { environment: clock.environment });
    const stays = await connect(running(), address);
    const withKey = await connect(running(), address, { account: guest, key });
    const withCertificate = await connect(running(), address, { account: daily });

    const hoursAt = performance.now();
    await clock.turn('+2h');
    const keyEnd = await withKey.ended;
    expect(keyEnd.error).toMatchObject({
      code: '57P01',
      message: 'The session was ended because its API key expired.',
    });
    expect(await refusalOf(address, { account: guest, key })).toMatchObject({ code: '28P01' });
    expect(await works(withCertificate)).toBe(true);

    const daysAt = performance.now();
    await clock.turn('+2d');
    const certificateEnd = await withCertificate.ended;
    expect(certificateEnd.error).toMatchObject({
      code: '57P01',
      message: 'The session was ended because its certificate expired.',
    });
    expect(await refusalOf(address, { account: daily })).toMatchObject({
      code: '28000',
      message: expect.stringContaining('expired'),
    });
    const others = await firstLogin(address);
    expect(others.refusals).toEqual([]);
    expect(await works(stays)).toBe(true);

    const backAt = performance.now();
    await clock.turn('+0');
    await firstLogin(address);
    await expect.poll(() => refusalOf(address, { account: guest, key }), { timeout: 10_000 }).toBeNull();
    await expect.poll(() => refusalOf(address, { account: daily }), { timeout: 10_000 }).toBeNull();
    const again = secondsSince(backAt);
    expect(await works(stays)).toBe(true);
    record({
      fault:
        'Clock of the computer jumps past the expiry of an API key (2 hours), of a certificate (2 days), and back',
      seen: '57P01 and why in sessions that rest on it; new logins 28P01 and 28000; nothing for all others',
      lost: 'those that rest on it',
      effect: `${secondsSince(hoursAt, keyEnd.at)} and ${secondsSince(daysAt, certificateEnd.at)} until the session was told; back: ${again} until both were let in again`,
    });
  });
});
