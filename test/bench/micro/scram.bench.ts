/** The steps of SCRAM without the network: towards clients among few and many keys, and towards backends. */

import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { continueScramClient, finishScramClient, startScramClient } from '../../../src/wire/scram-client.ts';
import { deriveScramKeys, type ScramKeys, saltPassword } from '../../../src/wire/scram-keys.ts';
import { finishScram, type ScramOffer, startScram } from '../../../src/wire/scram-server.ts';
import { measure, microseconds } from './measure.ts';

const times = 50;

const repeatedly = (act: () => unknown) => () => {
  for (let time = 0; time < times; time += 1) act();
};

const salt = randomBytes(16);
const iterations = 4_096;
const password = 'pst_r_0123456789abcdefghijklmnopq_012345';
const right = deriveScramKeys(password, salt, iterations);
const salted = right.saltedPassword;
const binding = randomBytes(32);
const mechanisms = ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'];

const startClient = () =>
  startScramClient({
    mechanisms,
    clientNonce: randomBytes(18).toString('base64'),
    channelBinding: binding,
  });

/** One exchange with channel binding, up to where the server has to find the key. */
const begin = () => {
  const { mechanism, clientFirst, state: client } = startClient();
  const offer: ScramOffer = {
    mechanism,
    clientFirst,
    salt,
    iterations,
    serverNonce: randomBytes(18).toString('base64'),
    channelBinding: { plusOffered: true, data: binding },
  };
  const { serverFirst, state: server } = startScram(offer);
  return {
    client,
    offer,
    serverFirst,
    server,
    answer: continueScramClient(client, serverFirst, () => salted),
  };
};

const { client, offer, serverFirst, server, answer } = begin();

/** Keys that do not fit, taken at random: nothing is derived from a password. */
const others = (count: number): ScramKeys[] =>
  Array.from({ length: count }, () => ({ ...right, storedKey: randomBytes(32), serverKey: randomBytes(32) }));

describe('towards the client', () => {
  test('the first step', async ({ bench }) => {
    const step = repeatedly(() => startScram(offer));
    await measure(bench, 'SCRAM to the client, first step', step, microseconds(times));
  });

  const cases = [1, 3, 200].flatMap((count) => [
    { count, hit: true, keys: [...others(count - 1), right] },
    { count, hit: false, keys: others(count) },
  ]);

  test.for(cases)('the last step among $count keys, hit: $hit', async ({ count, hit, keys }, { bench }) => {
    expect(finishScram(server, answer.clientFinal, keys).kind).toBe(hit ? 'accepted' : 'rejected');
    const what = `SCRAM to the client, last step among ${count} keys, ${hit ? 'the last one fits' : 'none fits'}`;
    const step = repeatedly(() => finishScram(server, answer.clientFinal, keys));
    await measure(bench, what, step, microseconds(times));
  });
});

describe('towards the backend', () => {
  const { candidate: _, ...verdict } = finishScram(server, answer.clientFinal, [right]) as {
    candidate: ScramKeys;
    serverFinal: string;
  };

  test('all steps with the salted password at hand', async ({ bench }) => {
    const steps = repeatedly(() => {
      startClient();
      const { serverSignature } = continueScramClient(client, serverFirst, () => salted);
      finishScramClient(serverSignature, verdict.serverFinal);
    });
    await measure(
      bench,
      'SCRAM to the backend, all steps, salted password cached',
      steps,
      microseconds(times),
    );
  });

  test('salting the password', async ({ bench }) => {
    await measure(
      bench,
      `salted password of ${iterations} rounds, not cached`,
      () => saltPassword(password, salt, iterations),
      microseconds(1),
    );
  });
});
