import { describe, expect, it } from 'vitest';
import { proveByScram } from '../support/raw-login.ts';
import { parseError } from '../support/raw-messages.ts';
import { type GreetingOptions, gateUnderTest, gateWith } from './gate-fixture.ts';
import { addSecondAccount } from './second-account.ts';

const gate = gateUnderTest({
  configure: gateWith({ trustedProxies: ['127.0.0.0/8'] }),
  allow: ['198.51.100.0/24'],
});

/** What becomes of a login with this key: the error, or `in`. */
const answerTo = async (key: string, options: GreetingOptions, user = gate.postern.account) => {
  const client = await gate.greeted({ user }, options);
  await proveByScram(client, key);
  const last = (await client.readThrough('EZ')).at(-1);
  client.close();
  return last?.type === 'E' ? parseError(last.body) : 'in';
};

const wrong = 'pst_wrong';
/** Guesses until that is throttled: how many it took, and the first other answer. */
const guess = async (from: string) => {
  for (let count = 1; ; count += 1) {
    const answer = await answerTo(wrong, { from });
    if (answer === 'in' || answer.sqlstate !== '28P01') return { count, answer };
  }
};

describe('guessing API keys', () => {
  it('is slowed down after five wrong ones, with the seconds to wait', async () => {
    const { count, answer } = await guess('198.51.100.7');
    expect(count).toBeGreaterThan(5);
    expect(answer).toMatchObject({
      severity: 'FATAL',
      sqlstate: '53300',
      message: expect.stringMatching(
        /^API key authentication failed, as too often before from this address: wait \d+ seconds?\.$/,
      ),
      hint: expect.stringContaining('A right API key is let in at once.'),
    });
  });

  it('locks nobody out who has a right key, and is forgiven by it', async () => {
    const from = '198.51.100.8';
    await guess(from);
    expect(await answerTo(gate.postern.readerKey, { from })).toBe('in');
    expect((await guess(from)).count).toBeGreaterThan(5);
  });

  it('slows down neither the account from other addresses, nor the address with other accounts', async () => {
    const from = '198.51.100.9';
    await guess(from);
    expect(await answerTo(wrong, { from: '198.51.100.10' })).toMatchObject({ sqlstate: '28P01' });

    const second = await addSecondAccount(gate.postern);
    await gate.postern.store.owner.query(
      "UPDATE postern.address_rules SET cidr = '198.51.100.0/24' WHERE account_id = (SELECT id FROM postern.accounts WHERE name = $1)",
      [second.name],
    );
    await gate.caughtUp();
    expect(await answerTo(wrong, { from, tls: second.tls }, second.name)).toMatchObject({
      sqlstate: '28P01',
    });
    await second.drop();
  });
});
