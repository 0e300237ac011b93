import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withMemoryGrowth } from '../support/memory.ts';
import { pollUntil } from '../support/poll.ts';
import { startPostern, type TestPostern } from '../support/postern.ts';
import { psqlMissing, startInShell } from '../support/psql.ts';
import { libpqEnvironment } from './psql-client.ts';

const mebibyte = 1024 * 1024;
const allowedGrowthBytes = 100 * mebibyte;
const timeoutMs = 120_000;

let postern: TestPostern;

beforeAll(async () => {
  postern = await startPostern();
  await postern.superuser(`SET ROLE ${postern.ownerRole}`, 'CREATE UNLOGGED TABLE places.bulk (line text)');
});

afterAll(() => postern?.stop());

/** Runs psql as the master key beside the process that is measured, which is the gate's. */
const measured = (commandLine: string, name: string) =>
  withMemoryGrowth(
    () =>
      startInShell(
        commandLine,
        libpqEnvironment(postern, { PGPASSWORD: postern.masterKey, PGAPPNAME: name }),
        postern.files.directory,
      ).result,
  );

const logLineOf = (name: string) =>
  pollUntil(() => postern.logLines().find(({ application }) => application === name));

describe.skipIf(psqlMissing)('the relay', () => {
  it(
    'passes a COPY of 220 MB out in constant memory',
    async () => {
      const { result, grownBytes } = await measured(
        `psql -XqAtc "COPY (SELECT repeat('x', 999) FROM generate_series(1, 220000)) TO STDOUT" | wc -c`,
        'copy out',
      );
      expect(result).toMatchObject({ stderr: '', stdout: '220000000' });
      expect(grownBytes).toBeLessThan(allowedGrowthBytes);
      expect((await logLineOf('copy out'))['backendToClientBytes']).toBeGreaterThan(220_000_000);
    },
    timeoutMs,
  );

  it(
    'passes a COPY of 220 MB in, in constant memory',
    async () => {
      const { result, grownBytes } = await measured(
        // Long lines of one letter, which the server compresses: it is the wire that is under test, not the disk.
        `yes "$(printf %9999s | tr ' ' y)" | head -n 22000 | psql -XAtc 'COPY places.bulk FROM STDIN' -c 'SELECT sum(length(line)) FROM places.bulk'`,
        'copy in',
      );
      expect(result).toMatchObject({ stderr: '', stdout: 'COPY 22000\n219978000' });
      expect(grownBytes).toBeLessThan(allowedGrowthBytes);
      expect((await logLineOf('copy in'))['clientToBackendBytes']).toBeGreaterThan(220_000_000);
    },
    timeoutMs,
  );

  it(
    'passes one row of 100 MB in constant memory, unchanged',
    async () => {
      const { result, grownBytes } = await measured(
        `psql -XqAtc "SELECT repeat('0123456789', 10 * 1024 * 1024)" | cksum; yes 0123456789 | head -n 10485760 | tr -d '\\n' | { cat; echo; } | cksum`,
        'long row',
      );
      const [through, expected] = result.stdout.split('\n');
      expect(through).toBe(expected);
      expect(grownBytes).toBeLessThan(allowedGrowthBytes);
      expect((await logLineOf('long row'))['backendToClientBytes']).toBeGreaterThan(100 * mebibyte);
    },
    timeoutMs,
  );
});
