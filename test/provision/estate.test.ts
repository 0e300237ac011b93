/**
 * What a key leaves behind: the account goes on with its tables, and its code has nobody's rights.
 */

import { describe, expect, it } from 'vitest';
import { dropAccount, prepareAccount, publicRoleOf } from '../../src/provision/account.ts';
import { estateRoleOf } from '../../src/provision/estate.ts';
import { revokeRole } from '../../src/provision/revoke.ts';
import { type AdminKind, type BackendFixture, withBackend } from './backend-fixture.ts';

const insufficient = { code: '42501' };

/** A key made these things, and was revoked. */
const leaveBehind = async (backend: BackendFixture, statements: string): Promise<string> => {
  const roleName = await backend.provision({ grants: ['create in gis'] });
  const key = await backend.login(roleName);
  await key.query(statements);
  await revokeRole(backend.admin, backend.account, { kind: 'regular', roleName }, { graceMs: 0 });
  expect(await backend.snapshot(roleName)).toEqual([]);
  return roleName;
};

describe.each<AdminKind>(['superuser', 'createrole'])('with a %s as admin', (admin) => {
  it('functions and views of a revoked key do not get the rights of the owner', () =>
    withBackend(
      async (backend) => {
        await backend.superuser('INSERT INTO public.secrets VALUES (42)');
        const reader = await backend.login(await backend.provision({ grants: ['select on all in gis'] }));
        const master = await backend.login(await backend.provision({ kind: 'master' }));
        await leaveBehind(
          backend,
          `CREATE FUNCTION gis.peek() RETURNS SETOF int LANGUAGE plpgsql SECURITY DEFINER
             AS $$ BEGIN RETURN QUERY SELECT id FROM public.secrets; END $$;
           CREATE PROCEDURE gis.rob() LANGUAGE sql SECURITY DEFINER
             AS 'DELETE FROM public.secrets';
           CREATE VIEW gis.peep AS SELECT * FROM public.secrets;
           CREATE TABLE gis.bait (id int);
           CREATE RULE also AS ON INSERT TO gis.bait DO ALSO DELETE FROM public.secrets;
           GRANT SELECT ON gis.peep TO PUBLIC;
           GRANT INSERT ON gis.bait TO PUBLIC`,
        );
        for (const statement of [
          'SELECT * FROM gis.peek()',
          'CALL gis.rob()',
          'SELECT * FROM gis.peep',
          'INSERT INTO gis.bait VALUES (1)',
        ]) {
          await expect(reader.query(statement), statement).rejects.toMatchObject(insufficient);
          await expect(master.query(statement), statement).rejects.toMatchObject(insufficient);
        }
        expect((await master.query('TABLE public.secrets')).rows).toEqual([{ id: 42 }]);
      },
      { admin },
    ));

  it('its tables are the account’s to read, to change, to grant and to drop', () =>
    withBackend(
      async (backend) => {
        const early = await backend.login(await backend.provision({ grants: ['select on all in gis'] }));
        const master = await backend.login(await backend.provision({ kind: 'master' }));
        await leaveBehind(
          backend,
          `CREATE TYPE gis.grade AS ENUM ('low', 'high');
           CREATE DOMAIN gis.short AS text CHECK (length(VALUE) < 9);
           CREATE TABLE gis.upload (id serial PRIMARY KEY, grade gis.grade, name gis.short);
           CREATE TABLE gis.detail (upload int REFERENCES gis.upload ON DELETE CASCADE);
           CREATE MATERIALIZED VIEW gis.names AS SELECT name FROM gis.upload;
           CREATE FUNCTION gis.twice(int) RETURNS int LANGUAGE sql AS 'SELECT 2 * $1';
           CREATE AGGREGATE gis.total (int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
           CREATE OPERATOR gis.@@@ (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl);
           CREATE COLLATION gis.plain (LOCALE = 'C');
           CREATE STATISTICS gis.stats ON id, grade FROM gis.upload;
           SELECT lo_from_bytea(0, 'x')`,
        );
        await master.query(`
          INSERT INTO gis.upload (grade, name) VALUES ('low', 'x');
          INSERT INTO gis.detail SELECT id FROM gis.upload;
          ALTER TABLE gis.upload ADD COLUMN note text;
          REFRESH MATERIALIZED VIEW gis.names;
          CREATE OR REPLACE FUNCTION gis.twice(int) RETURNS int LANGUAGE sql AS 'SELECT $1 + $1'`);
        expect((await early.query('SELECT name, gis.twice(id) FROM gis.upload')).rows).toEqual([
          { name: 'x', twice: 2 },
        ]);
        const role = await backend.provision({ grants: ['select,insert on gis.upload'] });
        const late = await backend.login(role);
        await late.query("INSERT INTO gis.upload (name) VALUES ('y')");
        await revokeRole(backend.admin, backend.account, { kind: 'regular', roleName: role }, { graceMs: 0 });
        await master.query(`
          DELETE FROM gis.upload;
          DROP MATERIALIZED VIEW gis.names;
          DROP TABLE gis.detail, gis.upload;
          DROP FUNCTION gis.twice(int);
          DROP AGGREGATE gis.total (int);
          DROP OPERATOR gis.@@@ (int, int);
          DROP COLLATION gis.plain;
          DROP DOMAIN gis.short;
          DROP TYPE gis.grade;
          SELECT lo_unlink(oid) FROM pg_largeobject_metadata`);
      },
      { admin },
    ));

  it('the estate can create nothing, log in nowhere and gets nothing by hand', () =>
    withBackend(
      async (backend) => {
        const { account, superuser, snapshot } = backend;
        await leaveBehind(backend, 'CREATE TABLE gis.one (id int)');
        await leaveBehind(backend, 'CREATE TABLE gis.two (id int)');
        const before = await snapshot(estateRoleOf(account));
        expect(before).toMatchObject([
          { state: { role: { rolcanlogin: false }, schemas: ['gisUSAGE'], memberOf: null } },
        ]);
        await superuser(
          `SET ROLE "${account.ownerRole}"`,
          `GRANT SELECT ON public.secrets TO "${estateRoleOf(account)}"`,
          `GRANT CREATE ON SCHEMA gis TO "${estateRoleOf(account)}"`,
        );
        await prepareAccount(backend.admin, account);
        expect(await snapshot(estateRoleOf(account))).toEqual(before);
      },
      { admin },
    ));

  it('goes with the account once it is empty, and stays as long as it is not', () =>
    withBackend(
      async (backend) => {
        const { account, superuser, snapshot } = backend;
        await leaveBehind(backend, 'CREATE TABLE gis.upload (id int); INSERT INTO gis.upload VALUES (7)');
        await superuser(`SET ROLE "${publicRoleOf(account)}"`, "SELECT lo_from_bytea(0, 'x')");
        await dropAccount(backend.admin, account);
        expect(await snapshot(publicRoleOf(account))).toEqual([]);
        expect(
          await superuser(
            `SET ROLE "${account.ownerRole}"`,
            'SELECT id, lo_get(oid) FROM gis.upload, pg_largeobject_metadata',
          ),
        ).toMatchObject([{ id: 7 }]);
        await dropAccount(backend.admin, account);
        await superuser(`REASSIGN OWNED BY "${estateRoleOf(account)}" TO "${account.ownerRole}"`);
        await prepareAccount(backend.admin, account);
        await dropAccount(backend.admin, account);
        expect(await snapshot(estateRoleOf(account))).toEqual([]);
      },
      { admin },
    ));
});
