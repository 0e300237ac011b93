import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  continueScramClient,
  finishScramClient,
  maxScramIterations,
  startScramClient,
} from '../../src/wire/scram-client.ts';
import { deriveScramKeys, saltPassword } from '../../src/wire/scram-keys.ts';
import { finishScram, type ScramOffer, type ScramState, startScram } from '../../src/wire/scram-server.ts';
import { bytes, everyTruncation, hex, refusalOf } from './feed.ts';

const plus = 'SCRAM-SHA-256-PLUS';
const plain = 'SCRAM-SHA-256';

/** The exchange of RFC 7677 §3: user "user", password "pencil". */
const rfc = {
  clientFirst: 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
  serverNonce: '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
  salt: Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'),
  serverFirst: 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
  clientFinal:
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  serverFinal: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
};

const pencil = deriveScramKeys('pencil', rfc.salt, 4096);

const offer = (changes: Partial<ScramOffer> = {}): ScramOffer => ({
  mechanism: plain,
  clientFirst: rfc.clientFirst,
  salt: rfc.salt,
  iterations: 4096,
  serverNonce: rfc.serverNonce,
  channelBinding: { plusOffered: false, data: null },
  ...changes,
});

const withPlus = { plusOffered: true, data: hex('00ff10') };

describe('the exchange of RFC 7677', () => {
  test('is what the server says and accepts', () => {
    const { serverFirst, state } = startScram(offer());
    expect(serverFirst).toBe(rfc.serverFirst);
    expect(finishScram(state, rfc.clientFinal, [pencil])).toEqual({
      kind: 'accepted',
      candidate: pencil,
      serverFinal: rfc.serverFinal,
    });
  });

  test('is what the client says and accepts', () => {
    const state = {
      clientFirstBare: 'n=user,r=rOprNGfwEbeRWgbNEkqO',
      clientNonce: 'rOprNGfwEbeRWgbNEkqO',
      bindingValue: 'biws',
    };
    const answer = continueScramClient(state, rfc.serverFirst, (salt, iterations) =>
      saltPassword('pencil', salt, iterations),
    );
    expect(answer.clientFinal).toBe(rfc.clientFinal);
    expect(refusalOf(() => finishScramClient(answer.serverSignature, rfc.serverFinal))).toBeNull();
  });

  test('the keys are those that PostgreSQL would store', () => {
    expect(pencil.storedKey.toString('base64')).toBe('WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=');
    expect(pencil.serverKey.toString('base64')).toBe('wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=');
  });
});

describe('the first message of a client', () => {
  test.each([
    ['an empty one', ''],
    ['no GS2 header', 'n=user,r=abc'],
    ['an unknown flag', 'x,,n=,r=abc'],
    ['a flag with more behind it', 'nn,,n=,r=abc'],
    ['an authorization identity', 'n,a=admin,n=,r=abc'],
    ['garbage for an authorization identity', 'n,x,n=,r=abc'],
    ['a mandatory extension', 'n,,m=1,n=,r=abc'],
    ['no user name', 'n,,r=abc'],
    ['no nonce', 'n,,n=user'],
    ['an empty nonce', 'n,,n=,r='],
    ['a nonce with a blank', 'n,,n=,r=a bc'],
    ['a nonce with a high byte', 'n,,n=,r=a\xff'],
    ['attributes in another order', 'n,,r=abc,n='],
    ['an extension that is no attribute', 'n,,n=,r=abc,1'],
    ['a trailing comma', 'n,,n=,r=abc,'],
    ['channel binding without -PLUS', 'p=tls-server-end-point,,n=,r=abc'],
  ])('with %s is malformed', (_, clientFirst) => {
    expect(refusalOf(() => startScram(offer({ clientFirst })))).toBe('message-invalid');
  });

  test.each([
    ['a user name in any encoding, which is ignored', 'n,,n=\xe9\xff,r=abc'],
    ['the user name * of pgjdbc', 'n,,n=*,r=abc'],
    ['an optional extension', 'n,,n=,r=abc,x=1'],
    ['"y", when -PLUS was not offered', 'y,,n=,r=abc'],
  ])('with %s is accepted', (_, clientFirst) => {
    expect(startScram(offer({ clientFirst })).serverFirst).toMatch(/^r=abc%hvY/);
  });

  test.each([
    ['n,,n=,r=abc', 'message-invalid'],
    ['y,,n=,r=abc', 'message-invalid'],
    ['p=tls-unique,,n=,r=abc', 'message-invalid'],
    ['p=,,n=,r=abc', 'message-invalid'],
    ['p,,n=,r=abc', 'message-invalid'],
    ['p=tls-server-end-point,,n=,r=abc', null],
  ])('with -PLUS, %s gives %s', (clientFirst, code) => {
    expect(
      refusalOf(() => startScram(offer({ mechanism: plus, clientFirst, channelBinding: withPlus }))),
    ).toBe(code);
  });

  test('that denies an offer of -PLUS was tampered with', () => {
    const clientFirst = 'y,,n=,r=abc';
    expect(refusalOf(() => startScram(offer({ clientFirst, channelBinding: withPlus })))).toBe(
      'channel-binding-failed',
    );
  });

  test.each([
    [plus, { plusOffered: false, data: hex('00') }],
    [plus, { plusOffered: true, data: null }],
    ['SCRAM-SHA-1', withPlus],
    ['', withPlus],
    ['scram-sha-256', withPlus],
  ])('selecting %j, which was not offered, is malformed', (mechanism, channelBinding) => {
    const clientFirst = 'p=tls-server-end-point,,n=,r=abc';
    expect(refusalOf(() => startScram(offer({ mechanism, clientFirst, channelBinding })))).toBe(
      'message-invalid',
    );
  });
});

describe('the final message of a client', () => {
  const { state } = startScram(offer());
  const nonce = `r=${state.nonce}`;
  const proof = rfc.clientFinal.slice(rfc.clientFinal.indexOf('p='));
  const outcomeOf = (clientFinal: string, given: ScramState = state): string => {
    const code = refusalOf(() => finishScram(given, clientFinal, [pencil]));
    return code ?? finishScram(given, clientFinal, [pencil]).kind;
  };

  test.each([
    ['nothing', ''],
    ['no binding', `${nonce},${proof}`],
    ['another order', `${nonce},c=biws,${proof}`],
    ['another flag than before', `c=eSws,${nonce},${proof}`],
    ['binding data nobody asked for', `c=${Buffer.from('n,,x').toString('base64')},${nonce},${proof}`],
    ['no nonce', `c=biws,${proof}`],
    ['the client nonce alone', `c=biws,r=rOprNGfwEbeRWgbNEkqO,${proof}`],
    ['a longer nonce', `c=biws,${nonce}x,${proof}`],
    ['another nonce of the same length', `c=biws,${nonce.slice(0, -1)}1,${proof}`],
    ['no proof', `c=biws,${nonce}`],
    ['an empty proof', `c=biws,${nonce},p=`],
    ['a short proof', `c=biws,${nonce},p=${Buffer.alloc(31).toString('base64')}`],
    ['a long proof', `c=biws,${nonce},p=${Buffer.alloc(33).toString('base64')}`],
    ['a proof that is not base64', `c=biws,${nonce},p=${'!'.repeat(44)}`],
    ['a proof without its padding', `c=biws,${nonce},${proof.slice(0, -1)}`],
    ['something behind the proof', `c=biws,${nonce},${proof},x=1`],
    ['a second proof', `c=biws,${nonce},${proof},${proof}`],
    ['a trailing comma', `c=biws,${nonce},${proof},`],
  ])('with %s is malformed', (_, clientFinal) => {
    expect(outcomeOf(clientFinal)).toBe('message-invalid');
  });

  test('with an extension that the proof does not cover is rejected', () => {
    expect(outcomeOf(`c=biws,${nonce},x=1,${proof}`)).toBe('rejected');
  });

  test('is never accepted when cut off or changed in one byte', () => {
    for (const part of everyTruncation(bytes(rfc.clientFinal)))
      expect(outcomeOf(part.toString('latin1'))).not.toBe('accepted');
    for (let index = 0; index < rfc.clientFinal.length; index++) {
      const changed = bytes(rfc.clientFinal);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(outcomeOf(changed.toString('latin1'))).not.toBe('accepted');
    }
  });

  test('does not fit another exchange', () => {
    const other = startScram(offer({ serverNonce: 'another' })).state;
    expect(outcomeOf(rfc.clientFinal, other)).toBe('message-invalid');
  });
});

/** A whole exchange between both sides of this folder; gives the outcome at the server. */
const exchange = <Candidate extends { storedKey: Buffer; serverKey: Buffer }>(facts: {
  password: string;
  candidates: Iterable<Candidate>;
  clientBinding?: Buffer | null;
  serverBinding?: Buffer | null;
  tamper?: (serverFinal: string) => string;
}) => {
  const { password, candidates, clientBinding = null, serverBinding = null, tamper = (text) => text } = facts;
  const mechanisms = serverBinding === null ? [plain] : [plus, plain];
  const client = startScramClient({
    mechanisms,
    clientNonce: 'fyko+d2lbbFgONRv9qkxdawL',
    channelBinding: clientBinding,
  });
  const { serverFirst, state } = startScram({
    mechanism: client.mechanism,
    clientFirst: client.clientFirst,
    salt: hex('000102030405060708090a0b0c0d0e0f'),
    iterations: 16,
    serverNonce: '3rfcNHYJY1ZVvWVs7j',
    channelBinding: { plusOffered: serverBinding !== null, data: serverBinding },
  });
  const answer = continueScramClient(client.state, serverFirst, (salt, rounds) =>
    saltPassword(password, salt, rounds),
  );
  const outcome = finishScram(state, answer.clientFinal, candidates);
  if (outcome.kind === 'accepted') finishScramClient(answer.serverSignature, tamper(outcome.serverFinal));
  return { mechanism: client.mechanism, outcome };
};

describe('200 keys behind one user name', () => {
  const salt = hex('000102030405060708090a0b0c0d0e0f');
  let keys: { id: number; storedKey: Buffer; serverKey: Buffer }[] = [];

  beforeAll(() => {
    keys = Array.from({ length: 200 }, (_, id) => ({ id, ...deriveScramKeys(`pst_r_key${id}`, salt, 16) }));
  });

  test.each([0, 1, 99, 199])('the proof finds key %i', (id) => {
    const { mechanism, outcome } = exchange({ password: `pst_r_key${id}`, candidates: keys });
    expect(mechanism).toBe(plain);
    expect(outcome.kind === 'accepted' && outcome.candidate.id).toBe(id);
  });

  test.each(['pst_r_key200', 'pst_r_key', '', 'PST_R_KEY1'])('the wrong key "%s" is rejected', (password) => {
    expect(exchange({ password, candidates: keys }).outcome).toEqual({ kind: 'rejected' });
  });

  test('nobody is accepted when there is no key', () => {
    expect(exchange({ password: 'pst_r_key1', candidates: [] }).outcome).toEqual({ kind: 'rejected' });
  });

  test('with channel binding both sides choose -PLUS and the same key is found', () => {
    const certificate = Buffer.alloc(32, 5);
    const { mechanism, outcome } = exchange({
      password: 'pst_r_key42',
      candidates: keys.values(),
      clientBinding: certificate,
      serverBinding: certificate,
    });
    expect(mechanism).toBe(plus);
    expect(outcome.kind === 'accepted' && outcome.candidate.id).toBe(42);
  });

  test('a client that sees another certificate is refused even with the right key', () => {
    const facts = {
      password: 'pst_r_key42',
      candidates: keys,
      clientBinding: Buffer.alloc(32, 6),
      serverBinding: Buffer.alloc(32, 5),
    };
    expect(refusalOf(() => exchange(facts))).toBe('channel-binding-failed');
  });

  test('a client without binding data does not take the offered -PLUS', () => {
    const { mechanism, outcome } = exchange({
      password: 'pst_r_key42',
      candidates: keys,
      serverBinding: Buffer.alloc(32),
    });
    expect([mechanism, outcome.kind]).toEqual([plain, 'accepted']);
  });

  test('a client that could bind says so to a server that offers no -PLUS', () => {
    const { mechanism, outcome } = exchange({
      password: 'pst_r_key42',
      candidates: keys,
      clientBinding: Buffer.alloc(32),
    });
    expect([mechanism, outcome.kind]).toEqual([plain, 'accepted']);
  });

  test('a server that does not prove itself is not believed', () => {
    const facts = { password: 'pst_r_key42', candidates: keys };
    const wrong = `v=${Buffer.alloc(32).toString('base64')}`;
    for (const serverFinal of [wrong, 'v=', 'v=AAAA', '', 'garbage', 'x=1']) {
      expect(refusalOf(() => exchange({ ...facts, tamper: () => serverFinal }))).toBe('backend-misbehaved');
    }
    expect(refusalOf(() => exchange({ ...facts, tamper: () => 'e=invalid-proof' }))).toBe(
      'backend-rejected-role',
    );
  });
});

describe('the first message of a backend', () => {
  const client = startScramClient({ mechanisms: [plain], clientNonce: 'abc', channelBinding: null });
  const never = (): Buffer => {
    throw new Error('no work may be done for a malformed message');
  };

  test.each([
    ['nothing', ''],
    ['an error', 'e=other-error'],
    ['a mandatory extension', 'm=1,r=abcd,s=AAAA,i=4096'],
    ['another nonce', 'r=xyzd,s=AAAA,i=4096'],
    ['our nonce alone', 'r=abc,s=AAAA,i=4096'],
    ['a nonce with a blank', 'r=abc d,s=AAAA,i=4096'],
    ['no salt', 'r=abcd,i=4096'],
    ['an empty salt', 'r=abcd,s=,i=4096'],
    ['a salt that is not base64', 'r=abcd,s=A*AA,i=4096'],
    ['no iteration count', 'r=abcd,s=AAAA'],
    ['no rounds', 'r=abcd,s=AAAA,i=0'],
    ['a negative count', 'r=abcd,s=AAAA,i=-1'],
    ['a count in hex', 'r=abcd,s=AAAA,i=0x10'],
    ['a count that blocks us', `r=abcd,s=AAAA,i=${maxScramIterations + 1}`],
    ['a count beyond all bounds', `r=abcd,s=AAAA,i=2147483647`],
  ])('with %s is refused before any round is computed', (_, serverFirst) => {
    expect(refusalOf(() => continueScramClient(client.state, serverFirst, never))).toBe('backend-misbehaved');
  });

  test.each([[[]], [['SCRAM-SHA-1']], [[plus]]])(
    'an offer of %j alone is refused without binding data',
    (mechanisms) => {
      expect(
        refusalOf(() => startScramClient({ mechanisms, clientNonce: 'abc', channelBinding: null })),
      ).toBe('backend-misbehaved');
    },
  );
});

describe('properties', () => {
  const scramText = fc.string({
    unit: fc.constantFrom(...'nyparcsvim=,+/A1 \x00\xff'),
    maxLength: 80,
  });

  test('no text makes either side throw anything but Refusal', () => {
    const { state } = startScram(offer());
    const client = startScramClient({ mechanisms: [plain], clientNonce: 'a', channelBinding: null });
    fc.assert(
      fc.property(scramText, (text) => {
        refusalOf(() => startScram(offer({ clientFirst: text })));
        refusalOf(() => startScram(offer({ clientFirst: `n,,n=,r=a${text}` })));
        expect(refusalOf(() => finishScram(state, text, [pencil]))).toBe('message-invalid');
        refusalOf(() => finishScram(state, `c=biws,r=${state.nonce},${text}`, [pencil]));
        refusalOf(() => continueScramClient(client.state, text, () => Buffer.alloc(32)));
        refusalOf(() => continueScramClient(client.state, `r=ab,s=AAAA,${text}`, () => Buffer.alloc(32)));
        refusalOf(() => finishScramClient(Buffer.alloc(32), text));
      }),
    );
  });

  test('any password and binding data that both sides share are accepted, and only those', () => {
    const salt = hex('000102030405060708090a0b0c0d0e0f');
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.option(fc.uint8Array({ minLength: 1, maxLength: 64 })),
        (mine, other, data) => {
          const binding = data === null ? null : Buffer.from(data);
          const facts = { password: mine, clientBinding: binding, serverBinding: binding };
          const own = deriveScramKeys(mine, salt, 16);
          const foreign = deriveScramKeys(`${other}!`, salt, 16);
          expect(exchange({ ...facts, candidates: [foreign, own] }).outcome).toMatchObject({
            kind: 'accepted',
          });
          fc.pre(mine !== `${other}!`);
          expect(exchange({ ...facts, candidates: [foreign] }).outcome).toEqual({ kind: 'rejected' });
        },
      ),
    );
  });
});
