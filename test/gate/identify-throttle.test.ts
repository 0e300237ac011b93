import { describe, expect, it } from 'vitest';
import { pollUntil } from '../support/poll.ts';
import { parseError } from '../support/raw-client.ts';
import { proveByScram } from '../support/raw-login.ts';
import { gateUnderTest, gateWith } from './gate-fixture.ts';
import { addSecondAccount } from './second-account.ts';

const gate = gateUnderTest({
  configure: gateWith({ trustedProxies: ['127.0.0.0/8'] }),
  allow: ['198.51.100.0/24'],
});

/** What becomes of a login with this key: a SQLSTATE, or `in`. */
const attempt = async (key: string, from: string): Promise<string> => {
  const client = await gate.greeted({}, { from });
  await proveByScram(client, key).catch(() => 'It was refused before it was asked for a key.');
  const last = (await client.readThrough('EZ').catch(() => [])).at(-1);
  client.close();
  if (last === undefined)
    return String((await gate.logged({ address: from, reason: 'throttled' }))['sqlstate']);
  return last.type === 'E' ? parseError(last.body).sqlstate : 'in';
};

const wrong = 'pst_wrong';
const attempts = async (count: number, key: string, from: string): Promise<string[]> => {
  const seen: string[] = [];
  for (let time = 0; time < count; time += 1) seen.push(await attempt(key, from));
  return seen;
};

describe('guessing API keys', () => {
  it('is slowed down after five wrong ones, with the seconds to wait, before a key is asked for', async () => {
    const from = '198.51.100.7';
    expect(await attempts(5, wrong, from)).toEqual(Array(5).fill('28P01'));
    const client = await gate.greeted({}, { from });
    expect(await client.refusal()).toMatchObject({
      severity: 'FATAL',
      sqlstate: '53300',
      message: 'Too many wrong API keys from this address: wait 1 seconds.',
      hint: expect.stringContaining('Correct the API key'),
    });
    expect(await attempts(1, gate.postern.readerKey, from)).toEqual(['53300']);
  });

  it('does not lock the account out for other addresses, nor the address for other accounts', async () => {
    const from = '198.51.100.8';
    await attempts(6, wrong, from);
    expect(await attempt(gate.postern.readerKey, '198.51.100.9')).toBe('in');

    const second = await addSecondAccount(gate.postern);
    await gate.postern.store.owner.query(
      "UPDATE postern.address_rules SET cidr = '198.51.100.0/24' WHERE account_id = (SELECT id FROM postern.accounts WHERE name = $1)",
      [second.name],
    );
    await gate.caughtUp();
    const client = await gate.greeted({ user: second.name }, { from, tls: second.tls });
    expect(await client.readMessage()).toMatchObject({ type: 'R' });
    client.close();
    await second.drop();
  });

  it('is forgiven by a right key, also after a wait', async () => {
    const from = '198.51.100.10';
    expect(await attempts(4, wrong, from)).toEqual(Array(4).fill('28P01'));
    expect(await attempt(gate.postern.readerKey, from)).toBe('in');
    expect(await attempts(5, wrong, from)).toEqual(Array(5).fill('28P01'));
    await pollUntil(async () => (await attempt(gate.postern.readerKey, from)) === 'in', {
      intervalMs: 100,
    });
    expect(await attempts(4, wrong, from)).toEqual(Array(4).fill('28P01'));
  });
});
