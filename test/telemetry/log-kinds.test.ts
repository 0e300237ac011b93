/** `docs/operations.md` lists every kind of line that `postern serve` logs; this compares it with the sources. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../src/', import.meta.url));
const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');

const levels = ['debug', 'info', 'warn', 'error'];
/** `log.warn({ … }, 'what happened')`, `log[by what it is]({ … }, 'what happened')` */
const logCall = /\blog(?:\.(\w+)|\[([^\]]+)\])\([^;]*?\s'([^']+)',?\s*\)/g;

interface Kind {
  readonly text: string;
  /** null: it depends. */
  readonly level: string | null;
}

const kinds = (): Kind[] =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.startsWith('web/') && file !== 'telemetry/log.ts')
    .flatMap((file) => [...readFileSync(join(root, file), 'utf8').matchAll(logCall)])
    .map(([, level, , text = '']) => ({
      text,
      level: level === 'record' ? 'info' : (level ?? null),
    }));

const documented = (): Kind[] =>
  [...page.matchAll(/^\| `([^`]+)` \| ((?:debug|info|warn|error)(?:, (?:debug|info|warn|error))*) \|/gm)].map(
    ([, text = '', level = '']) => ({ text, level: level.includes(',') ? null : level }),
  );

const sorted = (list: readonly Kind[]) =>
  [...new Set(list.map(({ text, level }) => `${text} (${level})`))].sort();

it('has every kind of log line in the documentation with its level, and none there that does not exist', () => {
  expect(kinds().length).toBeGreaterThan(20);
  for (const { level } of kinds()) expect([...levels, null]).toContain(level);
  expect(sorted(documented())).toEqual(sorted(kinds()));
});
