import { describe, expect, it } from 'vitest';
import { buildSslRequest } from '../../src/wire/frontend-messages.ts';
import type { RawClient } from '../support/raw-client.ts';
import { query } from '../support/raw-login.ts';
import { message, packet } from '../support/raw-messages.ts';
import { gateUnderTest, gateWith } from './gate-fixture.ts';

const gate = gateUnderTest({ configure: gateWith({ loginTimeoutMs: 2_000 }) });

/** Mulberry32: the same garbage in every run. */
const random = (seed: number) => () => {
  let state = Math.imul(seed ^ (seed >>> 15), seed | 1);
  seed = (seed + 0x6d2b79f5) | 0;
  state ^= state + Math.imul(state ^ (state >>> 7), state | 61);
  return ((state ^ (state >>> 14)) >>> 0) / 2 ** 32;
};

const garbage = (next: () => number, maxBytes: number) =>
  Buffer.from(Array.from({ length: Math.ceil(next() * maxBytes) }, () => Math.floor(next() * 256)));

/** Ever deeper into the login, and then garbage. */
const depths: ((next: () => number) => Promise<RawClient>)[] = [
  () => gate.plain(),
  async () => {
    const client = await gate.plain();
    client.send(Buffer.of(0x16, 0x03, 0x01));
    return client;
  },
  async () => {
    const client = await gate.plain();
    client.send(buildSslRequest());
    await client.read(1);
    return client;
  },
  () => gate.secured(),
  async (next) => {
    const client = await gate.secured();
    client.send(packet(0x0003_0000, garbage(next, 200)));
    return client;
  },
  () => gate.greeted(),
  async (next) => {
    const client = await gate.greeted();
    client.send(message('p', garbage(next, 900)));
    return client;
  },
  async () => (await gate.loggedIn()).client,
];

const disturb = async (index: number): Promise<void> => {
  const next = random(index + 1);
  const client = await depths[index % depths.length]?.(next);
  if (!client) return;
  try {
    await client.sendInPieces(garbage(next, 400), 1 + Math.floor(next() * 400));
    if (next() < 0.5) client.endSending();
    else client.close();
    await client.gone();
  } catch {
    // Refused in whatever way: what matters is what the gate is like afterwards.
  } finally {
    client.close();
  }
};

describe('two hundred connections with garbage', () => {
  it('do not disturb a client that works meanwhile, nor one that comes afterwards', async () => {
    const { client } = await gate.loggedIn();
    let disturbing = true;
    const disturbances = (async () => {
      for (let index = 0; index < 200; index += 20) {
        await Promise.all(Array.from({ length: 20 }, (_, offset) => disturb(index + offset)));
      }
      disturbing = false;
    })();
    let served = 0;
    while (disturbing) {
      expect(await query(client, `SELECT ${served}, count(*) FROM places.towns`)).toEqual([
        [String(served), '500'],
      ]);
      served += 1;
    }
    await disturbances;
    expect(served).toBeGreaterThan(10);
    client.close();

    await gate.atRest();
    await gate.loggedIn();
  });
});
