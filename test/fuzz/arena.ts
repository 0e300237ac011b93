/**
 * A real PostgreSQL and a real Postern in front of it, which ask the same of their clients: TLS, a certificate of the
 * same authority for the user's name, SCRAM with the same password. Both show the same server certificate.
 */

import { randomBytes, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { createAuthority } from '../../src/authority/create.ts';
import { createAuthorityFiles } from '../../src/authority/files.ts';
import { issueClientCertificate } from '../../src/authority/issue.ts';
import type { Binaries } from '../../src/cli/demo/binaries.ts';
import { serverEndPoint } from '../../src/wire/server-end-point.ts';
import { unzip } from '../authority/unzip.ts';
import { startCli } from '../cli/run.ts';
import { freePort } from '../support/free-port.ts';
import { runAsSuperuser } from '../support/postgres.ts';
import { type OwnServer, startOwnServer } from '../support/postgres-server.ts';
import type { Stage } from './play.ts';
import { type Serving, startServing } from './serving.ts';

/** Name of the account, of its database, and of the role that PostgreSQL itself knows. */
export const user = 'fuzz';

/** From here clients come, each from an address of its own: 127.16.0.0/12. */
export const clientAddress = (index: number): string =>
  `127.${16 + ((index >>> 16) & 15)}.${(index >>> 8) & 255}.${index & 255}`;

/** From here come those whose PROXY header is believed: 127.64.0.0/12. */
export const balancerAddress = (index: number): string =>
  clientAddress(index).replace(/^127\.(\d+)/, (_, block: string) => `127.${Number(block) + 48}`);

/** A machine that is loaded keeps it as well. */
const usualLoginTimeoutMs = 4_000;

export interface Arena {
  readonly postgres: Stage;
  readonly postern: Stage;
  readonly serving: Serving;
  /** Such as 18.4. */
  readonly version: string;
}

const startPostgres = async (
  running: AsyncDisposableStack,
  tls: string,
  loginTimeoutMs: number,
  binaries?: Binaries,
): Promise<OwnServer> => {
  const read = (name: string) => readFile(join(tls, name), 'utf8');
  return startOwnServer(running, {
    files: {
      'server.crt': await read('server.crt'),
      'server.key': await read('server.key'),
      'ca.pem': await read('client_ca.pem'),
    },
    settings: {
      ssl: 'on',
      ssl_ca_file: 'ca.pem',
      password_encryption: 'scram-sha-256',
      max_connections: '300',
      // As Postern's, so that neither waits for the other.
      authentication_timeout: `${loginTimeoutMs / 1000}s`,
    },
    hba: [`hostssl all ${user} 127.0.0.0/8 scram-sha-256 clientcert=verify-full`],
    ...(binaries && { binaries }),
  });
};

const configuration = (
  { port }: OwnServer,
  gatePort: number,
  telemetryPort: number,
  loginTimeoutMs: number,
): string => `
store: { url: "\${file:store.url}" }
sealing_keys: [{ id: k1, key: "\${file:sealing.key}" }]
public: { host: localhost }
backends:
  main: { host: 127.0.0.1, port: ${port}, tls: disable, admin: { user: postgres, password: "\${file:admin.password}" } }
gate:
  listen: 127.0.0.1:${gatePort}
  certificate_file: tls/server.crt
  key_file: tls/server.key
  client_ca_file: tls/client_ca.pem
  login_timeout: ${loginTimeoutMs / 1000}s
  trusted_proxies: [127.64.0.0/12]
limits: { half_open: 5000, half_open_per_address: 500 }
authority: { certificate_file: tls/client_ca.pem, key_file: tls/client_ca.key, server_ca_file: tls/server_ca.pem }
telemetry: { listen: "127.0.0.1:${telemetryPort}", log_level: debug }
`;

const createForeignCertificate = async () => {
  const authority = await createAuthority({ commonName: 'Foreign CA', validDays: 1 });
  const claims = { authority, accountName: user, days: 1, maximumDays: 1 };
  const { certificate, privateKey } = await issueClientCertificate(claims);
  return { cert: certificate.certificatePem, key: privateKey.pkcs1Pem };
};

export interface ArenaOptions {
  /** Of another PostgreSQL than the embedded one. */
  readonly binaries?: Binaries | undefined;
  /** Of both. */
  readonly loginTimeoutMs?: number;
}

export const openArena = async (
  running: AsyncDisposableStack,
  { binaries, loginTimeoutMs = usualLoginTimeoutMs }: ArenaOptions = {},
): Promise<Arena> => {
  const directory = await mkdtemp(join(tmpdir(), 'postern-fuzz-'));
  running.defer(() => rm(directory, { recursive: true, force: true }));
  const tls = join(directory, 'tls');
  await createAuthorityFiles({ directory: tls, names: ['localhost', '127.0.0.1'] });
  const server = await startPostgres(running, tls, loginTimeoutMs, binaries);
  await runAsSuperuser(
    server.url(),
    'CREATE DATABASE store',
    'CREATE ROLE owner',
    `CREATE DATABASE ${user} OWNER owner`,
  );

  const [gatePort, telemetryPort] = [await freePort(), await freePort()];
  const write = (name: string, text: string) => writeFile(join(directory, name), text, { mode: 0o600 });
  await write('postern.yaml', configuration(server, gatePort, telemetryPort, loginTimeoutMs));
  await write('store.url', server.url('store'));
  await write('admin.password', new URL(server.url()).password);
  await write('sealing.key', randomBytes(32).toString('base64'));
  const postern = async (...args: string[]): Promise<string> => {
    const { code, out, err } = await startCli(directory, args).ended;
    if (code !== 0) throw new Error(`postern ${args.join(' ')} ended with ${code}: ${err}`);
    return out.trim();
  };
  await postern('migrate');
  await postern('account', 'create', user, '--backend', 'main', '--database', user, '--owner', 'owner');
  await postern('address', 'add', user, '127.0.0.0/8');
  await postern('certificate', 'create', user, 'laptop', '--out', 'client.zip');
  const password = await postern('key', 'create', user, 'master', '--kind', 'master');
  await runAsSuperuser(
    server.url(),
    `CREATE ROLE ${user} LOGIN PASSWORD '${password}'`,
    `GRANT CONNECT ON DATABASE ${user} TO ${user}`,
  );

  const bundle = new Map(
    unzip(await readFile(join(directory, 'client.zip'))).map(({ name, content }) => [name, content]),
  );
  const certificates = {
    own: createSecureContext({
      cert: bundle.get('client.crt') ?? '',
      key: bundle.get('client.key') ?? '',
    }),
    foreign: createSecureContext(await createForeignCertificate()),
    none: createSecureContext(),
  };
  const { raw } = new X509Certificate(await readFile(join(tls, 'server.crt')));
  const stage = { password, certificates, bindingData: serverEndPoint(raw) };
  const [row] = await runAsSuperuser(server.url(), 'SHOW server_version');
  return {
    postgres: { ...stage, port: server.port },
    postern: { ...stage, port: gatePort },
    serving: await startServing(running, directory, telemetryPort),
    version: String(row?.['server_version']).split(' ')[0] ?? '',
  };
};
