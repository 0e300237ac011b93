import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createCancelDigests } from '../../src/fleet/cancel-digest.ts';

const [first, second, third] = [randomBytes(32), randomBytes(32), randomBytes(32)];
const key = { processId: 77, secret: Buffer.from('01020304', 'hex') };

describe("a cancel key's digest", () => {
  it('is the same for the same key, and tells nothing of it', () => {
    const digest = createCancelDigests([first]).sent(key);
    expect(createCancelDigests([first]).sent({ ...key, secret: Buffer.from(key.secret) })).toBe(digest);
    expect(digest).toMatch(/^[\w-]{43}$/);
  });

  it.each([
    ['process id', { ...key, processId: 78 }],
    ['process id below zero', { ...key, processId: -77 }],
    ['secret', { ...key, secret: Buffer.from('01020305', 'hex') }],
    ['longer secret', { ...key, secret: Buffer.from('0102030400', 'hex') }],
  ])('differs for another %s', (_name, other) => {
    const { sent } = createCancelDigests([first]);
    expect(sent(other)).not.toBe(sent(key));
  });

  it('differs for another sealing key', () => {
    expect(createCancelDigests([second]).sent(key)).not.toBe(createCancelDigests([first]).sent(key));
  });

  it('is understood at every step from one sealing key to the next', () => {
    const steps = [[first], [first, second], [second, first], [second]].map(createCancelDigests);
    const understands = (asker: number, owner: number) => {
      const sent = steps[asker]?.sent(key) ?? '';
      return steps[owner]?.understood(key).includes(sent);
    };
    expect([understands(0, 1), understands(1, 0)]).toEqual([true, true]);
    expect([understands(1, 2), understands(2, 1)]).toEqual([true, true]);
    expect([understands(2, 3), understands(3, 2)]).toEqual([true, true]);
    expect(createCancelDigests([third]).understood(key)).not.toContain(steps[0]?.sent(key));
  });
});
