/** ogrinfo and ogr2ogr in the directory of the bundle, where the names in its pg_service.conf are right. */

import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pollUntil } from '../support/poll.ts';
import { runAsSuperuser } from '../support/postgres.ts';
import { downloadBundle } from './bundle.ts';
import { addGeography, postgis, removeGeography, type Surveyor } from './geography.ts';
import { type Account, installation, libpqParameters, rowCount } from './installation.ts';
import { describeWith, type Need } from './programs.ts';
import { runProgram } from './run-program.ts';
import { record } from './table.ts';

const ogr: Need = { probe: ['ogr2ogr', '--version'], from: 'gdal-bin' };

const sources = {
  service: ({ name }: Account) => `PG:service=${name}`,
  parameters: (account: Account) => `PG:${libpqParameters(account)}`,
};

const gdal = ({ bundle }: Pick<Surveyor, 'bundle'>, key: string, ...command: readonly string[]) =>
  runProgram(command, bundle.directory, { PGPASSWORD: key, PGSERVICEFILE: 'pg_service.conf' });

const countRows = async ({ databaseUrl }: Account, table: string): Promise<number> =>
  (await runAsSuperuser(databaseUrl, `SELECT FROM ${table}`)).length;

const done = { status: 0, err: '' };

describeWith('GDAL', [ogr, postgis], () => {
  describe.each(['scram', 'cleartext'] as const)('with the account for %s', (name) => {
    let surveyor: Surveyor;
    let source: string;
    beforeAll(async () => {
      surveyor = await addGeography(installation()[name], 'gdal');
      source = sources.service(surveyor.account);
    });
    afterAll(() => removeGeography(installation()[name]));
    const read = (...command: string[]) => gdal(surveyor, surveyor.readKey, ...command).ended;
    const write = (...command: string[]) => gdal(surveyor, surveyor.writeKey, ...command).ended;

    it.each(['service', 'parameters'] as const)('lists layers and describes one by %s', async (by) => {
      const from = sources[by](surveyor.account);
      const { out } = await read('ogrinfo', '-ro', from);
      expect(out).toContain("using driver `PostgreSQL' successful");
      expect(out).toContain('gis.parcels (Polygon)');
      expect((await read('ogrinfo', '-ro', '-so', from, 'gis.parcels')).out).toContain(
        `Feature Count: ${rowCount}`,
      );
    });

    it('copies a layer into a GeoPackage, that into a new table, and a part of it into GeoJSON', async () => {
      const [file, json] = ['parcels.gpkg', 'parcels.geojson'].map((each) =>
        join(surveyor.bundle.directory, each),
      ) as [string, string];
      expect(await read('ogr2ogr', '-f', 'GPKG', file, source, 'gis.parcels')).toMatchObject(done);
      const into = ['ogr2ogr', '-f', 'PostgreSQL', source, file, '--config', 'PG_USE_COPY', 'YES', '-nln'];
      expect(await write(...into, 'work.parcels')).toMatchObject(done);
      expect(await countRows(surveyor.account, 'work.parcels')).toBe(rowCount);
      const refused = await read(...into, 'work.more');
      expect(refused.status).not.toBe(0);
      expect(refused.err).toContain('permission denied for schema work');
      const query = 'SELECT * FROM gis.parcels WHERE id <= 10';
      expect(await read('ogr2ogr', '-f', 'GeoJSON', json, source, '-sql', query)).toMatchObject(done);
      expect(JSON.parse(await readFile(json, 'utf8')).features).toHaveLength(10);
    });

    it('appends to a table with a key that may, and says which table it may not append to', async () => {
      const file = join(surveyor.bundle.directory, 'few.gpkg');
      const few = 'SELECT name, kind, area_m2, geom FROM gis.parcels WHERE id <= 3';
      await read('ogr2ogr', '-f', 'GPKG', file, source, '-sql', few, '-nln', 'few');
      const append = [
        'ogr2ogr',
        '-update',
        '-append',
        ...['-f', 'PostgreSQL', source, file, 'few', '-nln', 'gis.parcels'],
      ];
      expect(await write(...append)).toMatchObject(done);
      expect(await countRows(surveyor.account, 'gis.parcels')).toBe(rowCount + 3);
      const refused = await read(...append);
      expect(refused.status).not.toBe(0);
      expect(refused.err).toContain('permission denied for table parcels');
    });

    it('ends its query on the server when it is stopped by Ctrl-C', async () => {
      const isRunning = async () =>
        (
          await runAsSuperuser(
            surveyor.account.databaseUrl,
            `SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND state = 'active'
                AND pid <> pg_backend_pid() AND datname = current_database()`,
          )
        ).length > 0;
      const sleeping = gdal(
        surveyor,
        surveyor.readKey,
        ...['ogrinfo', '-ro', source, '-sql', 'SELECT pg_sleep(60)'],
      );
      await pollUntil(isRunning, { timeoutMs: 10_000 });
      sleeping.interrupt();
      await sleeping.ended;
      await pollUntil(async () => !(await isRunning()), { timeoutMs: 10_000 });
    });

    it('shows why a revoked certificate is refused, and connects with the next one', async () => {
      const { account, readKey } = surveyor;
      const bundle = await downloadBundle(account, 'gdal, revoked');
      await bundle.revoke();
      const { status, err } = await gdal({ bundle }, readKey, 'ogrinfo', '-ro', source).ended;
      expect(status).not.toBe(0);
      expect(err).toMatch(/The client certificate was revoked on \d{4}-\d\d-\d\d/);
      await downloadBundle(account, 'gdal, again', bundle.directory);
      expect(await gdal({ bundle }, readKey, 'ogrinfo', '-ro', source).ended).toMatchObject(done);
      record({
        client: 'GDAL (ogrinfo, ogr2ogr)',
        version: execFileSync('ogr2ogr', ['--version'], { encoding: 'utf8' }).split(',')[0] ?? '',
        authentication: account.authentication,
        steps: 'all seven, with a process for each; cancelled by Ctrl-C',
      });
    });
  });
});
