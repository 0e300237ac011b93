/** Building the image from the unchanged Dockerfile, as docs/operations.md has people build it. */

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mustRun } from './command.ts';
import type { Engine } from './engine.ts';

export const image = 'localhost/postern-under-test:1';
export const postgresImage = 'docker.io/library/postgres:18';

const script = fileURLToPath(new URL('../../docker/image/build.sh', import.meta.url));

/** How this machine reaches its registries; for the build alone, as secrets. */
const secrets = (): string[] => {
  const sources: Readonly<Record<string, string>> = {
    npmrc: process.env['npm_config_userconfig'] ?? join(homedir(), '.npmrc'),
    ca: process.env['npm_config_cafile'] ?? process.env['NODE_EXTRA_CA_CERTS'] ?? '',
  };
  return Object.entries(sources)
    .filter(([, file]) => file !== '' && existsSync(file))
    .flatMap(([id, file]) => ['--secret', `id=${id},src=${file}`]);
};

export const buildImage = (engine: Engine, tag: string, options: readonly string[] = []): void => {
  const format = engine.name === 'podman' ? ['--format', 'docker'] : [];
  mustRun([script, tag, ...format, ...secrets(), ...options], {
    ...engine.environment,
    CONTAINER_ENGINE: engine.command.join(' '),
  });
};
