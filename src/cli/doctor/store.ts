/** The store: reachable, its clock and ours, the login's rights, the schema, and whether the sealed secrets open. Reads only. */

import type { Config } from '../../config/config.ts';
import { createSealer } from '../../control/seal.ts';
import { messageOf } from '../../errors.ts';
import { type Database, openDatabase } from '../../postgres/database.ts';
import { openReachable } from '../../postgres/reachable.ts';
import { type Account, listAccounts } from '../../store/accounts.ts';
import { requireMigrated } from '../../store/migrate.ts';
import { listSealedRoleSecrets } from '../../store/role-secrets.ts';
import { consoleRole, gateRole } from '../../store/roles.ts';
import { type Finding, failed, guarded, ok, Stuck, warning } from './finding.ts';
import { judgeVersion } from './version.ts';

export interface StoreExamined {
  readonly findings: readonly Finding[];
  /** null: the store could not be asked. */
  readonly accounts: readonly Account[] | null;
}

const optionsOf = ({ store: { url } }: Config) => ({
  url,
  applicationName: 'postern doctor',
  statementTimeoutMs: 10_000,
  maxConnections: 1,
});

/** @param offMs how far the two clocks are apart */
export const judgeClock = (offMs: number): Finding => {
  const seen = `This computer and the store are ${(offMs / 1000).toFixed(1)} s apart.`;
  const advice = 'Let both take their time from the same source (NTP).';
  if (offMs > 60_000) return failed('clock', seen, advice);
  return offMs > 5_000 ? warning('clock', seen, advice) : ok('clock', seen);
};

const checkClock = async (store: Database): Promise<Finding> => {
  const before = Date.now();
  const { rows } = await store.query<{ now: number }>(
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now',
  );
  const after = Date.now();
  return judgeClock(Math.abs((rows[0]?.now ?? 0) - (before + after) / 2));
};

/** An instance without console needs the rights of a gate only. */
const neededRoles = ({ gate, console, authority, backends }: Config): string[] => {
  const controls = console || authority || [...backends.values()].some(({ admin }) => admin !== null);
  return [...(gate ? [gateRole] : []), ...(controls ? [consoleRole] : [])];
};

/** @returns the first role that the login can work as */
const checkRoles = async (
  store: Database,
  needed: readonly string[],
): Promise<{ findings: readonly Finding[]; role: string | null }> => {
  const { rows } = await store.query<{ role: string; member: boolean | null; login: string }>(
    `SELECT needed AS role, pg_has_role(session_user, r.oid, 'MEMBER') AS member, session_user::text AS login
       FROM unnest($1::text[]) WITH ORDINALITY n (needed, place) LEFT JOIN pg_roles r ON r.rolname = needed
      ORDER BY place`,
    [needed],
  );
  const findings = rows.map(({ role, member, login }) => {
    const check = `store role ${role}`;
    if (member === null) return failed(check, 'There is no such role.', 'Run `postern migrate`.');
    if (member) return ok(check, `"${login}" is a member.`);
    return failed(check, `"${login}" is not a member.`, `Run GRANT ${role} TO "${login}".`);
  });
  return { findings, role: rows.find(({ member }) => member)?.role ?? null };
};

const checkSealedSecrets = async (store: Database, config: Config): Promise<Finding> => {
  const sealer = createSealer(config.sealingKeys);
  const secrets = await listSealedRoleSecrets(store);
  const problems = secrets.flatMap(({ id, sealed }) => {
    try {
      sealer.open(sealed, id);
      return [];
    } catch (error) {
      return [messageOf(error)];
    }
  });
  const [first] = problems;
  if (first === undefined) return ok('sealing_keys', `${secrets.length} sealed role passwords open.`);
  return failed(
    'sealing_keys',
    `${problems.length} of ${secrets.length} sealed role passwords do not open: ${first}`,
    'Put the sealing key that was used back into sealing_keys; `postern key rotate` makes a new password.',
  );
};

/** What can be read only with the rights of one of the store's roles. */
const examineContent = async (config: Config, role: string): Promise<StoreExamined> => {
  const store = openDatabase({ ...optionsOf(config), role });
  let accounts: readonly Account[] | null = null;
  try {
    const findings = await guarded('store schema', null, async () => {
      await requireMigrated(store);
      accounts = await listAccounts(store);
      const counted = ok('store schema', `Up to date; it has ${accounts.length} accounts.`);
      return [counted, await checkSealedSecrets(store, config)];
    });
    return { findings, accounts };
  } finally {
    await store.close();
  }
};

const examine = async (config: Config, store: Database): Promise<StoreExamined> => {
  const first = [await judgeVersion('store', store), await checkClock(store)];
  const { findings, role } = await checkRoles(store, neededRoles(config));
  if (role === null) return { findings: [...first, ...findings], accounts: null };
  const content = await examineContent(config, role);
  return { ...content, findings: [...first, ...findings, ...content.findings] };
};

export const examineStore = async (config: Config): Promise<StoreExamined> => {
  let accounts: readonly Account[] | null = null;
  const findings = await guarded('store', 'Check store.url and the server.', async () => {
    const store = await openReachable('The store', optionsOf(config));
    try {
      const examined = await examine(config, store);
      accounts = examined.accounts;
      return examined.findings;
    } catch (error) {
      // A statement that any login may run: what failed is the connection.
      throw new Stuck('store', `The store stopped answering: ${messageOf(error)}`, 'Try again.');
    } finally {
      await store.close();
    }
  });
  return { findings, accounts };
};
