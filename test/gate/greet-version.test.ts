import { describe, expect, it } from 'vitest';
import { logIn } from '../support/raw-login.ts';
import { packet, type RawMessage, startup } from '../support/raw-messages.ts';
import { gateUnderTest } from './gate-fixture.ts';

const gate = gateUnderTest();
const hello = (minor: number, parameters = {}) =>
  startup({ user: gate.postern.account, ...parameters }, minor);

/** PostgreSQL manual, "NegotiateProtocolVersion"; PostgreSQL sends the whole version and not only the minor. */
const negotiation = ({ body }: RawMessage) => ({
  version: body.readInt32BE(),
  options: body.toString('latin1', 8).split('\0').slice(0, body.readInt32BE(4)),
});

const cancelSecretBytes = (greeting: readonly RawMessage[]) =>
  (greeting.find(({ type }) => type === 'K')?.body.length ?? 0) - 4;

describe('a protocol version', () => {
  it.each([
    ['2.0', 0x0002_0000],
    ['4.0', 0x0004_0000],
    ['0.0', 0],
    ['1234.5681', (1234 << 16) | 5681],
  ])('%s is refused by its name', async (name, code) => {
    const client = await gate.secured();
    client.send(packet(code, Buffer.from(`user\0${gate.postern.account}\0\0`)));
    expect(await client.refusal()).toMatchObject({
      sqlstate: '0A000',
      message: `Unsupported protocol version ${name}: Postern speaks 3.0 and 3.2.`,
    });
  });

  it.each([
    [0, 4],
    [1, 4],
    [2, 32],
  ])('3.%d is spoken as it is, with a cancel key of %d bytes', async (minor, bytes) => {
    const client = await gate.secured();
    client.send(hello(minor));
    const greeting = await logIn(client, gate.postern.readerKey);
    expect(cancelSecretBytes(greeting)).toBe(bytes);
  });

  it.each([3, 9999, 0xffff])('3.%d becomes 3.2, said before authentication', async (minor) => {
    const client = await gate.secured();
    client.send(hello(minor));
    const answer = await client.readMessage();
    expect(answer.type).toBe('v');
    expect(negotiation(answer)).toEqual({ version: 0x0003_0002, options: [] });
    expect(cancelSecretBytes(await logIn(client, gate.postern.readerKey))).toBe(32);
  });
});

describe('an unknown option of the protocol', () => {
  it.each([
    ['with a version as from newer clients', 9999, 2],
    ['with 3.2', 2, 2],
    ['with 3.0', 0, 0],
  ])('is declined by its name, and the login goes on: %s', async (_name, asked, agreed) => {
    const client = await gate.secured();
    client.send(hello(asked, { '_pq_.test_protocol_negotiation': '', '_pq_.other': 'x' }));
    const answer = await client.readMessage();
    expect(answer.type).toBe('v');
    expect(negotiation(answer)).toEqual({
      version: 0x0003_0000 | agreed,
      options: ['_pq_.test_protocol_negotiation', '_pq_.other'],
    });
    await logIn(client, gate.postern.readerKey);
  });
});
