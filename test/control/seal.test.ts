import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { createSealer } from '../../src/control/seal.ts';

const key = (id: string) => ({ id, key: randomBytes(32) });
const [old, current] = [key('2025'), key('2026')];

it('opens what it sealed, with the same associated data only', () => {
  const { seal, open } = createSealer([current]);
  const sealed = seal('päss', 'key-1');
  expect(sealed).toMatch(/^v1\.2026\.[A-Za-z0-9_-]+$/);
  expect(open(sealed, 'key-1')).toBe('päss');
  expect(() => open(sealed, 'key-2')).toThrow('does not open');
  expect(seal('päss', 'key-1')).not.toBe(sealed);
});

it('opens with older keys and seals with the first', () => {
  const sealed = createSealer([old]).seal('password', 'a');
  const both = createSealer([current, old]);
  expect(both.open(sealed, 'a')).toBe('password');
  expect(both.isCurrent(sealed)).toBe(false);
  expect(both.isCurrent(both.seal('password', 'a'))).toBe(true);
  expect(() => createSealer([current]).open(sealed, 'a')).toThrow('"2025", which is not configured');
});

it('refuses every change of a sealed text, without telling what is in it', () => {
  const { seal, open } = createSealer([current]);
  const sealed = seal('password', 'a');
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1);
    // The last character of base64url may hold unused bits.
    if (at < sealed.length - 1) expect(() => open(changed, 'a'), changed).toThrow();
  }
  for (const text of ['', 'v1', 'v1.2026.', 'v1.2026.AAAA', 'v2.2026.AAAA', sealed.slice(0, -9)]) {
    expect(() => open(text, 'a'), text).toThrow(/malformed|does not open/);
  }
  expect(() => open(createSealer([{ id: '2026', key: randomBytes(32) }]).seal('password', 'a'), 'a')).toThrow(
    /^(?!.*password).*does not open/,
  );
});

it('needs a key', () => {
  expect(() => createSealer([])).toThrow('At least one sealing key');
});
