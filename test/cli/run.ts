/**
 * Runs the real command line as child processes, with a configuration directory of its own.
 */

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAuthorityFiles } from '../../src/authority/files.ts';

export const mainFile = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export const startCli = (
  directory: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
) => {
  const child = spawn(process.execPath, [mainFile, ...args], {
    cwd: directory,
    env: { PATH: '/usr/bin:/bin', POSTERN_CONFIG: join(directory, 'postern.yaml'), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    texts.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    texts.err += text;
  });
  const ended = new Promise<CliResult>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...texts }));
  });
  return { child, texts, ended };
};

export interface CliFixture {
  readonly directory: string;
  /** `postern …` in that directory; what it cannot end by itself would hang the test. */
  run(...args: string[]): Promise<CliResult>;
  /** With `--json`; the parsed answer of a command that must succeed. */
  json<T>(...args: string[]): Promise<T>;
  remove(): Promise<void>;
}

export interface FixtureOptions {
  readonly storeUrl: string;
  /** Superuser URL of the backend `main`. */
  readonly backendUrl: string;
  /** YAML lines that are put at the end. */
  readonly more?: string;
}

/** A complete configuration whose secrets are files beside it. */
export const createCliFixture = async ({
  storeUrl,
  backendUrl,
  more = '',
}: FixtureOptions): Promise<CliFixture> => {
  const directory = await mkdtemp(join(tmpdir(), 'postern-cli-'));
  const backend = new URL(backendUrl);
  await createAuthorityFiles({ directory: join(directory, 'pki'), names: ['localhost', '127.0.0.1'] });
  const write = (name: string, text: string) => writeFile(join(directory, name), text, { mode: 0o600 });
  await write('store.url', storeUrl);
  await write('admin.password', decodeURIComponent(backend.password));
  await write('sealing.key', randomBytes(32).toString('base64'));
  await write(
    'postern.yaml',
    `
store: { url: "\${file:store.url}" }
sealing_keys: [{ id: k1, key: "\${file:sealing.key}" }]
public: { host: localhost }
backends:
  main:
    host: ${backend.hostname}
    port: ${backend.port || 5432}
    tls: disable
    admin: { user: ${decodeURIComponent(backend.username)}, password: "\${file:admin.password}" }
gate:
  listen: 127.0.0.1:0
  certificate_file: pki/server.crt
  key_file: pki/server.key
  client_ca_file: pki/client_ca.pem
authority:
  certificate_file: pki/client_ca.pem
  key_file: pki/client_ca.key
  server_ca_file: pki/server_ca.pem
telemetry: { listen: "127.0.0.1:0" }
${more}`,
  );
  const run = (...args: string[]) => startCli(directory, args).ended;
  return {
    directory,
    run,
    json: async (...args) => {
      const { code, out, err } = await run(...args, '--json');
      if (code !== 0 || err !== '') throw new Error(`postern ${args.join(' ')}: ${code} ${err}`);
      return JSON.parse(out);
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
};
