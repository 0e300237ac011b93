import { describe, expect, it } from 'vitest';
import { RequestError } from '../../src/errors.ts';
import { parseGrants } from '../../src/policy/grants.ts';
import { publicRoleOf } from '../../src/provision/account.ts';
import { checkRoleGrants, setRoleGrants } from '../../src/provision/scoped-role.ts';
import { type AdminKind, type BackendFixture, withBackend } from './backend-fixture.ts';

const insufficient = { code: '42501' };

const setGrants = (backend: BackendFixture, roleName: string, ...grants: string[]) =>
  setRoleGrants(backend.admin, backend.account, { kind: 'regular', roleName, grants: parseGrants(grants) });

describe.each<AdminKind>(['superuser', 'createrole'])('with a %s as admin', (admin) => {
  it('a read-only key selects what it was granted and nothing else', () =>
    withBackend(
      async (backend) => {
        const key = await backend.login(await backend.provision({ grants: ['select on public.roads'] }));
        expect((await key.query('SELECT name FROM public.roads')).rows).toEqual([{ name: 'A1' }]);
        for (const statement of [
          'SELECT * FROM public.secrets',
          'SELECT * FROM gis.parks',
          'SELECT * FROM foreign_land.gold',
          "INSERT INTO public.roads (name) VALUES ('x')",
          "UPDATE public.roads SET name = 'x'",
          'DELETE FROM public.roads',
          'TRUNCATE public.roads',
          'DROP TABLE public.roads',
          'CREATE TABLE mine (id int)',
          'CREATE TABLE gis.mine (id int)',
          'CREATE SCHEMA mine',
          'CREATE ROLE mine',
          `SET ROLE "${backend.account.ownerRole}"`,
        ]) {
          await expect(key.query(statement), statement).rejects.toMatchObject(insufficient);
        }
      },
      { admin },
    ));

  it('insert works on serial and on identity columns', () =>
    withBackend(
      async (backend) => {
        const grants = ['select,insert on public.roads', 'select,insert on gis.parks'];
        const key = await backend.login(await backend.provision({ grants }));
        await key.query("INSERT INTO public.roads (name) VALUES ('B2')");
        await key.query("INSERT INTO gis.parks (name) VALUES ('green')");
        expect((await key.query('SELECT id FROM public.roads ORDER BY id')).rows).toEqual([
          { id: 1 },
          { id: 2 },
        ]);
        await expect(key.query("SELECT setval('public.roads_id_seq', 99)")).rejects.toMatchObject(
          insufficient,
        );
      },
      { admin },
    ));

  it('a schema grant covers present and future tables, but not those of others', () =>
    withBackend(
      async (backend) => {
        const key = await backend.login(await backend.provision({ grants: ['select,insert on all in gis'] }));
        await backend.superuser(
          `SET ROLE "${backend.account.ownerRole}"`,
          'CREATE TABLE gis.later (id serial, name text)',
          'CREATE TABLE public.later (id int)',
        );
        expect((await key.query('SELECT * FROM gis.park_names')).rows).toEqual([]);
        await key.query("INSERT INTO gis.later (name) VALUES ('new')");
        expect((await key.query('SELECT * FROM gis.later')).rows).toEqual([{ id: 1, name: 'new' }]);
        await expect(key.query('SELECT * FROM public.later')).rejects.toMatchObject(insufficient);
        await expect(key.query('SELECT * FROM gis.not_ours')).rejects.toMatchObject(insufficient);
      },
      { admin },
    ));

  it('editing grants takes the old ones away, future tables included', () =>
    withBackend(
      async (backend) => {
        const role = await backend.provision({
          grants: ['all on public.roads', 'select,insert on all in gis', 'create in gis'],
        });
        const key = await backend.login(role);
        await setGrants(backend, role, 'select on public.secrets');
        await backend.superuser(
          `SET ROLE "${backend.account.ownerRole}"`,
          'CREATE TABLE gis.later (id serial)',
        );
        await key.query('SELECT * FROM public.secrets');
        for (const statement of [
          'SELECT * FROM public.roads',
          "SELECT nextval('public.roads_id_seq')",
          'SELECT * FROM gis.parks',
          'SELECT * FROM gis.later',
          'CREATE TABLE gis.mine (id int)',
        ]) {
          await expect(key.query(statement), statement).rejects.toMatchObject(insufficient);
        }
      },
      { admin },
    ));

  it('a master key reads and writes everything of its account, and what it creates belongs to the owner', () =>
    withBackend(
      async (backend) => {
        const key = await backend.login(await backend.provision({ kind: 'master' }));
        await key.query('CREATE TABLE gis.made_by_master (id int)');
        await key.query('SELECT * FROM public.secrets');
        const { rows } = await key.query(
          "SELECT tableowner::text AS owner, current_user::text AS me FROM pg_tables WHERE tablename = 'made_by_master'",
        );
        expect(rows).toEqual([{ owner: backend.account.ownerRole, me: backend.account.ownerRole }]);
        await expect(key.query('SELECT * FROM foreign_land.gold')).rejects.toMatchObject(insufficient);
      },
      { admin },
    ));

  it("what a key with a create grant creates is the account's too, and its schema readers' from then on", () =>
    withBackend(
      async (backend) => {
        const early = await backend.login(await backend.provision({ grants: ['select on all in gis'] }));
        const maker = await backend.login(await backend.provision({ grants: ['create in gis'] }));
        const late = await backend.login(await backend.provision({ grants: ['select on all in gis'] }));
        const master = await backend.login(await backend.provision({ kind: 'master' }));
        await maker.query('CREATE TABLE gis.upload (id serial)');
        for (const reader of [early, late, master]) {
          expect((await reader.query('SELECT * FROM gis.upload')).rows).toEqual([]);
        }
        await master.query('ALTER TABLE gis.upload ADD COLUMN note text');
        await backend.provision({ grants: ['select on gis.upload'] });
        await expect(maker.query('SELECT * FROM gis.parks')).rejects.toMatchObject(insufficient);
      },
      { admin },
    ));

  it('public grants reach every regular key, and a default_public key has only those', () =>
    withBackend(
      async (backend) => {
        const regular = await backend.login(await backend.provision({ grants: ['select on gis.parks'] }));
        const anybody = await backend.login(
          await backend.provision({ kind: 'default_public', grants: ['select on public.roads'] }),
        );
        await regular.query('SELECT * FROM public.roads, gis.parks');
        await anybody.query('SELECT * FROM public.roads');
        await expect(anybody.query('SELECT * FROM gis.parks')).rejects.toMatchObject(insufficient);
      },
      { admin },
    ));

  it('provisioning twice changes nothing', () =>
    withBackend(
      async (backend) => {
        const grants = ['all on public.roads', 'select,insert on all in gis', 'create in gis'];
        const role = await backend.provision({ grants });
        const before = await backend.snapshot(role);
        await backend.provision({ grants, roleName: role });
        expect(await backend.snapshot(role)).toEqual(before);
        const master = await backend.provision({ kind: 'master' });
        const masterBefore = await backend.snapshot(master);
        await backend.provision({ kind: 'master', roleName: master });
        expect(await backend.snapshot(master)).toEqual(masterBefore);
      },
      { admin },
    ));
});

it('the role has no attribute but LOGIN, and the backend never saw its password', () =>
  withBackend(async (backend) => {
    const role = await backend.provision({});
    expect(
      await backend.superuser(
        `SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS powerful,
                rolcanlogin AS login, rolpassword LIKE 'SCRAM-SHA-256$4096:%' AS verifier
           FROM pg_authid WHERE rolname = '${role}'`,
      ),
    ).toEqual([{ powerful: false, login: true, verifier: true }]);
  }));

it.each([
  [['select on gis.nothing'], 'the table "gis"."nothing" does not exist'],
  [['select on nowhere.roads'], 'the schema "nowhere" does not exist'],
  [['select on gis.not_ours'], 'the table "gis"."not_ours" does not belong to the account'],
  [['select on foreign_land.gold'], '"foreign_land" does not belong to the account'],
  [['select on all in foreign_land'], '"foreign_land" does not belong to the account'],
  [['create in foreign_land'], '"foreign_land" does not belong to the account'],
  [['select on pg_catalog.pg_authid'], 'the schema "pg_catalog" does not exist'],
])('refuses %j and leaves nothing behind', (grants, problem) =>
  withBackend(async (backend) => {
    const roleName = `postern_${backend.account.name}_refused`;
    await expect(backend.provision({ grants, roleName })).rejects.toThrow(RequestError);
    await expect(backend.provision({ grants, roleName })).rejects.toThrow(problem);
    expect(await backend.snapshot(roleName)).toEqual([]);
  }),
);

it('names all problems of all grants at once', () =>
  withBackend(async (backend) => {
    const attempt = checkRoleGrants(backend.admin, backend.account, {
      kind: 'regular',
      grants: parseGrants(['select on gis.nothing', 'create in foreign_land', 'select on public.roads']),
    });
    await expect(attempt).rejects.toThrow(/"foreign_land" does not belong.*"gis"\."nothing" does not exist/);
    await expect(attempt).rejects.not.toThrow('roads');
  }));

it('an account that may select but not grant cannot grant, though PostgreSQL would only warn', () =>
  withBackend(async (backend) => {
    await backend.superuser(
      `GRANT USAGE ON SCHEMA foreign_land TO "${backend.account.ownerRole}" WITH GRANT OPTION`,
      `GRANT SELECT ON foreign_land.gold TO "${backend.account.ownerRole}"`,
    );
    const grants = ['select on foreign_land.gold'];
    await expect(backend.provision({ grants })).rejects.toThrow('does not belong to the account');
    await backend.superuser(
      `GRANT SELECT ON foreign_land.gold TO "${backend.account.ownerRole}" WITH GRANT OPTION`,
    );
    const role = await backend.provision({ grants });
    await (await backend.login(role)).query('SELECT * FROM foreign_land.gold');
    await expect(backend.provision({ grants: ['select, insert on foreign_land.gold'] })).rejects.toThrow(
      'the account itself may not grant insert on "foreign_land"."gold"',
    );
    await setGrants(backend, role);
    expect(await backend.snapshot(role)).toMatchObject([{ state: { relations: null, schemas: null } }]);
  }));

it('a role of the same name that is not Postern’s is left alone', () =>
  withBackend(async (backend) => {
    const roleName = `${backend.account.name}_somebody`;
    await backend.superuser(`CREATE ROLE "${roleName}"`);
    await expect(backend.provision({ roleName })).rejects.toThrow('is not Postern’s'.replace('’', "'"));
    await expect(setGrants(backend, publicRoleOf({ ...backend.account, name: 'none' }))).rejects.toThrow(
      'is gone',
    );
  }));

it('rights that were given by hand are taken away as well', () =>
  withBackend(async (backend) => {
    const role = await backend.provision({});
    await backend.superuser(
      `GRANT ALL ON foreign_land.gold TO "${role}" WITH GRANT OPTION`,
      `GRANT SELECT (name) ON public.roads TO "${role}"`,
      `GRANT USAGE ON SCHEMA foreign_land TO "${role}"`,
      `ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO "${role}"`,
    );
    await setGrants(backend, role);
    expect(await backend.snapshot(role)).toMatchObject([
      { state: { relations: null, schemas: null, defaults: null } },
    ]);
    const key = await backend.login(role);
    await expect(key.query('SELECT name FROM public.roads')).rejects.toMatchObject(insufficient);
  }));

it('grants of several keys on the same tables can be set at once', () =>
  withBackend(async (backend) => {
    const grants = ['all on public.roads', 'select,insert on all in gis'];
    const roles = await Promise.all(Array.from({ length: 6 }, () => backend.provision({ grants })));
    await Promise.all(roles.map((role) => setGrants(backend, role, 'select on all in gis')));
  }));
