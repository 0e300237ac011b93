/** QGIS by each way in which it learns of the certificate; what it draws is made on demand (`npm run screenshots`). */

import { mkdtemp, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { downloadBundle } from './bundle.ts';
import { addGeography, postgis, removeGeography, type Surveyor } from './geography.ts';
import { host, installation, rowCount } from './installation.ts';
import { describeWith, type Need, program } from './programs.ts';
import { runProgram } from './run-program.ts';
import { record } from './table.ts';

/** Debian's packages are not for other Pythons. */
const python = '/usr/bin/python3';
const qgisItself: Need = { probe: [python, '-c', 'import qgis.core'], from: 'python3-qgis' };

type Way = 'environment' | 'service' | 'pki' | 'pki-distrustful' | 'pkcs12';
type Answers = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** @param command a program of `programs/qgis` and its arguments @returns what it prints */
const start = async (
  { account, bundle }: Pick<Surveyor, 'account' | 'bundle'>,
  key: string,
  [file = '', ...args]: readonly string[],
): Promise<string> => {
  const profile = await mkdtemp(join(installation().directory, 'qgis-'));
  const { status, out, err } = await runProgram([python, program(`qgis/${file}`), ...args], profile, {
    QT_QPA_PLATFORM: 'offscreen',
    PYTHONDONTWRITEBYTECODE: '1',
    QGIS_AUTH_DB_DIR_PATH: profile,
    PROFILE: profile,
    BUNDLE: bundle.directory,
    PGHOST: host,
    PGPORT: String(installation().port),
    PGUSER: account.name,
    PGPASSWORD: key,
  }).ended;
  if (status !== 0) throw new Error(`QGIS ended with ${status}: ${err}`);
  return out;
};

/** What QGIS answers to the steps of `client.py`, by their names. */
const ask = async (
  surveyor: Pick<Surveyor, 'account' | 'bundle'>,
  key: string,
  way: Way,
  ...steps: readonly string[]
): Promise<Answers> => {
  const out = await start(surveyor, key, ['client.py', way, ...steps]);
  // The libraries below QGIS print as well.
  const lines = out.split('\n').filter((line) => line.startsWith('{'));
  return Object.fromEntries(
    lines.map((line) => {
      const { step, ...answer } = JSON.parse(line) as { step: string };
      return [step, answer];
    }),
  );
};

const refusedBecause = (reason: string | RegExp) => ({
  valid: false,
  messages: [expect.stringMatching(reason)],
});
const valid = { valid: true, crs: 'EPSG:4326', messages: [] };

describeWith('QGIS', [qgisItself, postgis], () => {
  describe.each(['scram', 'cleartext'] as const)('with the account for %s', (name) => {
    let surveyor: Surveyor;
    beforeAll(async () => {
      surveyor = await addGeography(installation()[name], 'qgis', { withIsland: name === 'scram' });
    });
    afterAll(() => removeGeography(installation()[name]));

    it.each<Way>(['environment', 'service', 'pki', 'pkcs12'])(
      'connects by %s, lists layers and reads all features',
      async (way) => {
        const answers = await ask(surveyor, surveyor.readKey, way, 'connect', 'tables', 'read');
        expect(answers).toMatchObject({
          connect: valid,
          tables: { tables: [['parcels', 'geom']], messages: [] },
          read: { counted: rowCount, features: rowCount, geometries: rowCount, messages: [] },
        });
      },
    );

    it('edits a layer with a key that may, and cancels a query', async () => {
      const { edit, cancel } = await ask(surveyor, surveyor.writeKey, 'pki', 'edit', 'cancel');
      expect(edit).toMatchObject({ editable: true, saved: true });
      expect(cancel).toMatchObject({
        error: expect.stringContaining('canceling statement due to user request'),
        left: 0,
      });
      expect(cancel?.['seconds']).toBeLessThan(20);
    });

    it('keeps the pencil grey with a key that only reads, and shows what the server says to who writes all the same', async () => {
      expect(await ask(surveyor, surveyor.readKey, 'service', 'edit', 'force')).toMatchObject({
        edit: { editable: false },
        force: { done: false, errors: [expect.stringContaining('permission denied for table parcels')] },
      });
    });

    it('shows why a revoked certificate is refused, and connects with the next one', async () => {
      const { account, readKey } = surveyor;
      const bundle = await downloadBundle(account, 'qgis, revoked');
      expect((await ask({ account, bundle }, readKey, 'pki', 'connect'))['connect']).toEqual(valid);
      await bundle.revoke();
      const { connect, version } = await ask({ account, bundle }, readKey, 'pki', 'connect');
      expect(connect).toMatchObject(refusedBecause(/The client certificate was revoked on \d{4}-\d\d-\d\d/));
      await downloadBundle(account, 'qgis, again', bundle.directory);
      expect((await ask({ account, bundle }, readKey, 'pki', 'connect'))['connect']).toEqual(valid);
      record({
        client: 'QGIS (PyQGIS)',
        version: `QGIS ${String(version?.['version']).split('-')[0]}`,
        authentication: account.authentication,
        steps: 'all seven, with a connection for each',
      });
    });

    it('shows why a wrong API key is refused', async () => {
      const { connect } = await ask(surveyor, 'pst_wrong', 'service', 'connect');
      expect(connect).toMatchObject(refusedBecause('API key authentication failed for user'));
    });

    it('trusts no server whose CA was not imported', async () => {
      const { connect } = await ask(surveyor, surveyor.readKey, 'pki-distrustful', 'connect');
      expect(connect).toMatchObject(refusedBecause('certificate verify failed'));
    });

    it.runIf(name === 'scram')('draws a map of many layers', async () => {
      const directory = process.env['POSTERN_SCREENSHOTS'] ?? installation().directory;
      const file = resolve(directory, 'qgis-map.png');
      await start(surveyor, surveyor.account.masterKey, ['map.py', file]);
      const png = await readFile(file);
      expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1000, 684]);
      // A map with nothing on it would be much smaller.
      expect(png.length).toBeGreaterThan(100_000);
    });
  });
});
