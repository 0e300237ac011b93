import type { ConnectionOptions } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { logIn } from '../support/raw-login.ts';
import { startup } from '../support/raw-messages.ts';
import { gateUnderTest } from './gate-fixture.ts';

const gate = gateUnderTest();
const hello = () => startup({ user: gate.postern.account });

const direct = async (changes: ConnectionOptions) => {
  const client = await gate.plain();
  await client.upgrade(gate.tlsOptions(changes));
  return client;
};

describe('direct TLS', () => {
  it('works with the protocol "postgresql"', async () => {
    const client = await direct({ ALPNProtocols: ['postgresql'] });
    expect(client.tls.alpnProtocol).toBe('postgresql');
    client.send(hello());
    await logIn(client, gate.postern.readerKey);
  });

  it('is refused without ALPN', async () => {
    const client = await direct({});
    client.send(hello());
    expect(await client.refusal()).toMatchObject({
      sqlstate: '08P01',
      message: 'A direct TLS connection must offer the protocol "postgresql" by ALPN.',
      hint: expect.stringContaining('sslnegotiation=postgres'),
    });
  });

  it('ends with an alert for another protocol', async () => {
    await expect(direct({ ALPNProtocols: ['http/1.1'] })).rejects.toThrow(/no application protocol/);
    await gate.logged({ reason: 'tls-failed', stage: 'encrypt' });
  });

  it.each([
    ['one byte and then nothing', Buffer.of(0x16), 'client-gone'],
    ['garbage', Buffer.concat([Buffer.of(0x16), Buffer.alloc(300, 0xff)]), 'tls-failed'],
    [
      'a record that is no ClientHello',
      Buffer.concat([Buffer.from('1603010100', 'hex'), Buffer.alloc(256, 7)]),
      'tls-failed',
    ],
  ])('that begins with 0x16 and goes on with %s harms nobody', async (_name, bytes, reason) => {
    const client = await gate.plain();
    client.send(bytes);
    client.endSending();
    await client.gone();
    await gate.logged({ reason, stage: 'encrypt' });
  });
});

describe('TLS after an SSLRequest', () => {
  it('takes the protocol "postgresql" where it is offered', async () => {
    const client = await gate.secured({ ALPNProtocols: ['postgresql'] });
    expect(client.tls.alpnProtocol).toBe('postgresql');
    client.send(hello());
    await logIn(client, gate.postern.readerKey);
  });

  it('ends with an alert for another protocol', async () => {
    await expect(gate.secured({ ALPNProtocols: ['h2'] })).rejects.toThrow(/no application protocol/);
  });

  it.each(['TLSv1', 'TLSv1.1'] as const)('refuses %s with an alert', async (version) => {
    const old = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' };
    await expect(gate.secured(old)).rejects.toThrow(/protocol version|unsupported protocol/);
  });

  it('survives a client that answers with garbage, or leaves', async () => {
    for (const answer of [Buffer.alloc(100, 0x41), Buffer.of(0x16, 0x03), Buffer.alloc(0)]) {
      const client = await gate.plain();
      client.send(Buffer.from('0000000804d2162f', 'hex'));
      expect(String(await client.read(1))).toBe('S');
      client.send(answer);
      client.endSending();
      await client.gone();
    }
  });
});

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('session resumption over %s', (version) => {
  const versions = { minVersion: version, maxVersion: version };

  it('is never given: a client that asks for it is refused without a certificate as at first', async () => {
    const first = await gate.secured(versions);
    const tickets: Buffer[] = [];
    first.tls.on('session', (ticket) => tickets.push(ticket));
    first.send(hello());
    await logIn(first, gate.postern.readerKey);
    const session = tickets.at(-1) ?? first.tls.getSession();

    const again = await gate.secured({ ...versions, session });
    expect(again.tls.isSessionReused()).toBe(false);
    again.send(hello());
    await logIn(again, gate.postern.readerKey);

    const bare = await gate.secured({ ...versions, session, cert: undefined, key: undefined });
    expect(bare.tls.isSessionReused()).toBe(false);
    bare.send(hello());
    expect(await bare.refusal()).toMatchObject({
      sqlstate: '28000',
      message: 'The client sent no certificate.',
    });
  });
});
