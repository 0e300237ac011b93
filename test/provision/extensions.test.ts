import { describe, expect, it } from 'vitest';
import { parseGrants } from '../../src/policy/grants.ts';
import { setRoleGrants } from '../../src/provision/scoped-role.ts';
import { type AdminKind, type BackendFixture, withBackend } from './backend-fixture.ts';

/** What PostGIS in a schema `postgis` does, without PostGIS: a type, and functions that clients call by name. */
const install = async ({ superuser, account }: BackendFixture, ...more: string[]) => {
  await superuser(
    `CREATE SCHEMA kinds AUTHORIZATION "${account.ownerRole}"`,
    'CREATE EXTENSION citext SCHEMA kinds',
    `ALTER DATABASE "${account.database}" SET search_path = public, kinds`,
    `SET ROLE "${account.ownerRole}"`,
    'CREATE TABLE gis.towns (name kinds.citext)',
    "INSERT INTO gis.towns VALUES ('Ulm')",
    ...more,
  );
};
const matching = "SELECT name::text FROM gis.towns WHERE citext_eq(name, 'ulm')";
const unknownFunction = { code: '42883' };

describe.each<AdminKind>(['superuser', 'createrole'])('with a %s as admin', (admin) => {
  it.each([
    ['a table', 'select on gis.towns'],
    ['all tables of a schema', 'select on all in gis'],
  ])('a key with grants on %s works with an extension in a schema of its own', (_, grant) =>
    withBackend(
      async (backend) => {
        await install(backend);
        const key = await backend.login(await backend.provision({ grants: [grant] }));
        expect((await key.query(matching)).rows).toEqual([{ name: 'Ulm' }]);
      },
      { admin },
    ),
  );

  it('what is public in the account works with it for every key', () =>
    withBackend(
      async (backend) => {
        await install(backend);
        await backend.provision({ kind: 'default_public', grants: ['select on gis.towns'] });
        const key = await backend.login(await backend.provision({ grants: [] }));
        expect((await key.query(matching)).rows).toEqual([{ name: 'Ulm' }]);
      },
      { admin },
    ));
});

it('a key that loses its last grant is let into no extension any more', () =>
  withBackend(async (backend) => {
    await install(backend);
    const roleName = await backend.provision({ grants: ['select on gis.towns'] });
    const key = await backend.login(roleName);
    await key.query(matching);
    await setRoleGrants(backend.admin, backend.account, {
      kind: 'regular',
      roleName,
      grants: parseGrants([]),
    });
    await expect(key.query("SELECT citext_eq('a', 'A')")).rejects.toMatchObject(unknownFunction);
  }));

it.each([
  ['tables', 'CREATE TABLE kinds.payroll (id int)'],
  ['functions', 'CREATE FUNCTION kinds.payroll() RETURNS int SECURITY DEFINER LANGUAGE sql RETURN 1'],
])('a schema with %s of the account beside the extension stays closed to other grants', (_, statement) =>
  withBackend(async (backend) => {
    await install(backend, statement);
    const key = await backend.login(await backend.provision({ grants: ['select on gis.towns'] }));
    await expect(key.query(matching)).rejects.toMatchObject(unknownFunction);
    await expect(key.query('SELECT kinds.payroll()')).rejects.toMatchObject({ code: '42501' });
  }),
);

it('an extension in a schema of somebody else is left to them', () =>
  withBackend(async (backend) => {
    await backend.superuser('CREATE EXTENSION citext SCHEMA foreign_land');
    const key = await backend.login(await backend.provision({ grants: ['select on public.roads'] }));
    await expect(key.query("SELECT foreign_land.citext_eq('a', 'A')")).rejects.toMatchObject({
      code: '42501',
    });
  }));
