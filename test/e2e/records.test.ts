import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listKeys, rotateKey } from '../../src/control/api-keys.ts';
import { listCertificates } from '../../src/control/certificates.ts';
import { createSealer } from '../../src/control/seal.ts';
import { pollUntil } from '../support/poll.ts';
import { startPostern, type TestPostern } from '../support/postern.ts';
import { addAccount } from './another-account.ts';
import { untilAttempted, untilMirrored, untilUnmirrored } from './records.ts';

let postern: TestPostern;

beforeAll(async () => {
  postern = await startPostern();
});

afterAll(() => postern?.stop());

const connectionIdOf = (error: unknown): string =>
  /^Connection ([0-9a-f]{12}) from 127\.0\.0\.1, /.exec((error as { detail: string }).detail)?.[1] ?? 'none';

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => Promise.reject(new Error('it was not rejected')),
    (error: unknown) => error,
  );

describe('an admitted connection', () => {
  it('is a session in the store while it lasts', async () => {
    const account = await addAccount(postern);
    const client = await account.connect({ application_name: 'digitising' });
    const sessions = await untilMirrored(postern, account.account);
    expect(sessions).toMatchObject([
      {
        account: account.account,
        address: '127.0.0.1',
        certificate: 'laptop',
        key: 'reader',
        applicationName: 'digitising',
      },
    ]);
    await client.end();
    await untilUnmirrored(postern, account.account);
  });

  it('is an attempt, a log line and two stamps when it is over', async () => {
    const startedAt = Date.now();
    const account = await addAccount(postern);
    const client = await account.connect({ application_name: 'over and done' });
    await client.query('SELECT 1');
    await client.end();
    const attempt = await untilAttempted(postern, 'over and done');
    expect(attempt).toMatchObject({
      outcome: 'admitted',
      reason: null,
      sqlstate: null,
      account: account.account,
      address: '127.0.0.1',
      database: postern.database,
    });
    expect(attempt.certificateId).not.toBeNull();
    expect(attempt.keyId).not.toBeNull();
    const lines = postern.logLines().filter(({ connection }) => connection === attempt.id);
    expect(lines).toMatchObject([
      {
        level: 'info',
        msg: 'connection',
        outcome: 'admitted',
        account: account.account,
        certificateName: 'laptop',
        key: 'reader',
        application: 'over and done',
        tls: 'TLSv1.3',
        side: 'client',
      },
    ]);
    const stamps = await pollUntil(async () => {
      const [certificate] = await listCertificates(postern.context, account.account);
      const key = (await listKeys(postern.context, account.account)).find(({ name }) => name === 'reader');
      return certificate?.lastUsedAt && key?.lastUsedAt && [certificate.lastUsedAt, key.lastUsedAt];
    });
    for (const stamp of stamps) expect(stamp.getTime()).toBeGreaterThanOrEqual(startedAt);
  });

  it('that is ended by the gate has the reason in its attempt, under the id that the client was told', async () => {
    const account = await addAccount(postern);
    const client = await account.connect({ application_name: 'rotated away' });
    const error = new Promise((resolve) => client.once('error', resolve));
    await rotateKey(postern.context, account.account, 'reader');
    const id = connectionIdOf(await error);
    expect(await untilAttempted(postern, 'rotated away')).toMatchObject({
      id,
      outcome: 'admitted',
      reason: 'ended-key-rotated',
      sqlstate: '57P01',
    });
  });
});

describe('a refused connection', () => {
  it.each([
    ['key-wrong', '28P01', { password: 'pst_wrong' }],
    ['database-unknown', '3D000', { database: 'postgres' }],
    ['user-mismatch', '28000', { user: 'postgres' }],
  ])(
    'is an attempt and one log line (%s, %s) under the id that the client was told',
    async (reason, sqlstate, options) => {
      const applicationName = `refused for ${reason}`;
      const error = await rejection(postern.connect({ ...options, application_name: applicationName }));
      expect(error).toMatchObject({ code: sqlstate });
      const id = connectionIdOf(error);
      expect(await untilAttempted(postern, applicationName)).toMatchObject({
        id,
        outcome: 'refused',
        reason,
        sqlstate,
        account: postern.account,
        address: '127.0.0.1',
      });
      expect(postern.logLines().filter(({ connection }) => connection === id)).toMatchObject([
        { outcome: 'refused', reason, sqlstate, application: applicationName },
      ]);
    },
  );

  it('is written even when the client named itself and its database in ways that no text can hold', async () => {
    const hostile = `\u{202e}name\n{"level":"fatal"} ${'x'.repeat(5_000)}`;
    await rejection(postern.connect({ database: hostile, application_name: 'hostile names' }));
    const attempt = await untilAttempted(postern, 'hostile names');
    expect(attempt).toMatchObject({ reason: 'database-unknown' });
    expect(attempt.database?.length).toBeLessThan(300);
  });
});

describe('the log and the attempts', () => {
  it('hold no secret, whatever clients did', async () => {
    const account = await addAccount(postern);
    const wrongKey = `${account.readerKey.slice(0, -1)}?`;
    await (await account.connect({ password: account.masterKey })).query('SELECT 1');
    await rejection(account.connect({ password: wrongKey }));
    // Pasted into the wrong fields.
    await rejection(account.connect({ user: account.readerKey, database: account.readerKey }));
    await (await account.connect({ application_name: `key ${account.readerKey}` })).end();
    await rejection(account.connect({ database: 'elsewhere', password: account.masterKey }));
    const { rows: sealed } = await postern.store.owner.query<{ id: string; text: string }>(
      'SELECT id, role_secret_sealed AS text FROM postern.api_keys',
    );
    const sealer = createSealer(postern.config.sealingKeys);
    const secrets = [
      ...[postern.masterKey, postern.readerKey, account.masterKey, account.readerKey, wrongKey],
      ...sealed.flatMap(({ id, text }) => [text, sealer.open(text, id)]),
      ...[postern.files.key, account.files.key].flatMap((pem) =>
        pem.split('\n').filter((line) => line.length > 40),
      ),
      ...postern.config.sealingKeys.flatMap(({ key }) => [key.toString('hex'), key.toString('base64')]),
      'PRIVATE KEY',
    ];
    const log = readFileSync(join(postern.directory, 'postern.log'), 'utf8');
    expect(postern.logLines().filter(({ msg }) => msg === 'connection').length).toBeGreaterThan(3);
    expect(secrets.filter((secret) => log.includes(secret))).toEqual([]);
    await untilAttempted(postern, 'key pst_…');
    const { rows: attempts } = await postern.store.owner.query<{ text: string }>(
      'SELECT a::text AS text FROM postern.attempts a',
    );
    expect(attempts.filter(({ text }) => secrets.some((secret) => text.includes(secret)))).toEqual([]);
  });
});
