/** What the gate asks the policy: an address among the rules of an account, and the key behind a password. */

import { describe, expect, test } from 'vitest';
import { admittedUntil, compileAddresses } from '../../../src/policy/addresses.ts';
import { parseAddress } from '../../../src/policy/cidr.ts';
import { keyOfPassword } from '../../../src/policy/judge.ts';
import { createKeyText, digestOf, parseKeyText } from '../../../src/policy/key-text.ts';
import { recheckSession } from '../../../src/policy/recheck.ts';
import { accountWith, address, key, now, rule } from '../../policy/sample-account.ts';
import { measure, microseconds, nanoseconds } from './measure.ts';

const times = 1_000;

const repeatedly = (act: () => unknown) => () => {
  for (let time = 0; time < times; time += 1) act();
};

/** Networks of 16 addresses, every second of which is allowed, in IPv4 and IPv6. */
const rulesOf = (count: number) =>
  Array.from({ length: count }, (_, index) => {
    const [high, low] = [(index >> 3) & 0xff, (index & 7) * 32];
    return rule(
      index % 2 === 0 ? `10.${index >> 11}.${high}.${low}/28` : `2001:db8:${index.toString(16)}::/48`,
    );
  });

describe('an address', () => {
  test.for([3, 100, 10_000])('among %i rules', async (count, { bench }) => {
    const set = compileAddresses(rulesOf(count));
    const [inside, outside, sixth] = ['10.0.0.1', '10.0.0.17', '2001:db8:1::1'].map(address);
    if (!inside || !outside || !sixth) throw new Error('no addresses');
    expect([inside, outside, sixth].map((each) => admittedUntil(set, each))).toEqual([Infinity, 0, Infinity]);
    const match = () => admittedUntil(set, inside) + admittedUntil(set, outside) + admittedUntil(set, sixth);
    await measure(bench, `address among ${count} rules`, repeatedly(match), nanoseconds(3 * times));
  });

  test('from its text', async ({ bench }) => {
    const parse = repeatedly(() => parseAddress('203.0.113.7'));
    await measure(bench, 'address from its text (once per connection)', parse, microseconds(times));
  });
});

test('a live session judged again', async ({ bench }) => {
  const account = accountWith();
  const claims = {
    accountId: account.id,
    address: address('198.51.100.7'),
    shownAddress: '198.51.100.7',
    certificateId: account.certificates[0]?.id ?? null,
    keyId: key.id,
    keyDigest: key.digest,
  };
  expect(recheckSession(claims, account, now).kind).toBe('admitted');
  const judge = repeatedly(() => recheckSession(claims, account, now));
  await measure(bench, 'live session judged again after a change', judge, nanoseconds(times));
});

describe('a password', () => {
  test('that is a key, by its shape and checksum', async ({ bench }) => {
    const text = createKeyText('regular');
    const parse = repeatedly(() => parseKeyText(text));
    await measure(bench, 'shape and checksum of a key', parse, microseconds(times));
  });

  test.for([1, 3, 200])('among %i keys', async (count, { bench }) => {
    const text = createKeyText('regular');
    const others = Array.from({ length: count - 1 }, () => ({
      ...key,
      digest: digestOf(createKeyText('regular')),
    }));
    const keys = [...others, { ...key, digest: digestOf(text) }];
    expect(keyOfPassword(keys, text)).toBe(keys.at(-1));
    const find = repeatedly(() => keyOfPassword(keys, text));
    await measure(bench, `password among ${count} keys, the last one fits`, find, microseconds(times));
  });
});
