/**
 * An account on a database of its own, with an owner role, some tables and an admin connection; everything that was
 * made, roles included, is gone afterwards. `admin: 'createrole'` is the weaker of the two admins that are supported.
 */

import pg from 'pg';
import { type Grant, parseGrants } from '../../src/policy/grants.ts';
import { openDatabase } from '../../src/postgres/database.ts';
import { quoteIdentifier as q, quoteLiteral } from '../../src/postgres/quote.ts';
import { type BackendAccount, prepareAccount } from '../../src/provision/account.ts';
import type { AdminDatabase } from '../../src/provision/admin.ts';
import { type KeyRole, provisionRole } from '../../src/provision/scoped-role.ts';
import { buildScramVerifier } from '../../src/provision/verifier.ts';
import { withBackendLock } from '../../src/store/locks.ts';
import { createDatabase, runAsSuperuser, uniqueName } from '../support/postgres.ts';

export type AdminKind = 'superuser' | 'createrole';

export interface BackendFixture {
  readonly account: BackendAccount;
  /** Admin connections to the account's database. */
  readonly admin: AdminDatabase;
  readonly adminUrl: string;
  /** Runs statements as superuser in the account's database. */
  superuser(...statements: string[]): Promise<Record<string, unknown>[]>;
  /** Provisions a key's role with the password "secret"; returns the role's name. */
  provision(key: { kind?: KeyRole['kind']; grants?: readonly string[]; roleName?: string }): Promise<string>;
  /** A customer's connection as this role, closed at the end. */
  login(roleName: string, database?: string): Promise<pg.Client>;
  /** Runs `work` with admin connections that are made from now on. */
  withNewAdmin<T>(work: (admin: AdminDatabase) => Promise<T>): Promise<T>;
  /** Everything that the catalogs say about this role's existence, attributes, memberships and rights. */
  snapshot(roleName: string): Promise<unknown>;
}

export interface BackendFixtureOptions {
  readonly admin?: AdminKind;
  /** Appended to the account's name, the database's roles and schema, to try out hostile names. */
  readonly oddity?: string;
}

/** With the settings of database and role in force, which Postern's own connections do without. */
export const connectAsCustomer = async (url: string): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
};

const urlFor = (url: string, user: string, password: string): string => {
  const changed = new URL(url);
  changed.username = encodeURIComponent(user);
  changed.password = encodeURIComponent(password);
  return changed.href;
};

/** Works alone by a lock that is, as with the store's, in another database. */
export const openAdminAt = (url: string): AdminDatabase => {
  const options = { url, applicationName: 'provision test' };
  const admin = openDatabase(options);
  // Never used but for `connection`, which is not the pool's: nothing to close.
  const elsewhere = openDatabase({ ...options, url: inMaintenance(url) });
  const place = { backend: 'b1', database: new URL(url).pathname };
  return { ...admin, alone: (fn) => withBackendLock(elsewhere, place, () => admin.transaction(fn)) };
};

export async function withBackend<T>(
  work: (backend: BackendFixture) => Promise<T>,
  { admin: adminKind = 'superuser', oddity = '' }: BackendFixtureOptions = {},
): Promise<T> {
  const database = await createDatabase();
  const name = uniqueName('acc') + oddity;
  const ownerRole = `${name}_owner`;
  const adminRole = `${name}_admin`;
  const account: BackendAccount = { name, database: database.name, ownerRole };
  const superuser = (...statements: string[]) => runAsSuperuser(database.url, ...statements);
  // Before PostgreSQL 15 the schema public belongs to whoever made the cluster, not to whoever owns the database.
  const [{ old } = {}] = await superuser("SELECT current_setting('server_version_num')::int < 150000 AS old");
  await superuser(
    `CREATE ROLE ${q(ownerRole)} NOLOGIN`,
    `CREATE ROLE ${q(adminRole)} LOGIN CREATEROLE PASSWORD ${quoteLiteral(buildScramVerifier('secret'))}`,
    `GRANT ${q(ownerRole)} TO ${q(adminRole)} WITH ADMIN OPTION`,
    `ALTER DATABASE ${q(database.name)} OWNER TO ${q(ownerRole)}`,
    ...(old ? [`ALTER SCHEMA public OWNER TO ${q(ownerRole)}`] : []),
    `SET ROLE ${q(ownerRole)}`,
    'CREATE SCHEMA gis',
    'CREATE TABLE public.roads (id serial PRIMARY KEY, name text)',
    "INSERT INTO public.roads (name) VALUES ('A1')",
    'CREATE TABLE public.secrets (id int)',
    'CREATE TABLE gis.parks (id int GENERATED ALWAYS AS IDENTITY, name text)',
    'CREATE VIEW gis.park_names AS SELECT name FROM gis.parks',
    'RESET ROLE',
    'CREATE SCHEMA foreign_land',
    'CREATE TABLE foreign_land.gold (id int)',
    'CREATE TABLE gis.not_ours (id int)',
  );
  const adminUrl = adminKind === 'superuser' ? database.url : urlFor(database.url, adminRole, 'secret');
  const openAdmin = () => openAdminAt(adminUrl);
  const admin = openAdmin();
  const connections: pg.Client[] = [];
  let made = 0;
  const fixture: BackendFixture = {
    account,
    admin,
    adminUrl,
    superuser,
    provision: async ({ kind = 'regular', grants = [], roleName }) => {
      made += 1;
      const role = roleName ?? `postern_${name}_${String(made).padStart(4, '0')}`;
      const parsed: readonly Grant[] = parseGrants(grants);
      const verifier = buildScramVerifier('secret');
      await provisionRole(admin, account, { kind, roleName: role, grants: parsed, verifier });
      return role;
    },
    login: async (roleName, other = database.name) => {
      const url = new URL(urlFor(database.url, roleName, 'secret'));
      url.pathname = `/${other}`;
      const connection = await connectAsCustomer(url.href);
      connections.push(connection);
      return connection;
    },
    withNewAdmin: async (work) => {
      const newAdmin = openAdmin();
      try {
        return await work(newAdmin);
      } finally {
        await newAdmin.close();
      }
    },
    snapshot: (roleName) => superuser(snapshotSql(roleName)),
  };
  try {
    await prepareAccount(admin, account);
    return await work(fixture);
  } finally {
    await Promise.all(connections.map((connection) => connection.end().catch(() => undefined)));
    await admin.close();
    await database.drop();
    const roles = await runAsSuperuser(
      inMaintenance(database.url),
      `SELECT rolname::text FROM pg_roles WHERE rolname LIKE '%' || replace(${quoteLiteral(uniquePart(name, oddity))}, '_', '\\_') || '%'`,
    );
    // In one statement: they have granted each other memberships.
    await runAsSuperuser(
      inMaintenance(database.url),
      `DROP ROLE ${roles.map(({ rolname }) => q(String(rolname))).join(', ')}`,
    );
  }
}

const uniquePart = (name: string, oddity: string): string => name.slice(0, name.length - oddity.length);

const inMaintenance = (url: string): string => {
  const changed = new URL(url);
  changed.pathname = '/postgres';
  return changed.href;
};

const snapshotSql = (roleName: string): string => `
  SELECT json_build_object(
    'role', (SELECT to_jsonb(r) - 'oid' FROM pg_roles r WHERE r.oid = me.oid),
    'comment', shobj_description(me.oid, 'pg_authid'),
    'memberOf', (SELECT json_agg(to_jsonb(m) - 'oid' ORDER BY m.roleid, m.grantor)
                   FROM pg_auth_members m WHERE m.member = me.oid),
    'settings', (SELECT json_agg(s.setdatabase::text || s.setconfig::text ORDER BY 1)
                   FROM pg_db_role_setting s WHERE s.setrole = me.oid),
    'databases', (SELECT json_agg(d.datname || a.privilege_type || a.is_grantable ORDER BY 1)
                    FROM pg_database d, aclexplode(d.datacl) a WHERE a.grantee = me.oid),
    'members', (SELECT json_agg(m.member ORDER BY m.member) FROM pg_auth_members m WHERE m.roleid = me.oid),
    'relations', (SELECT json_agg(c.oid::regclass::text || a.privilege_type ORDER BY 1)
                    FROM pg_class c, aclexplode(c.relacl) a WHERE a.grantee = me.oid),
    'schemas', (SELECT json_agg(n.nspname || a.privilege_type ORDER BY 1)
                  FROM pg_namespace n, aclexplode(n.nspacl) a WHERE a.grantee = me.oid),
    'defaults', (SELECT json_agg(d.defaclrole::regrole::text || d.defaclobjtype::text || a.privilege_type ORDER BY 1)
                   FROM pg_default_acl d, aclexplode(d.defaclacl) a WHERE a.grantee = me.oid)) AS state
    FROM pg_roles me WHERE me.rolname = ${quoteLiteral(roleName)}`;
