import { describe, expect, it } from 'vitest';
import { createKeyText, digestOf, hintOf, parseKeyText } from '../../src/policy/key-text.ts';

describe.each(['master', 'default_public', 'regular'] as const)('a %s key', (kind) => {
  const text = createKeyText(kind);

  it('tells its kind and has one fixed shape', () => {
    expect(parseKeyText(text)).toEqual({ kind });
    expect(text).toMatch(/^pst_[mpr]_[0-9A-Za-z]{27}_[0-9A-Za-z]{6}$/);
  });

  it('is no longer a key when any one character is another', () => {
    for (let at = 0; at < text.length; at += 1) {
      const other = text[at] === 'a' ? 'b' : 'a';
      expect(parseKeyText(text.slice(0, at) + other + text.slice(at + 1))).toBeNull();
    }
  });

  it('is no longer a key when two neighbours are swapped', () => {
    for (let at = 0; at + 1 < text.length; at += 1) {
      const swapped = text.slice(0, at) + text.charAt(at + 1) + text.charAt(at) + text.slice(at + 2);
      if (swapped !== text) expect(parseKeyText(swapped)).toBeNull();
    }
  });

  it.each(['', ' ', '\n'])('is no longer a key when cut short or followed by %j and nothing else', (tail) => {
    expect(parseKeyText(text.slice(0, -1) + tail)).toBeNull();
    if (tail !== '') expect(parseKeyText(text + tail)).toBeNull();
  });
});

it.each(['', 'pst_', 'secret', 'pst_r_', `pst_r_${'é'.repeat(27)}_000000`])('%j is not a key', (text) => {
  expect(parseKeyText(text)).toBeNull();
});

it('no two keys are alike, and every character of the alphabet occurs', () => {
  const keys = Array.from({ length: 500 }, () => createKeyText('regular'));
  expect(new Set(keys).size).toBe(500);
  expect(new Set(keys.map((key) => key.slice(6, 33)).join('')).size).toBe(62);
});

it('the digest is SHA-256 in lower-case hex and the hint the last four characters', () => {
  expect(digestOf('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(hintOf('pst_r_x_123456')).toBe('3456');
});
