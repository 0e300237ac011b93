import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeAccount } from '../../src/control/accounts.ts';
import { createKeyText } from '../../src/policy/key-text.ts';
import { type GreetingOptions, gateUnderTest, gateWith } from '../gate/gate-fixture.ts';
import { addSecondAccount, type SecondAccount } from '../gate/second-account.ts';
import { proveByScram } from '../support/raw-login.ts';
import { type ErrorFields, parseError } from '../support/raw-messages.ts';

const gate = gateUnderTest({
  configure: gateWith({ trustedProxies: ['127.0.0.0/8'] }),
  allow: ['198.51.100.0/24', '2001:db8::/32'],
});
let second: SecondAccount;

beforeAll(async () => {
  second = await addSecondAccount(gate.postern);
  await gate.postern.store.owner.query(
    `UPDATE postern.address_rules SET cidr = '198.51.100.0/24'
     WHERE account_id = (SELECT id FROM postern.accounts WHERE name = $1)`,
    [second.name],
  );
  await changeAccount(gate.postern.context, gate.postern.account, { clientCertificate: 'optional' });
  await gate.caughtUp();
});
afterAll(() => second?.drop());

const answerTo = async (user: string, key: string, options: GreetingOptions): Promise<ErrorFields | 'in'> => {
  const client = await gate.greeted({ user }, options);
  const first = await client.readMessage();
  if (first.type === 'E') return parseError(first.body);
  client.close();
  const again = await gate.greeted({ user }, options);
  await proveByScram(again, key);
  const last = (await again.readThrough('EZ')).at(-1);
  again.close();
  return last?.type === 'E' ? parseError(last.body) : 'in';
};

const codeOf = (answer: ErrorFields | 'in'): string => (answer === 'in' ? 'in' : answer.sqlstate);
const bare = { cert: undefined, key: undefined };

/**
 * Guesses until it is told to wait. The more it has guessed the longer that is, so that also a slow computer gets there.
 * @param fromOf from where the guess of that number comes
 */
const guessOn = async (fromOf: (guess: number) => string): Promise<string[]> => {
  const codes: string[] = [];
  while (codes.length < 20 && codes.at(-1) !== '53300') {
    const from = fromOf(codes.length + 1);
    codes.push(codeOf(await answerTo(gate.postern.account, createKeyText('regular'), { from })));
  }
  return codes;
};

describe('stuffing', () => {
  it('many keys for one account from one address is slowed down, while both accounts work from elsewhere', async () => {
    const from = '198.51.100.20';
    const codes = await guessOn(() => from);
    expect(codes.slice(0, 5)).toEqual(Array(5).fill('28P01'));
    expect(codes.at(-1)).toBe('53300');
    expect(codes).not.toContain('in');
    const elsewhere = { from: '198.51.100.21' };
    expect(await answerTo(gate.postern.account, gate.postern.readerKey, elsewhere)).toBe('in');
    expect(await answerTo(gate.postern.account, gate.postern.readerKey, { from })).toBe('in');
    expect(await answerTo(second.name, second.masterKey, { from, tls: second.tls })).toBe('in');
  });

  it('from several addresses is slowed down at each, and nowhere else', async () => {
    const froms = ['198.51.100.30', '198.51.100.31', '198.51.100.32'];
    const codes = await Promise.all(froms.map((from) => guessOn(() => from)));
    expect(codes.map((each) => each.at(-1))).toEqual(['53300', '53300', '53300']);
    const quiet = { from: '198.51.100.33' };
    expect(codeOf(await answerTo(gate.postern.account, 'pst_wrong', quiet))).toBe('28P01');
    expect(await answerTo(gate.postern.account, gate.postern.readerKey, quiet)).toBe('in');
  });

  it('from all addresses of one IPv6 network is slowed down as from one', async () => {
    const codes = await guessOn((guess) => `2001:db8:0:7::${guess.toString(16)}`);
    expect(codes.at(-1)).toBe('53300');
    const neighbour = { from: '2001:db8:0:8::1' };
    expect(codeOf(await answerTo(gate.postern.account, 'pst_wrong', neighbour))).toBe('28P01');
  });

  it('many account names without a certificate learns nothing about which there are', async () => {
    const from = '198.51.100.40';
    const names = [
      'admin',
      'postgres',
      'root',
      'demo',
      second.name,
      `${gate.postern.account}x`,
      '',
      "' OR 1=1",
    ];
    const answers = await Promise.all(
      names.map((user) => answerTo(user, gate.postern.readerKey, { from, tls: bare })),
    );
    const told = answers.map((answer, index) =>
      answer === 'in' ? answer : [answer.sqlstate, names[index] === '' ? '' : answer.message],
    );
    const missing = ['28000', 'The client sent no certificate.'];
    expect(told).toEqual(names.map((name) => (name === '' ? ['28000', ''] : missing)));
    // It cannot be used up for others either: the account that needs no certificate is still there.
    expect(await answerTo(gate.postern.account, gate.postern.readerKey, { from, tls: bare })).toBe('in');
  });

  it("stolen keys of one account at another, with either's certificate, opens neither", async () => {
    const from = '198.51.100.50';
    const tries = [
      { user: gate.postern.account, key: second.masterKey, code: '28P01' },
      { user: second.name, key: second.masterKey, code: '28000' },
      { user: second.name, key: gate.postern.masterKey, tls: second.tls, code: '28P01' },
      { user: gate.postern.account, key: gate.postern.masterKey, tls: second.tls, code: '28000' },
    ];
    for (const { user, key, tls, code } of tries) {
      expect([user, codeOf(await answerTo(user, key, { from, ...(tls && { tls }) }))]).toEqual([user, code]);
    }
  });
});
