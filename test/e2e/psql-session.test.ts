import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { revokeCertificate } from '../../src/control/certificates.ts';
import { startPostern, type TestPostern } from '../support/postern.ts';
import { psqlMissing, startInShell } from '../support/psql.ts';
import { untilNoneRuns, untilRunning } from './activity.ts';
import { libpqEnvironment, psql, startClient } from './psql-client.ts';

let postern: TestPostern;

beforeAll(async () => {
  postern = await startPostern();
});

afterAll(() => postern?.stop());

describe.skipIf(psqlMissing)('psql with a key that may read one table', () => {
  it('reads that table', async () => {
    const { stdout } = await psql(postern, "SELECT name FROM places.towns WHERE name = 'town 7'");
    expect(stdout).toBe('town 7');
  });

  it.each([
    ['read another table', 'SELECT * FROM places.owners'],
    ['write to its table', "INSERT INTO places.towns (name) VALUES ('x')"],
    ['create a table', 'CREATE TABLE places.mine (id int)'],
    ['create a table in public', 'CREATE TABLE public.mine (id int)'],
    ['become the owner', 'SET ROLE postgres'],
  ])('cannot %s: PostgreSQL itself refuses', async (_, statement) => {
    const { stderr, status } = await psql(postern, ['\\set VERBOSITY verbose', statement]);
    expect(stderr).toMatch(/^ERROR: {2}42501: permission denied/);
    expect(status).toBe(1);
  });
});

describe.skipIf(psqlMissing)('psql that runs a long query', () => {
  it('cancels it by Ctrl-C and goes on with its session', async () => {
    await postern.superuser(`SET ROLE ${postern.ownerRole}`, 'CREATE TABLE places.after_cancel (pid int)');
    const { process: client, result } = startClient(
      postern,
      ['SELECT pg_sleep(600) -- ctrl-c', 'INSERT INTO places.after_cancel SELECT pg_backend_pid()'],
      { PGPASSWORD: postern.masterKey },
    );
    const pid = await untilRunning(postern, 'ctrl-c');
    client.kill('SIGINT');
    const { stderr } = await result;
    expect(stderr).toContain('ERROR:  canceling statement due to user request');
    expect(await postern.superuser('SELECT pid FROM places.after_cancel')).toEqual([{ pid }]);
  });

  it('ends within a second when its certificate is revoked, says why, and leaves no query behind', async () => {
    const revoked = await postern.createCertificate('to be revoked');
    const { result } = startClient(postern, 'SELECT pg_sleep(600) -- revoked', {
      PGSSLCERT: `${revoked.directory}/client.crt`,
      PGSSLKEY: `${revoked.directory}/client.key`,
    });
    await untilRunning(postern, 'revoked');
    const revokedAt = performance.now();
    await revokeCertificate(postern.context, postern.account, 'to be revoked', null);
    await untilNoneRuns(postern, 'revoked', 2_000);
    const { stderr, status } = await result;
    expect(performance.now() - revokedAt).toBeLessThan(2_000);
    expect(stderr).toContain('FATAL:  The session was ended because its certificate was revoked.');
    expect(stderr).toContain('HINT:  Create a new certificate under Settings › Connections.');
    expect(status).toBe(2);
  });
});

describe.skipIf(psqlMissing)("psql's startup parameters", () => {
  it('arrive at the backend', async () => {
    const { stdout } = await psql(
      postern,
      "SELECT current_setting('client_encoding'), current_setting('application_name'), current_setting('geqo'), current_setting('datestyle')",
      { PGCLIENTENCODING: 'LATIN1', PGAPPNAME: 'surveying', PGOPTIONS: '-c geqo=off', PGDATESTYLE: 'German' },
    );
    expect(stdout).toBe('LATIN1|surveying|off|German, DMY');
  });

  it('arrive byte for byte, also those that are not UTF-8', async () => {
    const commandLine = `PGAPPNAME="$(printf 'caf\\351')" PGOPTIONS="$(printf -- '-cpostern_test.text=caf\\351')" exec psql -XqAtc "
      SELECT encode(current_setting('postern_test.text')::bytea, 'hex'), current_setting('application_name')"`;
    const through = await startInShell(commandLine, libpqEnvironment(postern), postern.files.directory)
      .result;
    const backend = new URL(postern.backendUrl);
    const direct = await startInShell(
      commandLine,
      {
        PGHOST: backend.hostname,
        PGPORT: backend.port,
        PGUSER: decodeURIComponent(backend.username),
        PGPASSWORD: decodeURIComponent(backend.password),
        PGDATABASE: postern.database,
      },
      postern.files.directory,
    ).result;
    expect(through).toEqual(direct);
    expect(through.stdout).toMatch(/^636166e9\|caf/);
  });
});
