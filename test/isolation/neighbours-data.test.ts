/**
 * What belongs to another account cannot be reached: neither in the next database nor in the same one, neither by its
 * name nor through connections that the server makes to itself, and neither can its sessions be watched nor ended.
 */

import { describe, expect, it } from 'vitest';
import { databaseNameOf, keyNames, outcomeOf } from './neighbours.ts';
import { neighboursUnderTest } from './under-test.ts';
import { versions } from './versions.ts';

const insufficient = { code: '42501' };

describe.each(versions)('on $name', (version) => {
  const { missing } = version;
  const neighbours = neighboursUnderTest(version);
  const { superuser } = neighbours;

  describe.skipIf(missing).each(keyNames)('a %s key', (name) => {
    it('has no way to what another account has in the same database', async () => {
      const { roleName, connect } = await neighbours.key('alpha', name);
      const maker = await neighbours.key('gamma', 'maker');
      const client = await connect();
      for (const statement of [
        'TABLE gamma_land.towns',
        'SELECT count(*) FROM gamma_land.secrets',
        'INSERT INTO gamma_land.towns (name) VALUES (1)',
        'COPY gamma_land.secrets TO STDOUT',
        'ALTER TABLE gamma_land.towns OWNER TO SESSION_USER',
        'CREATE TABLE gamma_workshop.mine (id int)',
        'CREATE INDEX ON gamma_land.towns (name)',
        'CREATE TRIGGER t AFTER INSERT ON gamma_land.towns EXECUTE FUNCTION suppress_redundant_updates_trigger()',
        'CREATE POLICY mine ON gamma_land.towns USING (true)',
        'CREATE RULE also AS ON INSERT TO gamma_land.towns DO ALSO NOTHING',
        'CREATE TEMPORARY TABLE child () INHERITS (gamma_land.towns)',
        "SELECT nextval('gamma_land.towns_id_seq')",
        'ALTER SCHEMA gamma_land RENAME TO alphas',
        'ALTER SCHEMA gamma_land OWNER TO SESSION_USER',
        'GRANT SELECT ON gamma_land.towns TO PUBLIC',
        'GRANT postern_gamma_public TO SESSION_USER',
        `GRANT ${maker.roleName} TO SESSION_USER`,
        `SET ROLE ${maker.roleName}`,
        'ALTER DEFAULT PRIVILEGES FOR ROLE gamma_owner GRANT SELECT ON TABLES TO PUBLIC',
        "ALTER ROLE gamma_owner IN DATABASE alpha_data SET search_path = ''",
      ]) {
        expect(await outcomeOf(client, statement), statement).toMatchObject(insufficient);
      }
      const names = await outcomeOf(client, "SELECT * FROM pg_stats WHERE schemaname = 'gamma_land'");
      expect(names).toEqual({ rows: [] });
      expect(roleName).toContain('postern_alpha_');
    });

    it('cannot start a session as anybody else by startup parameters, and none in another database', async () => {
      const { connect } = await neighbours.key('alpha', name);
      for (const options of [
        '-c role=gamma_owner',
        '-c role=postgres',
        '-c session_authorization=postgres',
        '-c session_preload_libraries=dblink',
        '-c session_replication_role=replica',
        '-c allow_system_table_mods=on',
        '-c log_statement=none',
        '-c lo_compat_privileges=on',
        '--role=gamma_owner',
      ]) {
        await expect(connect({ options }), options).rejects.toMatchObject({
          code: expect.stringMatching(/42501|55P02/),
        });
      }
      for (const database of ['beta', databaseNameOf('beta'), 'gamma', 'postgres', 'template1']) {
        await expect(connect({ database }), database).rejects.toMatchObject({ code: '3D000' });
      }
      // Row security is off for nobody who is bound by it.
      await superuser(
        'ALTER TABLE alpha_land.towns ENABLE ROW LEVEL SECURITY',
        'DROP POLICY IF EXISTS none ON alpha_land.towns',
        'CREATE POLICY none ON alpha_land.towns USING (false)',
      );
      const unbound = await connect({ options: '-c row_security=off' });
      const outcome = await outcomeOf(unbound, 'TABLE alpha_land.towns');
      // It acts as the owner.
      if (name === 'master') expect(outcome).toMatchObject({ rows: [{ id: 1 }] });
      else expect(outcome).toMatchObject(insufficient);
      await superuser('ALTER TABLE alpha_land.towns DISABLE ROW LEVEL SECURITY');
    });

    it('gets no connection of the server to itself but as itself, with its own password', async () => {
      const { connect, roleName } = await neighbours.key('alpha', name);
      const client = await connect();
      const { socketDirectory, server } = neighbours;
      const socket = `host=${socketDirectory} port=${server.port}`;
      for (const [conninfo, code] of [
        // Trusted there, and refused because no password was asked for.
        [`${socket} user=postgres dbname=alpha_data`, '2F003'],
        [`${socket} user=postgres dbname=alpha_data password=x`, '2F003'],
        [`${socket} user=beta_owner dbname=beta_data password=x`, /2F003|08001/],
        [`${socket} user=${roleName} dbname=alpha_data password=x`, '2F003'],
        [`host=127.0.0.1 port=${server.port} user=postgres dbname=alpha_data`, '2F003'],
        [`host=127.0.0.1 port=${server.port} user=postgres dbname=alpha_data password=x`, '08001'],
      ] as const) {
        const outcome = await outcomeOf(client, `SELECT dblink_connect('${conninfo}')`);
        expect(outcome, conninfo).toMatchObject({ code: expect.stringMatching(code) });
      }
      expect(await outcomeOf(client, "SELECT dblink_connect_u('dbname=alpha_data')")).toMatchObject(
        insufficient,
      );

      const mapping = `loopback_${name}`;
      const where = `host '${socketDirectory}', port '${server.port}', dbname 'beta_data'`;
      expect(
        await outcomeOf(
          client,
          `CREATE SERVER ${mapping} FOREIGN DATA WRAPPER postgres_fdw OPTIONS (${where});
           CREATE USER MAPPING FOR CURRENT_USER SERVER ${mapping} OPTIONS (user 'postgres', password 'x')`,
        ),
      ).toEqual({ rows: [] });
      expect(
        await outcomeOf(
          client,
          `ALTER USER MAPPING FOR CURRENT_USER SERVER ${mapping} OPTIONS (ADD password_required 'false')`,
        ),
      ).toMatchObject(insufficient);
      await client.query(`CREATE FOREIGN TABLE pg_temp.theirs (name text) SERVER ${mapping}
        OPTIONS (schema_name 'beta_land', table_name 'secrets')`);
      expect(await outcomeOf(client, 'TABLE pg_temp.theirs')).toMatchObject({ code: '2F003' });
      await client.query(`DROP SERVER ${mapping} CASCADE`);

      // As itself, and then it is still not let in next door.
      const own = await neighbours.newKey(`own-${name}`, name === 'master' ? name : []);
      const holder = await own.connect();
      await holder.query("SET ROLE NONE; ALTER ROLE CURRENT_USER PASSWORD 'mine'");
      const itself = `host=127.0.0.1 port=${server.port} user=${own.roleName} password=mine`;
      expect(await outcomeOf(holder, `SELECT dblink_connect('${itself} dbname=beta_data')`)).toMatchObject({
        code: '08001',
        message: expect.anything(),
      });
      expect(
        await outcomeOf(
          holder,
          `SELECT * FROM dblink('${itself} dbname=alpha_data', 'SELECT session_user::text') AS t (me text)`,
        ),
      ).toEqual({ rows: [{ me: own.roleName }] });
    });

    it('sees nothing of what others do, and can end none of it', async () => {
      const victim = await (await neighbours.key('gamma', 'reader')).connect();
      const { rows: pids } = await victim.query('SELECT pg_backend_pid() AS pid');
      await victim.query("PREPARE quiet AS SELECT 'gamma tells nobody'");
      await victim.query("SELECT 'gamma tells nobody'");
      const client = await (await neighbours.key('alpha', name)).connect();
      const pid = Number(pids[0].pid);
      expect(
        await outcomeOf(
          client,
          `SELECT query, client_addr, client_port, wait_event FROM pg_stat_activity WHERE pid = ${pid}`,
        ),
      ).toEqual({
        rows: [{ query: '<insufficient privilege>', client_addr: null, client_port: null, wait_event: null }],
      });
      expect(
        await outcomeOf(client, "SELECT query FROM pg_stat_statements WHERE query LIKE '%gamma tells%'"),
      ).toEqual({ rows: [] });
      expect(await outcomeOf(client, "SELECT * FROM pg_prepared_statements WHERE name = 'quiet'")).toEqual({
        rows: [],
      });
      for (const statement of [
        `SELECT pg_terminate_backend(${pid})`,
        `SELECT pg_cancel_backend(${pid})`,
        `SELECT pg_log_backend_memory_contexts(${pid})`,
      ]) {
        expect(await outcomeOf(client, statement), statement).toMatchObject(insufficient);
      }
      expect((await victim.query('SELECT 1 AS alive')).rows).toEqual([{ alive: 1 }]);
    });

    it('reads, changes and drops no large object of others', async () => {
      const [{ oid } = {}] = await superuser(
        'SET ROLE gamma_owner',
        "SELECT lo_from_bytea(0, 'secret') AS oid",
      );
      const client = await (await neighbours.key('alpha', name)).connect();
      for (const statement of [
        `SELECT lo_get(${oid})`,
        `SELECT lo_put(${oid}, 0, 'x')`,
        `SELECT lo_unlink(${oid})`,
        `SELECT lo_open(${oid}, ${0x40000})`,
        `ALTER LARGE OBJECT ${oid} OWNER TO SESSION_USER`,
        `GRANT SELECT ON LARGE OBJECT ${oid} TO PUBLIC`,
      ]) {
        expect(await outcomeOf(client, statement), statement).toMatchObject(insufficient);
      }
      await superuser(`SELECT lo_unlink(${oid})`);
    });

    it('is told of no password that the server keeps for others', async () => {
      await superuser(
        "CREATE SERVER away FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '192.0.2.1')",
        'GRANT USAGE ON FOREIGN SERVER away TO PUBLIC',
        "CREATE USER MAPPING FOR gamma_owner SERVER away OPTIONS (user 'gamma', password 'gamma tells nobody')",
      );
      const client = await (await neighbours.key('alpha', name)).connect();
      expect(
        await outcomeOf(client, "SELECT umoptions FROM pg_user_mappings WHERE usename = 'gamma_owner'"),
      ).toEqual({ rows: [{ umoptions: null }] });
      await superuser('DROP SERVER away CASCADE');
    });
  });
});
