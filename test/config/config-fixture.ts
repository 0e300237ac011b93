/** A directory with what a small configuration refers to, and the environment that it needs, for one test each. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { ConfigError } from '../../src/errors.ts';

export const sealingKey = Buffer.alloc(32, 7).toString('base64');

/** The least that is needed. */
export const least = `
store: { url: "\${env:POSTERN_TEST_STORE}" }
sealing_keys: [{ id: k1, key: "\${file:seal.key}" }]
public: { host: db.example.com }
backends: {}
`;

export const configUnderTest = () => {
  let directory = '';
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'postern-config-'));
    await writeFile(join(directory, 'seal.key'), `${sealingKey}\n`);
    await writeFile(join(directory, 'admin.password'), 's3cret\n');
    vi.stubEnv('POSTERN_TEST_STORE', 'postgresql://store:hush@db/postern');
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(directory, { recursive: true });
  });
  const load = async (yaml: string): Promise<Config> => {
    const path = join(directory, 'postern.yaml');
    await writeFile(path, yaml);
    return loadConfig(path);
  };
  return {
    get directory() {
      return directory;
    },
    load,
    /** What is wrong with this file, one sentence each. */
    problemsOf: async (yaml: string): Promise<readonly string[]> => {
      const thrown: unknown = await load(yaml).catch((error: unknown) => error);
      if (!(thrown instanceof ConfigError))
        throw new Error('The configuration was accepted.', { cause: thrown });
      return thrown.problems;
    },
  };
};
