/**
 * What a key cannot do on the server, whatever it may do in its account: run programs, read files, load code, become
 * somebody else, replicate, change the server. Each statement fails for want of a right, and for no other reason.
 */

import { describe, expect, it } from 'vitest';
import { keyNames, outcomeOf } from './neighbours.ts';
import { neighboursUnderTest } from './under-test.ts';
import { versions } from './versions.ts';

/** With 42501, and where PostgreSQL has another word for it, that. ITSELF is the key's role. */
const refused: readonly (readonly [statement: string, otherwise?: RegExp])[] = [
  // Programs and files.
  ["COPY (SELECT 1) TO PROGRAM 'true'"],
  ["COPY pg_temp.scratch FROM PROGRAM 'echo 1'"],
  ["COPY pg_temp.scratch FROM '/etc/passwd'"],
  ["COPY (SELECT 1) TO '/tmp/postern-copied'"],
  ["SELECT pg_read_file('/etc/passwd')"],
  ["SELECT pg_read_binary_file('PG_VERSION')"],
  ["SELECT pg_ls_dir('.')"],
  ['SELECT pg_ls_logdir()'],
  ['SELECT pg_ls_waldir()'],
  ["SELECT pg_stat_file('PG_VERSION')"],
  ['SELECT pg_current_logfile()'],
  ["SELECT lo_import('/etc/passwd')"],
  ["SELECT lo_export(0, '/tmp/postern-exported')"],
  ['TABLE pg_hba_file_rules'],
  ['TABLE pg_file_settings'],
  ['CREATE SERVER files FOREIGN DATA WRAPPER file_fdw'],
  // Code.
  ["LOAD 'dblink'"],
  ["CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE c AS 'dblink', 'dblink_connect'"],
  ["CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE internal AS 'pg_backend_pid'"],
  ['CREATE LANGUAGE plperlu', /42501|0A000/],
  ['CREATE EXTENSION adminpack', /42501|0A000/],
  ['CREATE EXTENSION pageinspect'],
  ['CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION suppress_redundant_updates_trigger()'],
  ['CREATE ACCESS METHOD mine TYPE INDEX HANDLER bthandler'],
  ['CREATE FOREIGN DATA WRAPPER mine'],
  ["CREATE FUNCTION pg_catalog.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'"],
  ["CREATE OR REPLACE FUNCTION pg_catalog.lower(text) RETURNS text LANGUAGE sql AS 'SELECT $1'"],
  ['DROP FUNCTION pg_catalog.lower(text)'],
  ['ALTER FUNCTION pg_catalog.lower(text) SECURITY DEFINER'],
  ["UPDATE pg_catalog.pg_proc SET prosecdef = true WHERE proname = 'lower'"],
  ['INSERT INTO pg_catalog.pg_auth_members SELECT * FROM pg_catalog.pg_auth_members'],
  // Somebody else.
  ['SET ROLE postgres'],
  ['SET ROLE postern_admin'],
  ['SET ROLE beta_owner'],
  ['SET ROLE postern_beta_public'],
  ['SET SESSION AUTHORIZATION postgres'],
  ['SET SESSION AUTHORIZATION beta_owner'],
  ['GRANT beta_owner TO CURRENT_USER'],
  ['GRANT beta_owner TO SESSION_USER'],
  ['GRANT alpha_owner TO SESSION_USER WITH ADMIN OPTION'],
  ['GRANT alpha_owner TO beta_owner'],
  ['GRANT pg_read_all_data TO SESSION_USER'],
  ['GRANT pg_execute_server_program TO SESSION_USER'],
  ['GRANT pg_signal_backend TO alpha_owner'],
  ['CREATE ROLE mine'],
  ['CREATE ROLE mine IN ROLE beta_owner'],
  ['DROP ROLE beta_owner'],
  ['ALTER ROLE SESSION_USER SUPERUSER'],
  ['ALTER ROLE SESSION_USER CREATEROLE'],
  ['ALTER ROLE SESSION_USER BYPASSRLS'],
  ['ALTER ROLE SESSION_USER REPLICATION'],
  ["ALTER ROLE SESSION_USER VALID UNTIL 'infinity'"],
  ['ALTER ROLE postern_alpha_public RENAME TO mine'],
  ["ALTER ROLE beta_owner PASSWORD 'mine'"],
  ["ALTER ROLE postern_admin PASSWORD 'mine'"],
  ["ALTER ROLE beta_owner SET search_path = ''"],
  ["ALTER ROLE ALL SET search_path = ''"],
  [`COMMENT ON ROLE "ITSELF" IS 'mine'`],
  ["COMMENT ON ROLE postern_alpha_public IS 'mine'"],
  ['REASSIGN OWNED BY beta_owner TO CURRENT_USER'],
  ['DROP OWNED BY beta_owner'],
  ['ALTER DEFAULT PRIVILEGES FOR ROLE beta_owner GRANT SELECT ON TABLES TO PUBLIC'],
  ['CREATE SCHEMA theirs AUTHORIZATION beta_owner'],
  // Secrets.
  ['TABLE pg_authid'],
  ['SELECT rolpassword FROM pg_authid'],
  ['TABLE pg_shadow'],
  ['TABLE pg_user_mapping'],
  ['TABLE pg_subscription'],
  ['TABLE pg_statistic'],
  ['TABLE pg_largeobject'],
  ['TABLE pg_config'],
  ['TABLE pg_backend_memory_contexts'],
  ['TABLE pg_shmem_allocations'],
  ['SELECT pg_stat_statements_reset()'],
  // The server and its replication.
  ['ALTER SYSTEM SET work_mem = 64'],
  ['SELECT pg_reload_conf()'],
  ['SELECT pg_rotate_logfile()'],
  ['SELECT pg_switch_wal()'],
  ['SELECT pg_promote()'],
  ['SELECT pg_stat_reset()'],
  ["SELECT pg_create_physical_replication_slot('mine')"],
  ["SELECT pg_create_logical_replication_slot('mine', 'pgoutput')"],
  ["SELECT pg_replication_origin_create('mine')"],
  ["CREATE SUBSCRIPTION mine CONNECTION 'dbname=alpha_data' PUBLICATION p WITH (connect = false)"],
  ['CREATE PUBLICATION everything FOR ALL TABLES'],
  ["CREATE TABLESPACE mine LOCATION '/tmp'"],
  ['CREATE TABLE pg_temp.placed (id int) TABLESPACE pg_global', /42501|42P16|22023/],
  ['CREATE DATABASE mine'],
  ['ALTER DATABASE beta_data SET search_path = mine'],
  ['ALTER DATABASE postgres SET search_path = mine'],
  ['DROP DATABASE beta_data'],
  ['CHECKPOINT'],
  // Settings that are not a session's own.
  ['SET session_replication_role = replica'],
  ["SET session_preload_libraries = 'dblink'"],
  ['SET lo_compat_privileges = on'],
  ['SET allow_system_table_mods = on'],
  ["SET log_statement = 'none'"],
  ["SET temp_tablespaces = 'pg_global'", /42501|22023/],
  ['SET zero_damaged_pages = on'],
  ["SELECT set_config('session_authorization', 'postgres', false)"],
  ["SELECT set_config('role', 'postgres', false)"],
];

describe.each(versions)('on $name', (version) => {
  const neighbours = neighboursUnderTest(version);

  it.skipIf(version.missing).each(keyNames)('a %s key finds every way out closed', async (name) => {
    const { roleName, connect } = await neighbours.key('alpha', name);
    const client = await connect();
    await client.query('CREATE TEMPORARY TABLE scratch (id int)');
    const open: unknown[] = [];
    for (const [statement, otherwise = /42501/] of refused) {
      const outcome = await outcomeOf(client, statement.replace('ITSELF', roleName));
      if (!('code' in outcome && otherwise.test(outcome.code))) open.push({ statement, ...outcome });
    }
    expect(open).toEqual([]);
  });
});
