/** The demo's `postern.yaml`: a complete configuration of which every other command can make use. */

import { randomBytes } from 'node:crypto';
import { geographyDatabase, storeDatabase } from './databases.ts';
import { keepSecret, type Place, writeWhole } from './place.ts';

export const backendName = 'main';
/** What clients connect to; the certificate made in `authority.ts` names it. */
export const publicHost = 'localhost';

const passwordFile = 'postgres-password';
const sealingKeyFile = 'sealing-key';
const adminTokenFile = 'admin-token';

/** The superuser's password, the same at each start. Stands in URLs and in a line of its own. */
export const keepPassword = (place: Place): Promise<string> =>
  keepSecret(place, passwordFile, () => randomBytes(24).toString('base64url'));

/** What operators sign in to the console with, the same at each start. */
export const keepAdminToken = (place: Place): Promise<string> =>
  keepSecret(place, adminTokenFile, () => randomBytes(24).toString('hex'));

export interface DemoPorts {
  readonly gate: number;
  readonly console: number;
  readonly postgres: number;
}

const build = ({ gate, console, postgres }: DemoPorts): string => `\
# Written by "postern demo" at each start: changes made here are lost.
# The demo serves by it; the other commands read it with POSTERN_CONFIG or --config.

store:
  url: postgresql://postgres:\${file:secrets/${passwordFile}}@127.0.0.1:${postgres}/${storeDatabase}

sealing_keys:
  - id: demo
    key: \${file:secrets/${sealingKeyFile}}

public:
  host: ${publicHost}
  port: ${gate}

backends:
  ${backendName}: # its database ${geographyDatabase} is the account's
    host: 127.0.0.1
    port: ${postgres}
    tls: disable # never leaves this machine
    admin:
      user: postgres
      password: \${file:secrets/${passwordFile}}

gate:
  listen: 127.0.0.1:${gate}
  certificate_file: authority/server.crt
  key_file: authority/server.key
  client_ca_file: authority/client_ca.pem
  drain_timeout: 1s # Ctrl-C should not have to wait for long

console:
  listen: 127.0.0.1:${console}
  admin_token: \${file:secrets/${adminTokenFile}}

authority:
  certificate_file: authority/client_ca.pem
  key_file: authority/client_ca.key
  server_ca_file: authority/server_ca.pem

telemetry:
  listen: 127.0.0.1:0 # any free port
`;

export const writeConfiguration = async (place: Place, ports: DemoPorts): Promise<void> => {
  await keepSecret(place, sealingKeyFile, () => randomBytes(32).toString('base64'));
  await keepAdminToken(place);
  await writeWhole(place.configuration, build(ports), 0o600);
};
