import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fileNameOf } from '../../src/authority/certificate-name.ts';

describe('a file name', () => {
  test.each([
    ['Laptop of Ann', 'Laptop-of-Ann'],
    ['Büro Zürich', 'Buro-Zurich'],
    ['../../etc/passwd', 'etc-passwd'],
    ['..\\..\\boot.ini', 'boot.ini'],
    ['a"; filename="evil.exe', 'a-filename-evil.exe'],
    ['.hidden', 'hidden'],
    ['-rf', 'rf'],
    ['name.', 'name'],
    ['v1.2', 'v1.2'],
    ['地図', 'certificate'],
    ['///', 'certificate'],
    ['CON', 'certificate-CON'],
    ['nul.txt', 'certificate-nul.txt'],
    ['COM¹', 'certificate-COM1'],
    ['console', 'console'],
  ])('%j becomes %j', (name, fileName) => {
    expect(fileNameOf(name)).toBe(fileName);
  });

  const anyName = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.string({
      unit: fc.constantFrom('.', '-', '_', '/', '\\', ' ', 'c', 'O', 'n', '1', '"', '\n', 'ä'),
      maxLength: 90,
    }),
    fc
      .tuple(fc.constantFrom('con', 'PRN', 'aux', 'nul', 'com1', 'LPT9'), fc.string({ maxLength: 80 }))
      .map(([device, rest]) => device + rest),
  );

  test('is plain ASCII, neither hidden, an option, a path nor a device, whatever the name', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        const fileName = fileNameOf(name);
        expect(fileName).toMatch(/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/);
        expect(fileName).not.toContain('..');
        expect(fileName).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
      }),
      { numRuns: 2000 },
    );
  });

  test('made of a file name is the same again', () => {
    fc.assert(fc.property(anyName, (name) => fileNameOf(fileNameOf(name)) === fileNameOf(name)));
  });
});
