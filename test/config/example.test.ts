import { readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { loadConfig } from '../../src/config/load.ts';
import { configFile } from '../../src/config/schema.ts';

const example = fileURLToPath(new URL('../../config/postern.example.yaml', import.meta.url));

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'postern-config-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

/** Dotted names of all settings in a JSON schema or in a parsed file; names of backends and list items become `*`. */
const settingsIn = (schema: Record<string, unknown>, path = ''): string[] => {
  const inner = (schema['anyOf'] as Record<string, unknown>[] | undefined)?.find(
    (part) => part['type'] !== 'null',
  );
  if (inner) return settingsIn(inner, path);
  const below = (name: string) => (path === '' ? name : `${path}.${name}`);
  const properties = (schema['properties'] ?? {}) as Record<string, Record<string, unknown>>;
  const named = Object.entries(properties).flatMap(([name, part]) => settingsIn(part, below(name)));
  const items = [schema['items'], schema['additionalProperties']].filter(
    (part): part is Record<string, unknown> =>
      typeof part === 'object' && part !== null && 'properties' in part,
  );
  const nested = items.flatMap((part) => settingsIn(part, below('*')));
  return named.length + nested.length > 0 ? [...named, ...nested] : [path];
};

const valuesIn = (value: unknown, path: string[]): unknown[] => {
  const [first, ...rest] = path;
  if (first === undefined) return [value];
  if (typeof value !== 'object' || value === null) return [];
  const children = value as Record<string, unknown>;
  if (first === '*') return Object.values(children).flatMap((child) => valuesIn(child, rest));
  return first in children ? valuesIn(children[first], rest) : [];
};

describe('the example configuration', () => {
  it('can be loaded as it is, once its secrets exist', async () => {
    const file = join(directory, 'postern.yaml');
    await copyFile(example, file);
    const secrets = {
      'secrets/store_url': 'postgresql://postern:secret@localhost/postern',
      'secrets/store_owner_url': 'postgresql://owner:secret@localhost/postern',
      'secrets/sealing_key': Buffer.alloc(32).toString('base64'),
      'secrets/main_admin_password': 'secret',
      'secrets/admin_token': 'a'.repeat(48),
    };
    for (const [name, text] of Object.entries(secrets)) {
      await mkdir(dirname(join(directory, name)), { recursive: true });
      await writeFile(join(directory, name), `${text}\n`);
    }
    const config = loadConfig(file);
    expect(config.backends.get('main')?.admin?.password).toBe('secret');
    expect(config.gate?.loginTimeoutMs).toBe(60_000);
    expect(config.authority?.serverCaFile).toBe(join(directory, 'tls/server_ca.pem'));
  });

  it('shows every setting that there is', () => {
    const schema = z.toJSONSchema(configFile, { io: 'input', unrepresentable: 'any' }) as Record<
      string,
      unknown
    >;
    const shown = parse(readFileSync(example, 'utf8')) as unknown;
    const missing = settingsIn(schema).filter((setting) => valuesIn(shown, setting.split('.')).length === 0);
    expect(settingsIn(schema).length).toBeGreaterThan(30);
    expect(missing).toEqual([]);
  });
});
