import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { disableAccount } from '../../src/control/accounts.ts';
import { removeAddressRule } from '../../src/control/address-rules.ts';
import { rotateKey } from '../../src/control/api-keys.ts';
import { revokeCertificate } from '../../src/control/certificates.ts';
import { revokeKey } from '../../src/control/key-revocation.ts';
import { sendOrder } from '../../src/store/orders.ts';
import { pollUntil } from '../support/poll.ts';
import { startPostern, type TestPostern } from '../support/postern.ts';
import { runningWith, untilNoneRuns, untilRunning } from './activity.ts';
import { type AnotherAccount, type AnotherAccountOptions, addAccount } from './another-account.ts';
import { untilMirrored } from './records.ts';

let postern: TestPostern;

beforeAll(async () => {
  postern = await startPostern();
});

afterAll(() => postern?.stop());

interface Ending {
  readonly what: string;
  readonly account?: () => AnotherAccountOptions;
  readonly end: (account: AnotherAccount) => unknown;
  readonly says: string;
  readonly withinMs?: number;
}

const soon = (): Date => new Date(Date.now() + 2_500);

const endings: Ending[] = [
  {
    what: 'its certificate is revoked',
    end: ({ account }) => revokeCertificate(postern.context, account, 'laptop', null),
    says: 'The session was ended because its certificate was revoked.',
  },
  {
    what: 'its address rule is removed',
    end: ({ account }) => removeAddressRule(postern.context, account, '127.0.0.1'),
    says: "The session was ended because the address 127.0.0.1 is no longer in the account's allowlist.",
  },
  {
    what: 'its address rule expires',
    account: () => ({ addressesExpireAt: soon() }),
    end: () => undefined,
    says: "The session was ended because the address 127.0.0.1 is no longer in the account's allowlist.",
    withinMs: 6_000,
  },
  {
    what: 'its API key is revoked',
    end: ({ account }) => revokeKey(postern.context, account, 'reader', null),
    says: 'The session was ended because its API key was revoked.',
  },
  {
    what: 'its API key is rotated',
    end: ({ account }) => rotateKey(postern.context, account, 'reader'),
    says: 'The session was ended because its API key was rotated.',
  },
  {
    what: 'its API key expires',
    account: () => ({ readerExpiresAt: soon() }),
    end: () => undefined,
    says: 'The session was ended because its API key expired.',
    withinMs: 6_000,
  },
  {
    what: 'its account is disabled',
    end: ({ account }) => disableAccount(postern.context, account),
    says: 'The session was ended because the account was disabled.',
  },
  {
    what: 'an operator ends it',
    end: async ({ account }) => {
      const [{ id }] = await untilMirrored(postern, account);
      await sendOrder(postern.store.console, { kind: 'end-session', session: id, actor: 'test' });
    },
    says: 'The session was ended by the owner of the account or by an operator.',
    withinMs: 6_000,
  },
];

describe('a live session', () => {
  it.each(endings)('is ended with the reason and its query cancelled when $what', async (ending) => {
    const account = await addAccount(postern, ending.account?.());
    const mark = `${account.account} ends`;
    const bystanderMark = `${account.account} stays`;
    const bystander = await postern.connect();
    const undisturbed = bystander.query(`SELECT pg_sleep(600) -- ${bystanderMark}`).catch(() => undefined);
    const client = await account.connect();
    const query = client.query(`SELECT pg_sleep(600) -- ${mark}`).catch((error: unknown) => error);
    await untilRunning(postern, mark);
    await ending.end(account);
    expect(await query).toMatchObject({ severity: 'FATAL', code: '57P01', message: ending.says });
    await untilNoneRuns(postern, mark, ending.withinMs ?? 2_000);
    expect(await runningWith(postern, bystanderMark)).toHaveLength(1);
    await bystander.end();
    await undisturbed;
  });

  it.each(endings.filter(({ account }) => account === undefined))(
    'is ended with the reason also while it is idle, when $what',
    async (ending) => {
      const account = await addAccount(postern);
      const client = await account.connect();
      const errors: unknown[] = [];
      client.on('error', (error) => errors.push(error));
      await ending.end(account);
      await pollUntil(() => errors.length > 0, { timeoutMs: ending.withinMs ?? 2_000 });
      expect(errors[0]).toMatchObject({ severity: 'FATAL', code: '57P01', message: ending.says });
    },
  );

  it('goes on when another certificate of its account is revoked and another key is rotated', async () => {
    const account = await addAccount(postern);
    const spare = await postern.createCertificate('spare', account.account);
    const [kept, ended] = [
      await account.connect(),
      await account.connect({
        password: account.masterKey,
        ssl: { ca: spare.serverCa, cert: spare.certificate, key: spare.key },
      }),
    ];
    const end = new Promise((resolve) => ended.once('end', resolve));
    await rotateKey(postern.context, account.account, 'master');
    await revokeCertificate(postern.context, account.account, 'spare', null);
    await end;
    expect((await kept.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it("passes on PostgreSQL's own words when the backend is terminated", async () => {
    const client = await postern.connect();
    const mark = 'terminated backend';
    const query = client.query(`SELECT pg_sleep(600) -- ${mark}`).catch((error: unknown) => error);
    const pid = await untilRunning(postern, mark);
    await postern.superuser(`SELECT pg_terminate_backend(${pid})`);
    expect(await query).toMatchObject({
      code: '57P01',
      message: 'terminating connection due to administrator command',
    });
  });
});
