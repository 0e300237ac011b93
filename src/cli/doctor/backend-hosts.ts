/**
 * The hosts of a backend one by one: whether each can be reached, and whether what is asked for is among them, primary
 * or standby. That a server tells its role takes the admin login.
 */

import { adminOptions } from '../../compose/backend-admin.ts';
import { loadBackendHosts } from '../../compose/backend-hosts.ts';
import type { BackendConfig } from '../../config/backend.ts';
import { messageOf, Refusal } from '../../errors.ts';
import { dial } from '../../gate/backend/dial.ts';
import { type Place, placeText } from '../../place.ts';
import { openDatabase } from '../../postgres/database.ts';
import { roleOf, type ServerRole } from '../../postgres/primary.ts';
import { type Finding, failed, ok, warning } from './finding.ts';

/** `backend main`, and where there are several hosts, `backend main host db1:5432`. */
const checkOf = ({ name, hosts }: BackendConfig, place: Place): string =>
  hosts.length === 1 ? `backend ${name}` : `backend ${name} host ${placeText(place)}`;

const checkLine = async (backend: BackendConfig, index: number): Promise<Finding> => {
  const place = backend.hosts[index] ?? backend.hosts[0];
  const check = checkOf(backend, place);
  const how = backend.tls === 'disable' ? 'without TLS' : `with TLS (${backend.tls})`;
  const seen = (outcome: string) => `${placeText(place)} ${outcome} ${how}`;
  try {
    const host = (await loadBackendHosts(backend))[index];
    if (host) (await dial(host, AbortSignal.timeout(backend.connectTimeoutMs))).socket.destroy();
    return ok(check, `${seen('can be reached')}.`);
  } catch (error) {
    const because = messageOf(error instanceof Refusal ? (error.cause ?? error) : error).replace(/\.$/, '');
    const settings = `backends.${backend.name}`;
    return failed(
      check,
      `${seen('cannot be reached')}: ${because}.`,
      `Check ${settings}.host, port, tls and ca_file, and the server.`,
    );
  }
};

/** One finding for each host, in their order. */
export const checkLines = (backend: BackendConfig): Promise<readonly Finding[]> =>
  Promise.all(backend.hosts.map((_, index) => checkLine(backend, index)));

export interface SeenHost {
  readonly place: string;
  /** null: it does not say. */
  readonly role: ServerRole | null;
}

/** What each host is. */
export const lookAtHosts = async (
  backend: BackendConfig,
  admin: NonNullable<BackendConfig['admin']>,
  database: string,
): Promise<readonly SeenHost[]> => {
  const each = await adminOptions(backend, admin, database);
  return Promise.all(
    backend.hosts.map(async (host, index) => {
      const place = placeText(host);
      const options = each[index];
      if (!options) return { place, role: null };
      const server = openDatabase(options);
      try {
        return { place, role: await roleOf(server) };
      } catch {
        return { place, role: null };
      } finally {
        await server.close();
      }
    }),
  );
};

const sentenceOf = (hosts: readonly SeenHost[]): string =>
  `${hosts
    .map(({ place, role }) => {
      if (role === null) return `${place} does not say`;
      return role === 'primary' ? `${place} is the primary` : `${place} is a standby`;
    })
    .join(', ')}.`;

/** Whether sessions and roles find the host that they need. Pure. */
export const judgeHosts = (
  { name, targetSessionAttrs }: Pick<BackendConfig, 'name' | 'targetSessionAttrs'>,
  hosts: readonly SeenHost[],
): Finding => {
  const check = `backend ${name} hosts`;
  const seen = sentenceOf(hosts);
  const count = (wanted: ServerRole | null) => hosts.filter(({ role }) => role === wanted).length;
  if (count('primary') > 1) {
    const advice = 'One cluster has one primary: what is another cluster is another backend.';
    return failed(check, seen, advice);
  }
  if (targetSessionAttrs === 'standby' && count('standby') === 0) {
    return failed(check, seen, 'Sessions are for a standby, and there is none: see target_session_attrs.');
  }
  if (count('primary') === 0) {
    const advice = `Roles are created on the primary: add it to backends.${name}.host${
      targetSessionAttrs === 'standby' ? '; no session is opened there' : ''
    }.`;
    return failed(check, seen, advice);
  }
  return count(null) === 0 ? ok(check, seen) : warning(check, seen, 'Look at its line above.');
};

/** null: a login always has time to try every host. */
export const judgeTimeouts = (
  { name, hosts, connectTimeoutMs }: BackendConfig,
  loginTimeoutMs: number | undefined,
): Finding | null => {
  const allMs = hosts.length * connectTimeoutMs;
  if (hosts.length === 1 || loginTimeoutMs === undefined || allMs < loginTimeoutMs) return null;
  return warning(
    `backend ${name} connect_timeout`,
    `To try all ${hosts.length} hosts may take ${allMs / 1000} s, and gate.login_timeout is ${loginTimeoutMs / 1000} s.`,
    `Lower backends.${name}.connect_timeout.`,
  );
};
