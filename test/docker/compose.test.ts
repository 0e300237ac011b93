/** compose.yaml against the compose specification's schema (which dclint brings), and against what it has to be. */

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DCLinter } from 'dclint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { haproxyMissing } from '../support/haproxy.ts';
import { filesBelow, read, readYaml, repository } from './files.ts';

interface Service {
  readonly image: string;
  readonly ports?: readonly string[];
  readonly profiles?: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly stop_grace_period?: string;
  readonly networks?: { readonly default: { readonly ipv4_address?: string } };
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

const [compose] = readYaml('docker/compose.yaml') as [Compose];
const services = Object.entries(compose.services);

/** What `docker/prepare.sh` makes, and what the image mounts at other places. */
const loadAsMounted = (directory: string): Config => {
  for (const name of Object.keys(compose.secrets)) {
    const file = join(directory, 'secrets', name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, name === 'sealing_key' ? Buffer.alloc(32).toString('base64') : 'x'.repeat(48));
  }
  const text = read('docker/postern.yaml').replaceAll('/run/secrets/', 'secrets/');
  writeFileSync(join(directory, 'postern.yaml'), text);
  return loadConfig(join(directory, 'postern.yaml'));
};

describe('compose.yaml', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'postern-compose-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('follows the schema of the compose specification', () => {
    const rules = { 'no-duplicate-exported-ports': 2, 'no-duplicate-container-names': 2 } as const;
    const problems = (file: string): string[] => {
      const linter = new DCLinter({ rules, quiet: true, debug: false, exclude: [] });
      // The package's own types do not resolve under nodenext.
      const results: readonly { messages: { rule: string; message: string }[] }[] = linter.lintFiles(
        [file],
        false,
      );
      return results
        .flatMap(({ messages }) => messages)
        .filter(({ rule }) => rule === 'invalid-schema' || rule === 'invalid-yaml' || rule in rules)
        .map(({ message }) => message);
    };
    expect(problems(join(repository, 'docker/compose.yaml'))).toEqual([]);
    const wrong = join(directory, 'compose.yaml');
    writeFileSync(wrong, read('docker/compose.yaml').replace('read_only: true', 'read_onely: true'));
    expect(problems(wrong)).not.toEqual([]);
  });

  it('starts Postern and PostgreSQL, and more only by profile', () => {
    const started = services.filter(([, { profiles }]) => profiles === undefined).map(([name]) => name);
    expect(started).toEqual(['postgres', 'migrate', 'postern']);
  });

  it('hardens every Postern', () => {
    const ours = services.filter(([, { image }]) => image === 'localhost/postern');
    expect(ours.map(([name]) => name)).toEqual(['migrate', 'postern', 'postern-two']);
    for (const [, service] of ours) {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      });
    }
  });

  it('publishes nothing but the gate to other machines', () => {
    const published = services.flatMap(([, { ports = [] }]) => ports);
    expect(published.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose replaces them.
      ...['${POSTERN_PORT:-6432}:6432', '${HAPROXY_PORT:-6433}:6432'],
    ]);
  });

  it('mounts files that are there, and secrets that prepare.sh makes', () => {
    const made = read('docker/prepare.sh');
    for (const { file } of Object.values(compose.secrets)) {
      expect(made).toContain(`secret ${file.replace('secrets/', '')} `);
    }
    const mounted = services
      .flatMap(([, { volumes = [] }]) => volumes)
      .filter((volume) => volume.startsWith('./'))
      .map((volume) => `docker/${volume.slice(2).split(':')[0]}`)
      .filter((path) => path !== 'docker/tls');
    const there = filesBelow('docker');
    for (const path of mounted) {
      expect([path, there.some((file) => file === path || file.startsWith(`${path}/`))]).toEqual([
        path,
        true,
      ]);
    }
  });

  it('gives Postern a configuration that loads, trusts HAProxy alone, and stops in time', () => {
    const config = loadAsMounted(directory);
    const { haproxy, postern } = compose.services;
    expect(config.gate?.trustedProxies.map(String)).toHaveLength(1);
    expect(read('docker/postern.yaml')).toContain(
      `trusted_proxies: [${haproxy?.networks?.default.ipv4_address}/32]`,
    );
    const { drainDelayMs = 0, drainTimeoutMs = 0 } = config.gate ?? {};
    const graceMs = Number.parseInt(postern?.stop_grace_period ?? '0', 10) * 1_000;
    expect(graceMs).toBeGreaterThanOrEqual(drainDelayMs + drainTimeoutMs + 15_000);
  });
});

describe('haproxy.cfg', () => {
  it('is what docs/operations.md shows', () => {
    const [, ...shown] = read('docker/haproxy.cfg').split('\n\n');
    expect(read('docs/operations.md')).toContain(`\`\`\`\n${shown.join('\n\n').trimEnd()}\n\`\`\``);
  });

  it.skipIf(haproxyMissing)('is taken by HAProxy', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'postern-haproxy-')), 'haproxy.cfg');
    copyFileSync(join(repository, 'docker/haproxy.cfg'), file);
    const { status, stderr } = spawnSync('haproxy', ['-c', '-f', file], { encoding: 'utf8' });
    rmSync(dirname(file), { recursive: true });
    // Nobody here has the names of the servers.
    const complaints = stderr.split('\n').filter((line) => !/NOTICE|could not resolve address|^$/.test(line));
    expect({ status, complaints }).toEqual({ status: 0, complaints: [] });
  });
});
