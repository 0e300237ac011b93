import { describe, expect, it } from 'vitest';
import { parseCertificateName } from '../../src/control/texts.ts';
import { RequestError } from '../../src/errors.ts';

describe('a certificate name', () => {
  it.each([
    ['  Laptop of Ann  ', 'Laptop of Ann'],
    ['Büro (2. Stock) / QGIS', 'Büro (2. Stock) / QGIS'],
    ['Büro', 'Büro'],
    ['地図サーバー', '地図サーバー'],
    ['x'.repeat(64), 'x'.repeat(64)],
    ['🗺'.repeat(64), '🗺'.repeat(64)],
  ])('%j is accepted', (text, name) => {
    expect(parseCertificateName(text)).toBe(name);
  });

  it.each([
    ['', 'needs a name'],
    [' \t\n', 'needs a name'],
    ['x'.repeat(65), 'has 65 characters'],
    ['two\nlines', 'control or invisible'],
    ['nul\0', 'control or invisible'],
    ['turned \u202e around', 'control or invisible'],
    ['zero\u200bwidth', 'control or invisible'],
    ['half \ud800 of a pair', 'control or invisible'],
    ['line\u2028separator', 'control or invisible'],
  ])('%j is refused', (text, message) => {
    expect(() => parseCertificateName(text)).toThrow(RequestError);
    expect(() => parseCertificateName(text)).toThrow(message);
  });
});
