/** The command line from an empty store to an account that can be used and back, by real processes. */

import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDatabase, runAsSuperuser, type TestDatabase, uniqueName } from '../support/postgres.ts';
import { type CliFixture, createCliFixture } from './run.ts';

const name = uniqueName('cli').replaceAll('_', '-');
const owner = `${name}-owner`;
let store: TestDatabase;
let backend: TestDatabase;
let cli: CliFixture;

const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

beforeAll(async () => {
  [store, backend] = await Promise.all([createDatabase(), createDatabase()]);
  await runAsSuperuser(
    backend.url,
    `CREATE ROLE "${owner}" NOLOGIN`,
    `ALTER DATABASE ${backend.name} OWNER TO "${owner}"`,
    `SET ROLE "${owner}"`,
    'CREATE TABLE public.roads (id int)',
  );
  cli = await createCliFixture({ storeUrl: store.url, backendUrl: backend.url });
});

afterAll(async () => {
  await cli?.remove();
  await store?.drop();
  await backend?.drop();
  const roles = await runAsSuperuser(
    store.url.replace(store.name, 'postgres'),
    `SELECT rolname FROM pg_roles WHERE rolname LIKE '%${name}%'`,
  );
  await runAsSuperuser(
    store.url.replace(store.name, 'postgres'),
    `DROP ROLE ${roles.map(({ rolname }) => `"${rolname}"`).join(', ')}`,
  );
});

describe('the way of an account', () => {
  test('before migrate every command says what to do', async () => {
    const { code, out, err } = await cli.run('account', 'list');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^postern: The store .*run `postern migrate` first\.\n$/);
  });

  test('migrate prepares the store once', async () => {
    const first = await cli.json<{ applied: string[] }>('migrate');
    expect(first.applied).toContain('policy');
    expect(await cli.run('migrate')).toEqual({ code: 0, out: 'The store is up to date.\n', err: '' });
    expect(await cli.run('account', 'list')).toEqual({ code: 0, out: 'There is no account yet.\n', err: '' });
  });

  test('an account is created, shown and listed in the columns of the data model', async () => {
    const created = await cli.json<Record<string, unknown>>(
      ...['account', 'create', name, '--backend', 'main', '--database', backend.name, '--owner', owner],
      ...['--alias', 'gis', '--alias', 'maps', '--max-sessions', '7'],
    );
    expect(created).toEqual({
      id: expect.any(String),
      name,
      backend: 'main',
      database: backend.name,
      databaseAliases: ['gis', 'maps'],
      ownerRole: owner,
      publicRole: `postern_${name}_public`,
      status: 'active',
      clientCertificate: 'required',
      clientAuthentication: null,
      maxSessions: 7,
      anyAddressAllowed: false,
      createdAt: expect.stringMatching(timestamp),
    });
    expect(await cli.json('account', 'list')).toEqual([created]);
    const { out } = await cli.run('account', 'show', name);
    expect(out).toMatch(/^aliases: +gis, maps$/m);
    expect(out).toMatch(/^created: +\d{4}-\d\d-\d\d \d\d:\d\d UTC$/m);
  });

  test('what cannot be done is one sentence and exit code 1', async () => {
    const again = await cli.run(
      ...['account', 'create', name, '--backend', 'main', '--database', backend.name, '--owner', owner],
    );
    expect(again).toEqual({
      code: 1,
      out: '',
      err: `postern: There is already an account named "${name}".\n`,
    });
    const missing = await cli.run('address', 'list', 'nobody', '--json');
    expect({ ...missing, err: JSON.parse(missing.err) }).toEqual({
      code: 1,
      out: '',
      err: { error: 'There is no account named "nobody": `postern account list` shows all.' },
    });
    const elsewhere = await cli.run(
      ...['account', 'create', `${name}-2`, '--backend', 'other', '--database', 'd', '--owner', owner],
    );
    expect(elsewhere.err).toBe('postern: There is no backend "other" in the configuration; it has: main.\n');
  });

  test('a certificate needs an address rule, and its file nothing in the way', async () => {
    const file = join(cli.directory, 'laptop.zip');
    const early = await cli.run('certificate', 'create', name, 'laptop', '--out', file);
    expect(early).toMatchObject({ code: 1, out: '' });
    expect(early.err).toMatch(/has no address rule in force/);

    expect(await cli.run('address', 'add', name, '127.0.0.1', '--label', 'here', '--expires', '8h')).toEqual({
      code: 0,
      out: `The account "${name}" can be used from 127.0.0.1/32.\n`,
      err: '',
    });
    const [rule] = await cli.json<Record<string, unknown>[]>('address', 'list', name);
    expect(rule).toMatchObject({
      cidr: '127.0.0.1/32',
      label: 'here',
      createdBy: expect.stringMatching(/^cli:/),
    });

    await writeFile(file, 'mine');
    const blocked = await cli.run('certificate', 'create', name, 'laptop', '--out', file);
    expect(blocked).toEqual({
      code: 1,
      out: '',
      err: `postern: ${file} exists and is never overwritten: choose another name.\n`,
    });
    const nowhere = await cli.run('certificate', 'create', name, 'laptop', '--out', 'missing/laptop.zip');
    expect(nowhere.err).toMatch(/laptop\.zip cannot be written \(ENOENT\)/);
    expect(await readFile(file, 'utf8')).toBe('mine');
    expect(await cli.json('certificate', 'list', name)).toEqual([]);
  });

  test('a certificate is written for its owner only, and is recorded', async () => {
    const out = join(cli.directory, 'zips', 'laptop.zip');
    await mkdir(join(cli.directory, 'zips'));
    const created = await cli.json<Record<string, unknown>>(
      ...['certificate', 'create', name, 'laptop', '--out', out, '--days', '30'],
    );
    expect(created).toMatchObject({ name: 'laptop', issuedFrom: 'key', revokedAt: null, file: out });
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    expect((await readFile(out)).subarray(0, 2).toString()).toBe('PK');
    expect(await readdir(join(cli.directory, 'zips'))).toEqual(['laptop.zip']);
  });

  test('an API key is printed once, alone on standard output', async () => {
    const made = await cli.run('key', 'create', name, 'qgis', '--grant', 'select on public.roads');
    expect(made.code).toBe(0);
    expect(made.out).toMatch(/^pst_r_[0-9A-Za-z]{27}_[0-9A-Za-z]{6}\n$/);
    expect(made.err).toMatch(/shown only this once/);
    const rotated = await cli.json<{ key: string; name: string }>('key', 'rotate', name, 'qgis');
    expect(rotated).toMatchObject({ name: 'qgis', key: expect.stringMatching(/^pst_r_/) });
    expect(rotated.key).not.toBe(made.out.trim());

    const shown = await cli.run('key', 'list', name, '--json');
    for (const secret of [made.out.trim(), rotated.key]) {
      expect(shown.out).not.toContain(secret);
      expect(shown.out).not.toContain(createHash('sha256').update(secret).digest('hex'));
    }
    expect(JSON.parse(shown.out)).toMatchObject([{ name: 'qgis', kind: 'regular', state: 'active' }]);

    const foreign = await cli.run('key', 'grant', name, 'qgis', '--grant', 'select on public.nothing');
    expect(foreign).toMatchObject({ code: 1, out: '' });
    const wider = await cli.run('key', 'grant', name, 'qgis', '--grant', 'select,insert on public.roads');
    expect(wider.out).toBe('The API key "qgis" may now: select, insert on public.roads.\n');
  });

  test('explain says who is let in, and which rule decides', async () => {
    const admitted = await cli.run('explain', name, '--address', '127.0.0.1', '--certificate', 'laptop');
    expect(admitted).toMatchObject({ code: 0, err: '' });
    expect(admitted.out).toMatch(/^address +yes +127\.0\.0\.1 +The rule 127\.0\.0\.1\/32 "here" admits it/m);

    const refused = await cli.run('explain', name, '--address', '203.0.113.7', '--key', 'qgis');
    const sentence = `The address 203.0.113.7 is not in the allowlist of the account "${name}".`;
    expect(refused).toMatchObject({
      code: 1,
      err: `postern: A client of the account "${name}" would be refused with 28000: ${sentence}\n`,
    });
    expect(refused.out).toContain(`28000: ${sentence}`);
  });

  test('what is revoked stays listed, and explain gives the reason', async () => {
    await cli.run('certificate', 'revoke', name, 'laptop', '--reason', 'stolen');
    expect(await cli.json('certificate', 'list', name)).toMatchObject([{ revokeReason: 'stolen' }]);
    const { code, out, err } = await cli.run('explain', name, '--json');
    expect(code).toBe(1);
    expect(JSON.parse(err).error).toMatch(
      /would be refused with 28000: The client certificate was revoked on/,
    );
    expect(JSON.parse(out)).toMatchObject({
      account: name,
      admitted: false,
      told: { reason: 'certificate-revoked', sqlstate: '28000' },
      locks: [
        { lock: 'certificate', opens: false, verdicts: [{ name: 'laptop', opens: false }] },
        { lock: 'account', opens: true },
        { lock: 'address', opens: true, verdicts: [{ name: '127.0.0.1/32' }] },
        { lock: 'key', opens: true, verdicts: [{ name: 'qgis', told: null }] },
      ],
    });
  });

  test('reconcile puts back a role that was dropped', async () => {
    const [key] = await cli.json<{ roleName: string }[]>('key', 'list', name);
    await runAsSuperuser(backend.url, `DROP OWNED BY "${key?.roleName}"`, `DROP ROLE "${key?.roleName}"`);
    const outcome = await cli.json<Record<string, unknown>>('reconcile');
    expect(outcome).toEqual({
      unfinished: [],
      repaired: [
        { account: name, key: null, problem: null },
        { account: name, key: 'qgis', problem: null },
      ],
      resealed: 0,
    });
    const rows = await runAsSuperuser(backend.url, `SELECT FROM pg_roles WHERE rolname = '${key?.roleName}'`);
    expect(rows).toHaveLength(1);
  });

  test('lists without rows are sentences, with --json empty arrays', async () => {
    expect(await cli.run('session', 'list')).toEqual({ code: 0, out: 'There is no session.\n', err: '' });
    expect(await cli.json('attempt', 'list', name)).toEqual([]);
    expect(await cli.json('instance', 'list')).toEqual([]);
    const ended = await cli.run('session', 'end', 'nothing');
    expect(ended).toMatchObject({ code: 1, out: '' });
    expect(ended.err).toMatch(/^postern: There is no session "nothing"/);
  });

  test('every change is in the audit, and the audit is intact', async () => {
    const events = await cli.json<{ action: string; target: string; actor: string }[]>('audit', 'list');
    expect(events.map(({ action }) => action).reverse()).toEqual([
      'account.create',
      'address.add',
      'certificate.create',
      'key.create',
      'key.rotate',
      'key.grant',
      'certificate.revoke',
    ]);
    expect(new Set(events.map(({ actor }) => actor)).size).toBe(1);
    expect(await cli.json('audit', 'verify')).toMatchObject({ kind: 'intact', events: 7 });
    await runAsSuperuser(
      store.url,
      'SET session_replication_role = replica',
      "UPDATE postern.audit_events SET actor = 'nobody' WHERE number = 3",
    );
    expect(await cli.run('audit', 'verify')).toMatchObject({
      code: 1,
      err: 'postern: The audit records were tampered with: number 3 is not as it was written or is missing.\n',
    });
  });

  test('whoever grants "create" is told what that means', async () => {
    const made = await cli.run('key', 'create', name, 'maker', '--grant', 'create in public');
    expect(made.err).toContain("you trust its holder as much as the account's owner");
    expect(made.err).toContain('better give it a schema of its own');
    const changed = await cli.run('key', 'grant', name, 'maker', '--grant', 'select on public.roads');
    expect(changed.err).toBe('');
    await cli.run('key', 'revoke', name, 'maker');
  });

  test('a deleted account leaves no role of Postern behind', async () => {
    expect((await cli.run('account', 'disable', name)).code).toBe(0);
    expect((await cli.run('explain', name)).err).toMatch(/is revoked|was revoked/);
    expect(await cli.json('account', 'delete', name)).toEqual({ name, status: 'deleted' });
    expect(await cli.json('account', 'list')).toEqual([]);
    const roles = await runAsSuperuser(
      backend.url,
      `SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'postern\\_${name}%'`,
    );
    expect(roles).toEqual([]);
  });
});
