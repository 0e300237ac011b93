/**
 * Each backend twice: as the gate reaches it, and as control does with its admin login; there its rights, the server's
 * settings, and the owner roles and databases of the accounts. Changes nothing.
 */

import { openBackend } from '../../compose/backend-admin.ts';
import type { BackendConfig } from '../../config/backend.ts';
import type { Config } from '../../config/config.ts';
import { messageOf } from '../../errors.ts';
import type { Database } from '../../postgres/database.ts';
import { checkOwner } from '../../provision/owner.ts';
import type { Account } from '../../store/accounts.ts';
import { checkLines, judgeHosts, judgeTimeouts, lookAtHosts } from './backend-hosts.ts';
import { type Finding, failed, guarded, ok, Stuck, warning } from './finding.ts';
import { judgeVersion } from './version.ts';

interface ServerFacts {
  readonly login: string;
  readonly superuser: boolean;
  readonly createsRoles: boolean;
  readonly passwordEncryption: string;
  readonly connections: number;
}

const factsText = `
  SELECT session_user::text AS login, rolsuper AS superuser, rolcreaterole AS "createsRoles",
    current_setting('password_encryption') AS "passwordEncryption",
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
      - COALESCE(current_setting('reserved_connections', true)::int, 0) AS connections
  FROM pg_roles WHERE rolname = session_user`;

const judgeServer = (check: string, facts: ServerFacts, sessions: number): Finding[] => {
  const { login, superuser, createsRoles, passwordEncryption, connections } = facts;
  const capacity = `${connections} connections for everybody, and limits.sessions is ${sessions}.`;
  return [
    superuser || createsRoles
      ? ok(`${check} admin`, `"${login}" ${superuser ? 'is a superuser' : 'may create roles'}.`)
      : failed(
          `${check} admin`,
          `"${login}" may not create roles.`,
          `Run ALTER ROLE "${login}" CREATEROLE as superuser.`,
        ),
    passwordEncryption === 'scram-sha-256'
      ? ok(`${check} password_encryption`, 'scram-sha-256.')
      : warning(
          `${check} password_encryption`,
          `${passwordEncryption}: passwords that roles give themselves are kept as weak hashes.`,
          "Run ALTER SYSTEM SET password_encryption = 'scram-sha-256', then SELECT pg_reload_conf().",
        ),
    connections > sessions
      ? ok(`${check} max_connections`, capacity)
      : warning(`${check} max_connections`, capacity, 'Raise max_connections or lower limits.sessions.'),
  ];
};

const checkDatabase = async (check: string, admin: Database, database: string): Promise<Finding> => {
  const { rows } = await admin.query<{ open: boolean }>(
    `SELECT has_database_privilege('public', oid, 'CONNECT') AS open FROM pg_database WHERE datname = $1`,
    [database],
  );
  const [found] = rows;
  const name = `${check} database ${database}`;
  if (!found) return failed(name, 'It does not exist.', 'Create it, or delete its account.');
  if (!found.open) return ok(name, 'Closed to PUBLIC.');
  return failed(
    name,
    'Every role of the server may connect to it.',
    `Run \`postern reconcile\`, or REVOKE CONNECT ON DATABASE "${database}" FROM PUBLIC.`,
  );
};

const checkAccount = (check: string, admin: Database, account: Account): Promise<readonly Finding[]> => {
  const name = `${check} account ${account.name}`;
  return guarded(name, null, async () => {
    await admin.transaction((tx) => checkOwner(tx, account));
    const owner = ok(name, `The admin may act as "${account.ownerRole}" and hand it out.`);
    return [owner, await checkDatabase(check, admin, account.database)];
  });
};

const examineAsAdmin = async (
  config: Config,
  check: string,
  backend: BackendConfig,
  database: string,
  accounts: readonly Account[],
): Promise<readonly Finding[]> => {
  const admin = await openBackend(config, backend.name, database);
  try {
    const findings = [await judgeVersion(`${check} server`, admin)];
    const { rows } = await admin.query<ServerFacts>(factsText);
    for (const facts of rows) findings.push(...judgeServer(check, facts, config.limits.sessions));
    for (const account of accounts) findings.push(...(await checkAccount(check, admin, account)));
    return findings;
  } catch (error) {
    throw new Stuck(check, `The backend stopped answering: ${messageOf(error)}`, 'Try again.');
  } finally {
    await admin.close();
  }
};

const examineBackend = async (
  config: Config,
  backend: BackendConfig,
  accounts: readonly Account[] | null,
): Promise<readonly Finding[]> => {
  const check = `backend ${backend.name}`;
  const lines = [...(await checkLines(backend))];
  if (lines.every(({ outcome }) => outcome === 'failed')) return lines;
  const timeouts = judgeTimeouts(backend, config.gate?.loginTimeoutMs);
  if (timeouts) lines.push(timeouts);
  if (backend.admin === null) {
    return [
      ...lines,
      ok(`${check} admin`, 'No admin login: right for a gate, too little for console and control.'),
    ];
  }
  const unknown =
    accounts === null
      ? [warning(`${check} accounts`, 'They are not known without the store.', 'Put the store right first.')]
      : [];
  const own = (accounts ?? []).filter((account) => account.backend === backend.name);
  // One that is there for certain, if the accounts are: the admin may have no other.
  const database = own.find(({ status }) => status === 'active')?.database ?? 'postgres';
  const seen = await lookAtHosts(backend, backend.admin, database);
  // Whom no host lets in is told by the next check why.
  if (seen.some(({ role }) => role !== null)) lines.push(judgeHosts(backend, seen));
  const advice = `Check backends.${backend.name}.admin.`;
  const rest = await guarded(`${check} admin`, advice, () =>
    examineAsAdmin(config, check, backend, database, own),
  );
  return [...lines, ...rest, ...unknown];
};

/** @param accounts null: the store could not be asked */
export const examineBackends = async (
  config: Config,
  accounts: readonly Account[] | null,
): Promise<readonly Finding[]> => {
  const backends = [...config.backends.values()];
  const findings = await Promise.all(backends.map((backend) => examineBackend(config, backend, accounts)));
  const astray = (accounts ?? []).filter((account) => !config.backends.has(account.backend));
  return [
    ...findings.flat(),
    ...astray.map(({ name, backend }) =>
      failed(`account ${name}`, `Its backend "${backend}" is not configured.`, `Add backends.${backend}.`),
    ),
  ];
};
