/** `docs/security.md` names a test for each threat: each must be there, in that file and under that name. */

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../', import.meta.url);
const page = readFileSync(new URL('docs/security.md', root), 'utf8');
const [, tables = ''] = /<!-- threats -->\n(.*)<!-- end of threats -->/s.exec(page) ?? [];
const rows = tables
  .split('\n')
  .filter((line) => /^\|(?! threat \||---)/.test(line))
  .map((row) => row.split('|').map((cell) => cell.trim()));

describe('the tables of threats', () => {
  it('have a test in every line', () => {
    expect(rows.length).toBeGreaterThan(80);
    for (const row of rows) expect(row[3], row[1]).toMatch(/^`test\/[a-z0-9/-]+\.test\.ts`: ./);
  });

  it.each(rows)('| %s | %s names a test that exists', (_, __, ___, proof = '') => {
    const [, file = '', name = ''] = /^`(.+?)`: (.+)$/.exec(proof) ?? [];
    expect(existsSync(new URL(file, root)), file).toBe(true);
    const source = readFileSync(new URL(file, root), 'utf8');
    const quoted = ["'", '"', '`'].map((quote) => `${quote}${name}${quote}`);
    expect(
      quoted.some((each) => source.includes(each)),
      `${file}: ${name}`,
    ).toBe(true);
  });
});
