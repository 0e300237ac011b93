import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { revokeCertificate } from '../../src/control/certificates.ts';
import { startPostern, type TestPostern } from '../support/postern.ts';
import { psqlMissing, startInShell } from '../support/psql.ts';
import { untilNoneRuns, untilRunning } from './activity.ts';
import { addAccount } from './another-account.ts';
import { libpqEnvironment } from './psql-client.ts';

let postern: TestPostern;

beforeAll(async () => {
  postern = await startPostern();
  await postern.superuser(`SET ROLE ${postern.ownerRole}`, 'CREATE UNLOGGED TABLE places.copied (line text)');
});

afterAll(() => postern?.stop());

describe.skipIf(psqlMissing)('a session that is ended in the middle of a COPY FROM STDIN', () => {
  it('learns the reason although its client sends without end, and nothing is written', async () => {
    const account = await addAccount(postern);
    const { result } = startInShell(
      "yes 'one line of many' | psql -Xqc 'COPY places.copied FROM STDIN'",
      libpqEnvironment(account, { PGPASSWORD: account.masterKey }),
      account.files.directory,
    );
    await untilRunning(postern, 'places.copied');
    await revokeCertificate(postern.context, account.account, 'laptop', null);
    await untilNoneRuns(postern, 'places.copied', 2_000);
    expect((await result).stderr).toContain(
      'FATAL:  The session was ended because its certificate was revoked.',
    );
    expect(await postern.superuser('SELECT line FROM places.copied LIMIT 1')).toEqual([]);
  });
});
