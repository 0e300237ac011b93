/**
 * `npm run test:fuzz -- [--seed N] [--cases N] [--only N] …`: the tests of this folder. Without `--seed` each run has a
 * new one and says it; `--only` replays the case of that number alone. Other arguments go to vitest.
 */

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const variables = {
  seed: 'POSTERN_FUZZ_SEED',
  cases: 'POSTERN_FUZZ_CASES',
  only: 'POSTERN_FUZZ_ONLY',
} as const;

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const { tokens } = parseArgs({
  options: { seed: { type: 'string' }, cases: { type: 'string' }, only: { type: 'string' } },
  strict: false,
  tokens: true,
});
const given = process.argv.slice(2);
const environment: NodeJS.ProcessEnv = { ...process.env };
const ours = new Set<number>();
for (const token of tokens) {
  if (token.kind !== 'option' || !(token.name in variables)) continue;
  const { name, value, index, inlineValue } = token;
  if (value === undefined || !/^\d+$/.test(value)) {
    process.stderr.write(`--${name} takes a whole number.\n`);
    process.exit(2);
  }
  environment[variables[name as keyof typeof variables]] = value;
  ours.add(index);
  if (!inlineValue) ours.add(index + 1);
}

const child = spawn(
  process.execPath,
  [
    file('../../node_modules/vitest/vitest.mjs'),
    'run',
    '--config',
    file('vitest.config.ts'),
    ...given.filter((_, index) => !ours.has(index)),
  ],
  { stdio: 'inherit', env: environment },
);
// A terminal tells both; vitest decides when it has cleaned up.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
