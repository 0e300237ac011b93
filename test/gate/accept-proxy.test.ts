import { describe, expect, it } from 'vitest';
import { buildSslRequest } from '../../src/wire/frontend-messages.ts';
import { logIn } from '../support/raw-login.ts';
import { startup } from '../support/raw-messages.ts';
import { gateUnderTest, gateWith, proxyHeader } from './gate-fixture.ts';

const allowed = '198.51.100.30';
const allowedV6 = '2001:db8::30';
const allow = ['198.51.100.0/24', '2001:db8::/32'];

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

/** Version 2 (proxy-protocol.txt §2.2): command and family as they stand in the header, then the address block. */
const version2 = (command: number, family: number, block: Buffer): Buffer => {
  const head = Buffer.alloc(4);
  head.set([command, family]);
  head.writeUInt16BE(block.length, 2);
  return Buffer.concat([signature, head, block]);
};
const block4 = (address: string) =>
  Buffer.concat([
    Buffer.from(address.split('.').map(Number)),
    Buffer.from([127, 0, 0, 1, 0x9c, 0x40, 0x19, 0x20]),
  ]);
const block6 = Buffer.from(`20010db8${'0'.repeat(22)}30${'0'.repeat(32)}9c401920`, 'hex');
const tlv = Buffer.from([0x04, 0x00, 0x02, 0xaa, 0xbb]);

const proxies = (trustedProxies: readonly string[]) => ({ configure: gateWith({ trustedProxies }), allow });

describe('a PROXY header from a trusted sender', () => {
  const gate = gateUnderTest(proxies(['127.0.0.1/32']));
  const enter = async (header: Buffer, pieceBytes?: number) => {
    const client = await gate.plain();
    if (pieceBytes === undefined) client.send(header);
    else await client.sendInPieces(header, pieceBytes);
    await client.requestTls(gate.tlsOptions());
    client.send(startup({ user: gate.postern.account }));
    return client;
  };

  it.each<[string, Buffer, string]>([
    ['version 1, IPv4', proxyHeader(allowed), allowed],
    ['version 1, IPv6', proxyHeader(allowedV6), allowedV6],
    ['version 1, IPv4 as IPv6', proxyHeader(`::ffff:${allowed}`), allowed],
    ['version 2, IPv4', version2(0x21, 0x11, block4(allowed)), allowed],
    [
      'version 2, IPv4 with more behind it',
      version2(0x21, 0x11, Buffer.concat([block4(allowed), tlv])),
      allowed,
    ],
    ['version 2, IPv6', version2(0x21, 0x21, block6), allowedV6],
  ])('names the client that the allowlist sees: %s', async (_name, header, address) => {
    const client = await enter(header);
    await logIn(client, gate.postern.readerKey);
    client.close();
    expect(await gate.logged({ address })).toMatchObject({ outcome: 'admitted', port: 40_000 });
  });

  it.each<[string, Buffer]>([
    ['version 1', proxyHeader(allowed)],
    ['version 2', version2(0x21, 0x11, block4(allowed))],
  ])('may arrive one byte at a time: %s', async (_name, header) => {
    await logIn(await enter(header, 1), gate.postern.readerKey);
  });

  it('may arrive in one packet with what follows', async () => {
    const client = await gate.plain();
    client.send(version2(0x21, 0x11, block4(allowed)), buildSslRequest());
    expect(String(await client.read(1))).toBe('S');
    await client.upgrade(gate.tlsOptions());
    client.send(startup({ user: gate.postern.account }));
    await logIn(client, gate.postern.readerKey);
  });

  it.each<[string, Buffer, string]>([
    ['a foreign client', proxyHeader('203.0.113.9'), '203.0.113.9'],
    ['the balancer itself, LOCAL', version2(0x20, 0x00, Buffer.alloc(0)), '127.0.0.1'],
    ['nobody, UNKNOWN', Buffer.from('PROXY UNKNOWN\r\n'), '127.0.0.1'],
    ['nobody, UNSPEC', version2(0x21, 0x00, Buffer.alloc(0)), '127.0.0.1'],
  ])('does not open the gate for %s', async (_name, header, address) => {
    expect(await (await enter(header)).refusal()).toMatchObject({
      sqlstate: '28000',
      message: `The address ${address} is not in the allowlist of the account "${gate.postern.account}".`,
      detail: expect.stringContaining(`from ${address}`),
    });
  });

  it.each<[string, Buffer]>([
    ['is missing', buildSslRequest()],
    ['is garbage', Buffer.from('PROXY TCP4 here there 1 2\r\n')],
    ['never ends', Buffer.concat([Buffer.from('PROXY TCP4 '), Buffer.alloc(200, 0x31)])],
    ['announces 60 000 bytes', Buffer.concat([signature, Buffer.from([0x21, 0x11, 0xea, 0x60])])],
    ['has an unknown command', version2(0x2f, 0x11, block4(allowed))],
    ['is for datagrams', version2(0x21, 0x12, block4(allowed))],
    ['is cut short inside', version2(0x21, 0x11, Buffer.alloc(4))],
  ])('is required: the connection is closed when it %s', async (_name, bytes) => {
    const client = await gate.plain();
    client.send(bytes);
    expect(await client.rest()).toHaveLength(0);
    await gate.logged({ reason: 'proxy-header-invalid', stage: 'accept', level: 'warn' });
  });
});

describe('a PROXY header from anybody else', () => {
  const gate = gateUnderTest(proxies(['192.0.2.0/24']));

  it.each<[string, Buffer]>([
    ['version 1', proxyHeader(allowed)],
    ['version 2', version2(0x21, 0x11, block4(allowed))],
  ])('is garbage and not believed: %s', async (_name, header) => {
    const client = await gate.plain();
    client.send(header, buildSslRequest());
    expect(await client.rest()).toHaveLength(0);
    expect(await gate.logged({ reason: 'not-postgresql' })).toMatchObject({ address: '127.0.0.1' });
  });

  it('is not needed', async () => {
    const client = await gate.greeted();
    expect(await client.refusal()).toMatchObject({ message: expect.stringContaining('127.0.0.1') });
  });
});
