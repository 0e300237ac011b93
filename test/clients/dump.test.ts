/** pg_dump and pg_restore: out of one account and into another, as far as the rights of a key go. */

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runAsSuperuser } from '../support/postgres.ts';
import { type Bundle, downloadBundle } from './bundle.ts';
import { type Account, installation, libpqParameters, type Owner } from './installation.ts';
import { describeWith, type Need } from './programs.ts';
import { type Ended, runProgram } from './run-program.ts';
import { record } from './table.ts';

const needs: readonly Need[] = ['pg_dump', 'pg_restore'].map((name) => ({
  probe: [name, '--version'],
  from: 'postgresql-client',
}));

interface Visitor {
  readonly owner: Owner;
  readonly bundle: Bundle;
}

const run = ({ owner, bundle }: Visitor, key: string, [program = '', ...args]: readonly string[]) =>
  runProgram([program, '-d', libpqParameters(owner), ...args], bundle.directory, { PGPASSWORD: key }).ended;

const tables = ['towns', 'notes', 'secrets'];

/** Of all rows, in an order that both ends have; and where the sequence stands. */
const contents = async ({ databaseUrl }: Owner) => ({
  tables: await Promise.all(
    tables.map((table) =>
      runAsSuperuser(
        databaseUrl,
        `SELECT count(*), md5(string_agg(row::text, ',' ORDER BY row::text COLLATE "C")) AS sum
         FROM places.${table} AS row`,
      ),
    ),
  ),
  sequence: await runAsSuperuser(databaseUrl, 'SELECT last_value, is_called FROM places.notes_id_seq'),
  constraints: await runAsSuperuser(
    databaseUrl,
    `SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
     WHERE connamespace = 'places'::regnamespace ORDER BY conname`,
  ),
});

const done: Ended = { status: 0, out: '', err: '' };

describeWith('pg_dump and pg_restore', needs, () => {
  let archive: Visitor;
  beforeAll(async () => {
    const { archive: owner } = installation();
    archive = { owner, bundle: await downloadBundle(owner, 'restore') };
  });
  afterEach(() => runAsSuperuser(archive.owner.databaseUrl, 'DROP SCHEMA IF EXISTS places CASCADE'));

  describe.each(['scram', 'cleartext'] as const)('from the account for %s', (name) => {
    let account: Account;
    let source: Visitor;
    let file: string;
    beforeAll(async () => {
      account = installation()[name];
      source = { owner: account, bundle: await downloadBundle(account, 'dump') };
      await runAsSuperuser(account.databaseUrl, "INSERT INTO places.notes (text) VALUES ('to be dumped')");
      file = join(source.bundle.directory, 'places.dump');
    });
    afterAll(() =>
      runAsSuperuser(account.databaseUrl, "DELETE FROM places.notes WHERE text = 'to be dumped'"),
    );
    afterEach(() => rm(file, { recursive: true, force: true }));

    const dump = (key: string, ...args: string[]): Promise<Ended> =>
      run(source, key, ['pg_dump', '-f', file, ...args]);
    const restore = (...args: string[]): Promise<Ended> =>
      run(archive, archive.owner.masterKey, [
        'pg_restore',
        '--no-owner',
        '--no-privileges',
        '--exit-on-error',
        ...args,
        file,
      ]);

    it.each([
      ['in one file', ['-Fc'], []],
      ['by four sessions on one snapshot, into four', ['-Fd', '-j4'], ['-j4']],
    ] as const)('carries a whole schema with the master keys %s', async (_, dumpBy, restoreBy) => {
      expect(await dump(account.masterKey, ...dumpBy, '--schema=places')).toEqual(done);
      expect(await restore(...restoreBy)).toEqual(done);
      expect(await contents(archive.owner)).toEqual(await contents(account));
    });

    it('dumps what a key may read, which restores alike, and says which table it may not', async () => {
      expect(await dump(account.readKey, '-Fc', '--table=places.towns')).toEqual(done);
      await runAsSuperuser(
        archive.owner.databaseUrl,
        `CREATE SCHEMA places AUTHORIZATION ${archive.owner.name}_owner`,
      );
      expect(await restore()).toEqual(done);
      const towns = 'SELECT md5(string_agg(row::text, $$,$$ ORDER BY id)) FROM places.towns AS row';
      expect(await runAsSuperuser(archive.owner.databaseUrl, towns)).toEqual(
        await runAsSuperuser(account.databaseUrl, towns),
      );
      const refused = await dump(account.readKey, '--schema=places');
      expect(refused.status).toBe(1);
      expect(refused.err).toMatch(/permission denied for table (notes|secrets)/);
    });

    it('restores nothing where a key may not write, and says so', async () => {
      await dump(account.masterKey, '-Fc', '--schema=places');
      const refused = await run(source, account.readKey, [
        'pg_restore',
        '--no-owner',
        '--no-privileges',
        '--data-only',
        '--table=secrets',
        '--exit-on-error',
        file,
      ]);
      expect(refused.status).toBe(1);
      expect(refused.err).toContain('permission denied for table secrets');
    });

    it('writes SQL that names no role of Postern, without privileges', async () => {
      expect(await dump(account.masterKey, '--schema=places', '--no-owner', '--no-privileges')).toEqual(done);
      const text = await readFile(file, 'utf8');
      expect(text).toContain('CREATE TABLE places.towns');
      expect(text).not.toContain('postern_');
      const { out } = await runProgram(['pg_dump', '--version'], source.bundle.directory, {}).ended;
      record({
        client: 'pg_dump, pg_restore',
        version: /\d+\.\d+/.exec(out)?.[0] ?? '',
        authentication: account.authentication,
        steps: 'dumps and restores, also in parallel; refused where the key may not',
      });
    });
  });
});
