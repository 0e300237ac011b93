import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { buildSaslInitialResponse, buildSaslResponse } from '../../src/wire/frontend-messages.ts';
import { logIn, proveByScram } from '../support/raw-login.ts';
import { message } from '../support/raw-messages.ts';
import { gateUnderTest } from './gate-fixture.ts';

const gate = gateUnderTest();
const plain = 'SCRAM-SHA-256';
const plus = 'SCRAM-SHA-256-PLUS';

/** A client that has been asked for its key. */
const asked = async () => {
  const client = await gate.greeted();
  const offer = await client.readMessage();
  expect(offer.body.toString('latin1', 4)).toBe(`${plus}\0${plain}\0\0`);
  return client;
};

/** A client that has the server's first SCRAM message, and the nonce in it. */
const begun = async () => {
  const client = await asked();
  client.send(buildSaslInitialResponse(plain, 'n,,n=,r=fyko'));
  const first = await client.readMessage();
  return { client, nonce: /r=([^,]*)/.exec(first.body.toString('latin1', 4))?.[1] ?? '' };
};

describe('channel binding', () => {
  it('to the certificate that the gate shows is accepted', async () => {
    await logIn(await gate.greeted(), gate.postern.readerKey, { binding: 'plus' });
  });

  it('is not needed', async () => {
    await logIn(await gate.greeted(), gate.postern.readerKey, { binding: 'plain' });
  });

  it.each([
    ['to another certificate', randomBytes(32)],
    ['to nothing', Buffer.alloc(0)],
  ])('%s is refused and logged loudly', async (_name, binding) => {
    const client = await gate.greeted();
    await proveByScram(client, gate.postern.readerKey, { binding });
    expect(await client.refusal()).toMatchObject({
      sqlstate: '28000',
      message: expect.stringContaining('The channel binding check failed'),
      hint: expect.stringContaining('Something between'),
    });
    await gate.logged({ reason: 'channel-binding-failed', level: 'warn', stage: 'identify' });
  });

  it('that was taken out of the offer is missed by the client and told to it', async () => {
    const client = await asked();
    client.send(buildSaslInitialResponse(plain, 'y,,n=,r=fyko'));
    expect(await client.refusal()).toMatchObject({
      sqlstate: '28000',
      message: expect.stringContaining('The channel binding check failed'),
    });
  });
});

const initial = (mechanism: string, data: string) => buildSaslInitialResponse(mechanism, data);

describe('the first SASL message', () => {
  it.each<[string, Buffer]>([
    ['selects a mechanism that was not offered', initial('SCRAM-SHA-1', 'n,,n=,r=fyko')],
    ['selects nothing', initial('', 'n,,n=,r=fyko')],
    ['asks to bind without -PLUS', initial(plain, 'p=tls-server-end-point,,n=,r=fyko')],
    ['does not bind with -PLUS', initial(plus, 'n,,n=,r=fyko')],
    ['binds to something unknown', initial(plus, 'p=tls-unique,,n=,r=fyko')],
    ['wants to be somebody else', initial(plain, 'n,a=admin,n=,r=fyko')],
    ['has an extension', initial(plain, 'n,,m=x,n=,r=fyko')],
    ['has no nonce', initial(plain, 'n,,n=')],
    ['has an empty nonce', initial(plain, 'n,,n=,r=')],
    ['is no SCRAM', initial(plain, 'hello')],
    ['is empty', initial(plain, '')],
    ['holds a NUL', initial(plain, 'n,,n=,r=fy\0ko')],
    ['has no end of its mechanism', message('p', Buffer.from(plain))],
    ['has a wrong length inside', message('p', Buffer.from(`${plain}\0\0\0\0\x7fn,,n=,r=fyko`))],
    ['has a length of -1 inside', message('p', Buffer.from(`${plain}\0\xff\xff\xff\xff`, 'latin1'))],
    ['is longer than 1024 bytes', initial(plain, `n,,n=,r=${'x'.repeat(1024)}`)],
    ['claims to have two gigabytes', Buffer.from('707fffffff', 'hex')],
    ['claims a negative length', Buffer.from('70ffffffff', 'hex')],
    ['is a query', message('Q', Buffer.from('SELECT 1\0'))],
    ['is a goodbye', message('X', Buffer.alloc(0))],
  ])('is refused when it %s', async (_name, bytes) => {
    const client = await asked();
    client.send(bytes);
    expect(await client.refusal()).toMatchObject({
      severity: 'FATAL',
      sqlstate: '08P01',
      message: expect.stringMatching(/^The answer to the request for the API key is malformed: /),
    });
  });
});

describe('the final SASL message', () => {
  const proof = randomBytes(32).toString('base64');

  it.each<[string, (nonce: string) => string]>([
    ['has another nonce', () => `c=biws,r=other,p=${proof}`],
    ['repeats another binding flag', (nonce) => `c=eSws,r=${nonce},p=${proof}`],
    ['has no proof', (nonce) => `c=biws,r=${nonce}`],
    ['has a short proof', (nonce) => `c=biws,r=${nonce},p=AAAA`],
    ['has a proof that is no base64', (nonce) => `c=biws,r=${nonce},p=${'!'.repeat(44)}`],
    ['goes on behind its proof', (nonce) => `c=biws,r=${nonce},p=${proof},x=y`],
    ['is longer than 1024 bytes', (nonce) => `c=biws,r=${nonce},x=${'x'.repeat(1024)},p=${proof}`],
    ['is no SCRAM', () => 'hello'],
  ])('is refused when it %s', async (_name, text) => {
    const { client, nonce } = await begun();
    client.send(buildSaslResponse(text(nonce)));
    expect(await client.refusal()).toMatchObject({ sqlstate: '08P01' });
  });

  it('may come one byte at a time', async () => {
    const { client, nonce } = await begun();
    await client.sendInPieces(buildSaslResponse(`c=biws,r=${nonce},p=${proof}`));
    expect(await client.refusal()).toMatchObject({ sqlstate: '28P01' });
    // Success wipes the slate for the other tests.
    await gate.loggedIn();
  });
});
