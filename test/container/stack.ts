/**
 * A PostgreSQL and a Postern in containers, with the configuration of docker/compose.yaml, set up as an operator does
 * it: by commands in the image. Reached from outside through published ports only.
 */

import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg, { type ClientConfig } from 'pg';
import {
  GenericContainer,
  Network,
  type StartedNetwork,
  type StartedTestContainer,
  Wait,
} from 'testcontainers';
import { unzip } from '../authority/unzip.ts';
import { pollUntil } from '../support/poll.ts';
import { runAsSuperuser } from '../support/postgres.ts';
import { type CommandResult, run } from './command.ts';
import type { Engine } from './engine.ts';
import { image, postgresImage } from './image.ts';

/** Not the default, so that whoever asks there has read the configuration. */
const telemetryPort = 9999;
const uid = 1000;

/** As compose.yaml and the Deployment of Kubernetes harden it. */
class HardenedContainer extends GenericContainer {
  constructor(name: string) {
    super(name);
    this.hostConfig.ReadonlyRootfs = true;
    this.withDroppedCapabilities('ALL').withSecurityOpt('no-new-privileges');
  }
}

export interface Gate {
  readonly container: StartedTestContainer;
  readonly port: number;
  /** Status and body of a path of the telemetry endpoint. */
  ask(path: string): Promise<{ status: number; body: string }>;
  /** `postern …` inside; stdout. */
  postern(...args: string[]): Promise<string>;
  logLines(): Promise<Record<string, unknown>[]>;
}

export interface Stack {
  /** A command in a container of its own, hardened as the gate's. */
  runOnce(...args: string[]): CommandResult;
  startGate(): Promise<Gate>;
  /** Superuser URL from outside. */
  readonly backendUrl: string;
  readonly account: string;
  connect(gate: Gate, options?: ClientConfig): Promise<pg.Client>;
  readonly clientDirectory: string;
  readonly apiKey: string;
  stop(): Promise<void>;
}

const composeConfiguration = fileURLToPath(new URL('../../docker/postern.yaml', import.meta.url));

/** Everything that compose.yaml mounts, readable for the image's user and nobody else. */
const writeConfiguration = async (directory: string, password: string): Promise<void> => {
  const text = await readFile(composeConfiguration, 'utf8');
  await mkdir(join(directory, 'secrets'));
  await mkdir(join(directory, 'tls'));
  const files = {
    'postern.yaml': text.replace(/^( *listen: 0\.0\.0\.0:)9464$/m, `$1${telemetryPort}`),
    'secrets/postgres_password': password,
    'secrets/sealing_key': randomBytes(32).toString('base64'),
    'secrets/admin_token': randomBytes(24).toString('hex'),
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content);
  if (process.getuid?.() === 0) {
    for (const name of ['', 'secrets', 'tls', ...Object.keys(files)])
      await chown(join(directory, name), uid, uid);
  } else {
    await chmod(directory, 0o755);
    await chmod(join(directory, 'tls'), 0o777);
  }
};

const startPostgres = async (network: StartedNetwork, password: string) => {
  const container = await new GenericContainer(postgresImage)
    .withNetwork(network)
    .withNetworkAliases('postgres')
    .withEnvironment({ POSTGRES_PASSWORD: password, POSTGRES_DB: 'postern' })
    .withExposedPorts(5432)
    .withWaitStrategy(Wait.forLogMessage(/ready to accept connections/))
    .start();
  const url = `postgresql://postgres:${password}@${container.getHost()}:${container.getMappedPort(5432)}/postgres`;
  // The official image starts twice.
  await pollUntil(() => runAsSuperuser(url, 'SELECT 1'), { timeoutMs: 60_000, intervalMs: 100 });
  return { container, url };
};

export const startStack = async (engine: Engine): Promise<Stack> => {
  Object.assign(process.env, engine.environment);
  const running = new AsyncDisposableStack();
  try {
    const directory = await mkdtemp(join(tmpdir(), 'postern-container-'));
    running.defer(() => rm(directory, { recursive: true, force: true }));
    const password = randomBytes(16).toString('hex');
    await writeConfiguration(directory, password);
    const network = await new Network().start();
    running.defer(async () => void (await network.stop()));
    const { container: postgres, url } = await startPostgres(network, password);
    running.defer(async () => void (await postgres.stop({ timeout: 0 })));

    const mounts = [
      { source: join(directory, 'postern.yaml'), target: '/etc/postern/postern.yaml', mode: 'ro' as const },
      { source: join(directory, 'secrets'), target: '/run/secrets', mode: 'ro' as const },
      { source: join(directory, 'tls'), target: '/etc/postern/tls' },
    ];
    const runOnce: Stack['runOnce'] = (...args) =>
      run(engine, [
        ...['run', '--rm', '--network', network.getName(), '--read-only', '--cap-drop', 'ALL'],
        ...['--security-opt', 'no-new-privileges'],
        ...mounts.flatMap(({ source, target, mode }) => [
          '--volume',
          `${source}:${target}${mode ? `:${mode}` : ''}`,
        ]),
        ...[image, ...args],
      ]);
    const mustRunOnce = (...args: string[]) => {
      const { status, stderr } = runOnce(...args);
      if (status !== 0) throw new Error(`postern ${args.join(' ')}: ${status} ${stderr}`);
    };
    mustRunOnce('ca', 'create', '--dir', '/etc/postern/tls', '--name', 'localhost');
    mustRunOnce('migrate');

    const startGate = async (): Promise<Gate> => {
      const container = await new HardenedContainer(image)
        .withNetwork(network)
        .withBindMounts(mounts)
        // All that the image exposes, too: where podman is asked, those count as asked for.
        .withExposedPorts(6432, 8080, 9464, telemetryPort)
        .withWaitStrategy(Wait.forHttp('/readyz', telemetryPort))
        .start();
      // Also when a test has stopped it and kept it to look at.
      running.defer(() => void run(engine, ['rm', '--force', container.getId()]));
      const telemetry = `http://${container.getHost()}:${container.getMappedPort(telemetryPort)}`;
      return {
        container,
        port: container.getMappedPort(6432),
        ask: async (path) => {
          const response = await fetch(`${telemetry}${path}`);
          return { status: response.status, body: await response.text() };
        },
        postern: async (...args) => {
          const { exitCode, output, stdout } = await container.exec(['/usr/local/bin/postern', ...args]);
          if (exitCode !== 0) throw new Error(`postern ${args.join(' ')}: ${exitCode} ${output}`);
          return stdout;
        },
        logLines: async () => {
          const { stdout } = run(engine, ['logs', container.getId()]);
          return stdout
            .trimEnd()
            .split('\n')
            .map((line) => JSON.parse(line) as Record<string, unknown>);
        },
      };
    };

    const account = 'acme';
    await runAsSuperuser(url, 'CREATE ROLE acme_owner NOLOGIN', 'CREATE DATABASE gis OWNER acme_owner');
    const backendUrl = url.replace(/postgres$/, 'gis');
    await runAsSuperuser(
      backendUrl,
      'SET ROLE acme_owner',
      'CREATE TABLE towns AS SELECT id FROM generate_series(1, 500) AS id',
    );
    for (const args of [
      ['account', 'create', account, '--backend', 'main', '--database', 'gis', '--owner', 'acme_owner'],
      // Where the engine's networks, and so its host, may be.
      ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '127.0.0.0/8'].map((cidr) => [
        'address',
        'add',
        account,
        cidr,
      ]),
      ['certificate', 'create', account, 'laptop', '--out', '/etc/postern/tls/laptop.zip'],
    ]) {
      mustRunOnce(...args);
    }
    const grant = 'select, insert on public.towns';
    const created = runOnce('key', 'create', account, 'reader', '--grant', grant, '--json');
    const { key: apiKey } = JSON.parse(created.stdout) as { key: string };

    const clientDirectory = join(directory, 'client');
    await mkdir(clientDirectory, { mode: 0o700 });
    for (const { name, content } of unzip(await readFile(join(directory, 'tls/laptop.zip')))) {
      await writeFile(join(clientDirectory, name.replace(/.*\//, '')), content, { mode: 0o600 });
    }
    const clients: pg.Client[] = [];
    running.defer(async () => {
      await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
    });
    const clientFile = (name: string) => readFile(join(clientDirectory, name), 'utf8');
    const ssl = {
      ca: await clientFile('server_ca.pem'),
      cert: await clientFile('client.crt'),
      key: await clientFile('client.key'),
    };
    return {
      runOnce,
      startGate,
      backendUrl,
      account,
      connect: async ({ port }, options = {}) => {
        const who = { user: account, password: apiKey, database: 'gis' };
        const client = new pg.Client({ host: 'localhost', port, ...who, ssl, ...options });
        client.on('error', () => undefined);
        await client.connect();
        clients.push(client);
        return client;
      },
      clientDirectory,
      apiKey,
      stop: () => running.disposeAsync(),
    };
  } catch (error) {
    await running.disposeAsync();
    throw error;
  }
};
