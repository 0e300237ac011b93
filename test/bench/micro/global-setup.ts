/** A place where the files of the run put their figures; at its end, the table. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { publishFigures } from './figures.ts';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'postern-bench-'));
  const file = join(directory, 'figures.jsonl');
  project.provide('figuresFile', file);
  return async () => {
    publishFigures(file);
    await rm(directory, { recursive: true, force: true });
  };
}
