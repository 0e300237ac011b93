/**
 * docker/kubernetes against the schemas of Kubernetes and of the operators (packages kubernetes-models), which say what is
 * missing or of the wrong type; their TypeScript types say which fields there are at all. And against ourselves: names that
 * must agree, times that must suffice, configurations that must load.
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { filesBelow, read, readYaml, repository } from './files.ts';

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: unknown;
}
interface PodSpec {
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: object;
  readonly volumes: readonly { name: string; secret?: { secretName: string } }[];
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
}
interface Container {
  readonly args: readonly string[];
  readonly securityContext: object;
  readonly volumeMounts: readonly { name: string; mountPath: string }[];
  readonly readinessProbe?: { readonly httpGet: { readonly path: string } };
}

const root = 'docker/kubernetes';
const manifests = filesBelow(root)
  .filter((file) => !/\/(?:kustomization|postern)\.yaml$/.test(file))
  .flatMap((file) => (readYaml(file) as Manifest[]).map((manifest) => ({ file, manifest })));

/** Where the package has the class of a manifest. */
const modelOf = ({ apiVersion, kind }: Manifest): string => {
  const packages: Readonly<Record<string, string>> = {
    'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
    'cert-manager.io': '@kubernetes-models/cert-manager',
  };
  const owner = packages[apiVersion.split('/')[0] ?? ''] ?? 'kubernetes-models';
  return `${owner}/${apiVersion}/${kind}`;
};

const specOf = (part: string): PodSpec => {
  const [deployment] = readYaml(`${root}/${part}/deployment.yaml`) as [
    { spec: { template: { spec: PodSpec } } },
  ];
  return deployment.spec.template.spec;
};

let directory: string;
beforeAll(() => {
  // Below the repository, so that the compiler finds the packages.
  mkdirSync(join(repository, 'node_modules/.cache'), { recursive: true });
  directory = mkdtempSync(join(repository, 'node_modules/.cache/postern-manifests-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('every manifest', () => {
  it.each(manifests)('$file has what its schema wants', async ({ manifest }) => {
    const model = (await import(modelOf(manifest))) as Record<
      string,
      new (
        data: object,
      ) => { validate(): void }
    >;
    const Model = model[manifest.kind];
    if (Model === undefined) throw new Error(`There is no model of ${manifest.kind}.`);
    expect(() => new Model(manifest).validate()).not.toThrow();
    expect(() => new Model({ ...manifest, metadata: { name: 7 } }).validate()).toThrow();
  });

  const strangeFields = (checked: readonly Manifest[]): string => {
    const program = checked
      .map((manifest, index) => {
        const type = `import('${modelOf(manifest)}').I${manifest.kind}`;
        return `export const m${index}: ${type} = ${JSON.stringify(manifest)};`;
      })
      .join('\n');
    const file = join(directory, 'manifests.ts');
    writeFileSync(file, program);
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'esnext'];
    const tsc = join(repository, 'node_modules/.bin/tsc');
    return spawnSync(tsc, ['--ignoreConfig', ...options, file], { encoding: 'utf8' }).stdout;
  };

  it('has no field that Kubernetes does not know', () => {
    expect(strangeFields(manifests.map(({ manifest }) => manifest))).toBe('');
    const labels = { lables: { a: 'b' } };
    const misspelt: Manifest = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'x', ...labels } };
    expect(strangeFields([misspelt])).toMatch(/"lables"' does not exist/);
  });

  it('is part of a kustomization', () => {
    for (const { file } of manifests) {
      const [kustomization] = readYaml(join(dirname(file), 'kustomization.yaml')) as [
        { resources: string[] },
      ];
      expect(kustomization.resources).toContain(file.split('/').at(-1));
    }
  });
});

describe.each([
  { part: 'gate', serves: 'postern_gate' },
  { part: 'console', serves: 'postern_console' },
])('the pods of the $part', ({ part }) => {
  const spec = specOf(part);
  const containers = [...(spec.initContainers ?? []), ...spec.containers];

  /** The ConfigMap's file, with its Secrets as files below a directory. */
  const loadAsMounted = (): Config => {
    const mounted = mkdtempSync(join(tmpdir(), 'postern-pod-'));
    try {
      const text = read(`${root}/${part}/postern.yaml`);
      for (const [, file = ''] of text.matchAll(/\/run\/secrets\/([\w./-]+)/g)) {
        mkdirSync(join(mounted, dirname(file)), { recursive: true });
        const value = file.startsWith('sealing-keys/')
          ? Buffer.alloc(32).toString('base64')
          : 'postgresql://postern:secret@db/postern';
        writeFileSync(join(mounted, file), value);
      }
      const yaml = join(mounted, 'postern.yaml');
      writeFileSync(yaml, text.replaceAll('/run/secrets/', `${mounted}/`));
      return loadConfig(yaml);
    } finally {
      rmSync(mounted, { recursive: true });
    }
  };

  it('run as nobody, on a read-only root, without capabilities', () => {
    expect(spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    for (const { securityContext } of containers) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
  });

  it('have a configuration that loads, and listen where they are asked', () => {
    const config = loadAsMounted();
    expect(config.gate !== null).toBe(part === 'gate');
    expect(config.console !== null).toBe(part === 'console');
    expect(config.telemetry.listen).toEqual({ host: '0.0.0.0', port: 9464 });
  });

  it('mount every Secret that the configuration names, and the documentation lists it', () => {
    const named = [...read(`${root}/${part}/postern.yaml`).matchAll(/\/run\/secrets\/([\w-]+)\/([\w.]+)/g)];
    const mounts = new Map(spec.volumes.map(({ name, secret }) => [name, secret?.secretName]));
    const page = read('docs/operations.md');
    expect(named.length).toBeGreaterThan(4);
    for (const [, name = '', key = ''] of named) {
      expect(mounts.get(name)).toBe(`postern-${name}`);
      for (const { volumeMounts } of containers) {
        expect(volumeMounts).toContainEqual({ name, mountPath: `/run/secrets/${name}`, readOnly: true });
      }
      expect(page).toMatch(new RegExp(`\`postern-${name}\`.*\`${key.replace('.', '\\.')}\``));
    }
    const secrets = spec.volumes.filter(({ secret }) => secret).map(({ name }) => name);
    expect(new Set(secrets)).toEqual(new Set(named.map(([, name]) => name)));
  });

  it('are given the time to drain', () => {
    const { gate } = loadAsMounted();
    const drainMs = (gate?.drainDelayMs ?? 0) + (gate?.drainTimeoutMs ?? 0);
    expect(spec.terminationGracePeriodSeconds * 1_000).toBeGreaterThanOrEqual(drainMs + 15_000);
  });

  it('are ready when Postern says so', () => {
    expect(spec.containers.map(({ readinessProbe }) => readinessProbe?.httpGet.path)).toEqual(['/readyz']);
  });
});

it('no manifest holds a Secret', () => {
  expect(manifests.map(({ manifest }) => manifest.kind)).not.toContain('Secret');
  expect(filesBelow(root).filter((file) => /secretGenerator|stringData/.test(read(file)))).toEqual([]);
});

const kubectlMissing = spawnSync('kubectl', ['version', '--client']).status !== 0;
if (kubectlMissing) process.stderr.write('kubectl is not installed: its tests are SKIPPED.\n');

describe.skipIf(kubectlMissing)('kustomize puts together', () => {
  it.each([
    { components: [], more: [] },
    { components: ['monitoring'], more: ['PrometheusRule', 'ServiceMonitor'] },
    { components: ['cert-manager'], more: ['Certificate'] },
    { components: ['proxy-protocol/aws'], more: [] },
    { components: ['proxy-protocol/digitalocean'], more: [] },
    { components: ['proxy-protocol/hetzner'], more: [] },
  ])('the base with $components', ({ components, more }) => {
    const own = mkdtempSync(join(directory, 'own-'));
    const here = (path: string) => relative(own, join(repository, root, path));
    const kustomization = { resources: [here('')], components: components.map(here) };
    writeFileSync(join(own, 'kustomization.yaml'), JSON.stringify(kustomization));
    const { status, stdout, stderr } = spawnSync('kubectl', ['kustomize', own], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const made = parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
    const kinds = made.map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(['Deployment', 'ConfigMap', 'NetworkPolicy', ...more]));
    const service = made.find(({ kind, metadata }) => kind === 'Service' && metadata.name === 'postern-gate');
    const speaksProxy = /proxy-?protocol/.test(JSON.stringify(service));
    expect(speaksProxy).toBe(components.some((component) => component.startsWith('proxy-protocol/')));
  });
});
