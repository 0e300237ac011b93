import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../../src/errors.ts';
import { readExactly, readMessage, readOrEnd } from '../../src/gate/reading.ts';

const never = new AbortController().signal;
const bytes = Buffer.from('abcdefgh');

describe('reading an exact amount', () => {
  it.each([1, 2, 3, 5, 8])(
    'takes pieces of %d bytes as they come, and lets others work meanwhile',
    async (size) => {
      const stream = new PassThrough();
      const reading = readExactly(stream, 7, never);
      for (let offset = 0; offset < bytes.length; offset += size) {
        stream.write(bytes.subarray(offset, offset + size));
        await setImmediate();
      }
      expect(String(await reading)).toBe('abcdefg');
      expect(String(stream.read())).toBe('h');
    },
  );

  it('leaves what comes behind it for the next reader', async () => {
    const stream = new PassThrough();
    stream.write(bytes);
    expect(String(await readExactly(stream, 3, never))).toBe('abc');
    expect(stream.readableLength).toBe(5);
    expect(await readExactly(stream, 0, never)).toHaveLength(0);
    expect(String(await readExactly(stream, 5, never))).toBe('defgh');
  });

  it('tells an end before the first byte from one in between', async () => {
    const empty = new PassThrough();
    empty.end();
    expect(await readOrEnd(empty, 4, never)).toBeUndefined();
    const cut = new PassThrough();
    cut.end('ab');
    await expect(readOrEnd(cut, 4, never)).rejects.toMatchObject({ code: 'client-gone' });
    const destroyed = new PassThrough();
    destroyed.destroy();
    expect(await readOrEnd(destroyed, 4, never)).toBeUndefined();
    await expect(readExactly(destroyed, 4, never)).rejects.toMatchObject({ code: 'client-gone' });
  });

  it('stops with the reason of its signal, also in the middle, and leaves no listener behind', async () => {
    const stream = new PassThrough();
    const controller = new AbortController();
    stream.write('ab');
    const reading = readExactly(stream, 4, controller.signal);
    await setImmediate();
    controller.abort(new Refusal('login-deadline', { seconds: 1 }));
    await expect(reading).rejects.toMatchObject({ code: 'login-deadline' });
    await expect(readExactly(stream, 4, controller.signal)).rejects.toMatchObject({ code: 'login-deadline' });
    expect(stream.listenerCount('readable')).toBe(0);
  });
});

describe('reading a message', () => {
  it('gives its type and body', async () => {
    const stream = new PassThrough();
    stream.end(Buffer.from('7000000007616263', 'hex'));
    expect(await readMessage(stream, 3, never, 'client')).toEqual({ type: 0x70, body: Buffer.from('abc') });
  });

  it('refuses a body longer than allowed before it reads it', async () => {
    const stream = new PassThrough();
    stream.write(Buffer.from('7000000008', 'hex'));
    await expect(readMessage(stream, 3, never, 'client')).rejects.toMatchObject({ code: 'message-invalid' });
  });
});
