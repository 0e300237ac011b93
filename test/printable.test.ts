import { expect, it } from 'vitest';
import { printableJson } from '../src/printable.ts';

const hostile =
  'a\u0000\n\r\u001b[2J\u007f\u0085\u009b2J\u00ad\u200b\u202e\u2028\u2029\u2066\ufeff\u{e0041}z';

it.each([undefined, 2])(
  'JSON stays what it says, without what could steer a terminal (indent %s)',
  (indent) => {
    const value = { name: hostile, [hostile]: [hostile, '道 ü 🗺', 1, null] };
    const shown = printableJson(JSON.stringify(value, null, indent));
    expect(JSON.parse(shown)).toEqual(value);
    expect(shown).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(shown).toContain('道 ü 🗺');
    if (indent === undefined) expect(shown).not.toContain('\n');
  },
);
