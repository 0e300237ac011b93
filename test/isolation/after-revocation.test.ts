/** A key that prepares for its end: nothing of it outlives the revocation, and nothing keeps the revocation from ending. */

import { describe, expect, it } from 'vitest';
import { revokeKey } from '../../src/control/key-revocation.ts';
import { rotateRolePasswords } from '../../src/control/role-passwords.ts';
import { type AccountKey, outcomeOf } from './neighbours.ts';
import { neighboursUnderTest } from './under-test.ts';
import { versions } from './versions.ts';

describe.each(versions)('on $name', (version) => {
  const { missing } = version;
  const neighbours = neighboursUnderTest(version);
  const { superuser } = neighbours;

  const makerKey = (name: string) =>
    neighbours.newKey(name, ['select, insert on alpha_land.towns', 'create in alpha_workshop']);

  const expectGone = async ({ id, name, roleName, connect }: AccountKey): Promise<void> => {
    const { key, unfinished } = await revokeKey(neighbours.control, 'alpha', { id }, null);
    expect({ state: key.state, unfinished }, name).toEqual({ state: 'revoked', unfinished: null });
    await expect(connect()).rejects.toMatchObject({ code: '28P01' });
    expect(
      await superuser(
        `SELECT rolname::text AS left FROM pg_roles WHERE rolname = '${roleName}'
         UNION ALL SELECT gid FROM pg_prepared_xacts WHERE owner = '${roleName}'
         UNION ALL SELECT state FROM pg_stat_activity WHERE usename = '${roleName}'`,
      ),
    ).toEqual([]);
  };

  it.skipIf(missing)('prepared transactions of the key are rolled back', async () => {
    const key = await makerKey('preparer');
    const client = await key.connect();
    await client.query('BEGIN');
    await client.query("INSERT INTO alpha_land.towns (name) VALUES ('never')");
    await client.query('CREATE TABLE alpha_workshop.never (id int)');
    await client.query('LOCK TABLE alpha_land.towns IN ROW EXCLUSIVE MODE');
    await client.query("PREPARE TRANSACTION 'it''s mine'");
    await expectGone(key);
    expect(await superuser("SELECT to_regclass('alpha_workshop.never') AS never")).toEqual([{ never: null }]);
    expect(await superuser("SELECT FROM alpha_land.towns WHERE name = 'never'")).toEqual([]);
  });

  it.skipIf(missing)('a password that the key prepares to give itself does not keep it alive', async () => {
    const key = await makerKey('locker');
    const client = await key.connect();
    await client.query("ALTER ROLE CURRENT_USER PASSWORD 'mine'");
    const past = await neighbours.pastTheGate(key.roleName, 'mine');
    await client.query('BEGIN');
    await client.query("ALTER ROLE CURRENT_USER PASSWORD 'another'");
    await client.query("PREPARE TRANSACTION 'password'");
    await expectGone(key);
    expect(await outcomeOf(past, 'SELECT 1')).toHaveProperty('code');
    await expect(neighbours.pastTheGate(key.roleName, 'mine')).rejects.toMatchObject({ code: '28P01' });
  });

  it.skipIf(missing)('nor does one in a transaction that stays open past the gate', async () => {
    const key = await makerKey('sleeper');
    const client = await key.connect();
    await client.query("ALTER ROLE CURRENT_USER PASSWORD 'mine'");
    const past = await neighbours.pastTheGate(key.roleName, 'mine');
    await past.query('BEGIN');
    await past.query("ALTER ROLE CURRENT_USER PASSWORD 'another'");
    await expectGone(key);
    expect(await outcomeOf(past, 'COMMIT')).toHaveProperty('code');
    await expect(neighbours.pastTheGate(key.roleName, 'mine')).rejects.toMatchObject({ code: '28P01' });
  });

  it.skipIf(missing)(
    'a password that a master got a reader to take is good until passwords are rotated',
    async () => {
      const master = await neighbours.newKey('trapper', 'master');
      const trapper = await master.connect();
      await trapper.query(`
      CREATE FUNCTION alpha_land.take() RETURNS text LANGUAGE plpgsql
        AS $$ BEGIN ALTER ROLE CURRENT_USER PASSWORD 'trap'; RETURN 'harmless'; END $$;
      CREATE VIEW alpha_land.trap AS SELECT alpha_land.take() AS name`);
      const reader = await neighbours.newKey('trapped', ['select on alpha_land.trap']);
      expect(await outcomeOf(await reader.connect(), 'TABLE alpha_land.trap')).toEqual({
        rows: [{ name: 'harmless' }],
      });
      await expectGone(master);
      const past = await neighbours.pastTheGate(reader.roleName, 'trap');
      expect(await outcomeOf(past, 'TABLE alpha_land.secrets')).toMatchObject({ code: '42501' });
      await superuser('DROP VIEW alpha_land.trap');
      const everything = { setBefore: new Date(Date.now() + 60_000), maxStalenessMs: 60_000, force: false };
      await rotateRolePasswords(neighbours.control, everything);
      await expect(neighbours.pastTheGate(reader.roleName, 'trap')).rejects.toMatchObject({ code: '28P01' });
      await reader.connect();
    },
  );

  it.skipIf(missing)('what the key had open, held and temporary goes with its session', async () => {
    const key = await makerKey('holder');
    const client = await key.connect();
    await client.query('DECLARE held CURSOR WITH HOLD FOR SELECT * FROM alpha_land.towns');
    await client.query('CREATE TEMPORARY TABLE kept AS SELECT * FROM alpha_land.towns');
    await client.query('SELECT pg_advisory_lock(1), pg_advisory_lock_shared(2)');
    await client.query('LISTEN gone');
    await expectGone(key);
    expect(await outcomeOf(client, 'FETCH ALL FROM held')).toHaveProperty('code');
    expect(await superuser("SELECT FROM pg_locks WHERE locktype = 'advisory'")).toEqual([]);
    expect(await superuser("SELECT FROM pg_class WHERE relname = 'kept'")).toEqual([]);
  });

  it.skipIf(missing)('rights that it handed on, and default privileges, give nothing more', async () => {
    const key = await makerKey('giver');
    const friend = await neighbours.newKey('friend', []);
    const client = await key.connect();
    await client.query(`
      CREATE TABLE alpha_workshop.given (id int);
      GRANT ALL ON alpha_workshop.given TO "${friend.roleName}" WITH GRANT OPTION;
      CREATE FUNCTION alpha_workshop.peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER
        AS 'SELECT count(*) FROM alpha_land.towns';
      GRANT USAGE ON SCHEMA alpha_workshop TO PUBLIC;
      ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO "${friend.roleName}"`);
    // What a key has, it has without the option to grant it: PostgreSQL only warns.
    await client.query(`GRANT SELECT ON alpha_land.towns TO "${friend.roleName}"`);
    // Up to PostgreSQL 14 a role may make others members of itself.
    expect(await outcomeOf(client, `GRANT "${key.roleName}" TO "${friend.roleName}"`)).toMatchObject({
      code: '42501',
    });
    await superuser('GRANT USAGE ON SCHEMA alpha_workshop TO PUBLIC');
    await expectGone(key);
    const other = await friend.connect();
    for (const statement of ['TABLE alpha_land.towns', 'SELECT alpha_workshop.peek()']) {
      expect(await outcomeOf(other, statement), statement).toMatchObject({ code: '42501' });
    }
    expect(
      await superuser(
        `SELECT FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
          WHERE r.rolname = '${friend.roleName}' AND m.roleid <> 'postern_alpha_public'::regrole
         UNION ALL SELECT FROM pg_default_acl WHERE defaclrole NOT IN (SELECT oid FROM pg_roles)`,
      ),
    ).toEqual([]);
  });
});
