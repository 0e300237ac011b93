import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseProxyHeader } from '../../src/wire/proxy-header.ts';
import { bytes, everyTruncation, hex } from './feed.ts';

const signature = hex('0d0a0d0a000d0a515549540a');
const version2 = (command: number, family: number, block: Buffer): Buffer =>
  bytes(signature, command, family, block.length >> 8, block.length & 0xff, block);

const ipv4Block = hex('cb007107 0a000001 d431 1538');
const ipv6Block = hex('20010db8000000000000000000000007 fd000000000000000000000000000001 d431 1538');
const mappedBlock = hex('00000000000000000000ffffcb007107 fd000000000000000000000000000001 d431 1538');
/** PP2_TYPE_NOOP of three bytes. */
const tlv = hex('040003000000');

describe('a whole header', () => {
  test.each([
    ['1 over IPv4', bytes('PROXY TCP4 203.0.113.7 10.0.0.1 54321 5432\r\n'), '203.0.113.7'],
    ['1 over IPv6', bytes('PROXY TCP6 2001:0DB8:0:0::0007 fd00::1 54321 5432\r\n'), '2001:db8::7'],
    [
      '1 over IPv6 with a mapped address',
      bytes('PROXY TCP6 ::ffff:203.0.113.7 ::1 54321 5432\r\n'),
      '203.0.113.7',
    ],
    ['2 over IPv4', version2(0x21, 0x11, ipv4Block), '203.0.113.7'],
    ['2 over IPv4 with TLVs', version2(0x21, 0x11, bytes(ipv4Block, tlv)), '203.0.113.7'],
    ['2 over IPv6', version2(0x21, 0x21, ipv6Block), '2001:db8::7'],
    ['2 over IPv6 with a mapped address', version2(0x21, 0x21, mappedBlock), '203.0.113.7'],
    [
      '2 of the longest length',
      version2(0x21, 0x11, bytes(ipv4Block, Buffer.alloc(4096 - 16 - 12))),
      '203.0.113.7',
    ],
  ])('of version %s tells the address', (_, header, address) => {
    const expected = { kind: 'proxied', headerBytes: header.length, address, port: 54321 };
    expect(parseProxyHeader(header)).toEqual(expected);
    expect(parseProxyHeader(bytes(header, hex('00000008 04d2162f')))).toEqual(expected);
  });

  test.each([
    ['1 for an unknown family', bytes('PROXY UNKNOWN\r\n')],
    ['1 for an unknown family with addresses', bytes('PROXY UNKNOWN ffff::1 whatever, even this\r\n')],
    ['2 for the sender itself', version2(0x20, 0x00, bytes())],
    ['2 for the sender itself with a family', version2(0x20, 0x11, ipv4Block)],
    ['2 for the sender itself with an unknown family', version2(0x20, 0xff, bytes())],
    ['2 for an unspecified family', version2(0x21, 0x00, tlv)],
    ['2 for a UNIX socket', version2(0x21, 0x31, Buffer.alloc(216, 0x2f))],
  ])("of version %s leaves the socket's own address", (_, header) => {
    expect(parseProxyHeader(bytes(header, 'more'))).toEqual({ kind: 'local', headerBytes: header.length });
  });
});

describe('a header that arrives in pieces', () => {
  test.each([
    ['1', bytes('PROXY TCP4 203.0.113.7 10.0.0.1 54321 5432\r\n')],
    ['1 for an unknown family', bytes('PROXY UNKNOWN\r\n')],
    ['2', version2(0x21, 0x21, bytes(ipv6Block, tlv))],
    ['2 for the sender itself', version2(0x20, 0x00, bytes())],
  ])('of version %s asks for more, and never for more than there is', (_, header) => {
    for (const part of everyTruncation(header)) {
      const parsed = parseProxyHeader(part);
      expect(parsed.kind).toBe('need-more');
      if (parsed.kind !== 'need-more') continue;
      expect(parsed.minimum).toBeGreaterThan(part.length);
      expect(parsed.minimum).toBeLessThanOrEqual(header.length);
    }
  });
});

describe('what is not a header', () => {
  test.each([
    ['a startup packet', hex('00000008 04d2162f')],
    ['TLS', hex('16030100')],
    ['one wrong letter', bytes('PROXX')],
    ['a wrong byte in the signature', bytes(signature.subarray(0, 11), 'X')],
    ['lower case', bytes('proxy TCP4 ')],
  ])('%s is invalid at its first wrong byte', (_, start) => {
    expect(parseProxyHeader(start).kind).toBe('invalid');
  });

  test.each([
    'PROXY',
    'PROXY  TCP4 203.0.113.7 10.0.0.1 1 2',
    'PROXY TCP5 203.0.113.7 10.0.0.1 1 2',
    'PROXY TCP4',
    'PROXY TCP4 203.0.113.7 10.0.0.1 1',
    'PROXY TCP4 203.0.113.7 10.0.0.1 1 2 3',
    'PROXY TCP4 203.0.113.7  10.0.0.1 1 2',
    'PROXY TCP4 203.0.113.7 10.0.0.1 1 2 ',
    'PROXY TCP4 203.0.113.07 10.0.0.1 1 2',
    'PROXY TCP4 203.0.113.256 10.0.0.1 1 2',
    'PROXY TCP4 203.0.113 10.0.0.1 1 2',
    'PROXY TCP4 203.0.113.7 10.0.0 1 2',
    'PROXY TCP4 2001:db8::7 fd00::1 1 2',
    'PROXY TCP6 203.0.113.7 10.0.0.1 1 2',
    'PROXY TCP6 2001:db8::7%eth0 fd00::1 1 2',
    'PROXY TCP6 2001:db8:::7 fd00::1 1 2',
    'PROXY TCP6 [2001:db8::7] fd00::1 1 2',
    'PROXY TCP6 2001:db8::7 x 1 2',
    'PROXY TCP4 203.0.113.7 10.0.0.1 65536 2',
    'PROXY TCP4 203.0.113.7 10.0.0.1 1 65536',
    'PROXY TCP4 203.0.113.7 10.0.0.1 01 2',
    'PROXY TCP4 203.0.113.7 10.0.0.1 -1 2',
    'PROXY TCP4 203.0.113.7 10.0.0.1 1\n',
  ])('the line "%s" is invalid', (line) => {
    const header = line === 'PROXY' ? 'PROXY \r\n' : `${line}\r\n`;
    expect(parseProxyHeader(bytes(header)).kind).toBe('invalid');
  });

  test('a line of more than 107 bytes is invalid, one of 107 is not', () => {
    const line = 'PROXY UNKNOWN '.padEnd(105, 'x');
    expect(parseProxyHeader(bytes(line, '\r\n'))).toEqual({ kind: 'local', headerBytes: 107 });
    expect(parseProxyHeader(bytes(line, 'x\r\n')).kind).toBe('invalid');
  });

  test.each([
    ['version 1 in binary', version2(0x11, 0x11, ipv4Block)],
    ['an unknown command', version2(0x22, 0x11, ipv4Block)],
    ['an unknown family', version2(0x21, 0x41, ipv4Block)],
    ['datagrams', version2(0x21, 0x12, ipv4Block)],
    ['an unspecified transport', version2(0x21, 0x10, ipv4Block)],
    ['a short IPv4 block', version2(0x21, 0x11, ipv4Block.subarray(1))],
    ['a short IPv6 block', version2(0x21, 0x21, ipv6Block.subarray(1))],
    ['a short UNIX block', version2(0x21, 0x31, Buffer.alloc(215))],
    ['more than 4096 bytes, announced', version2(0x21, 0x11, Buffer.alloc(4081)).subarray(0, 16)],
  ])('a binary header with %s is invalid', (_, header) => {
    expect(parseProxyHeader(header).kind).toBe('invalid');
  });
});

describe('properties', () => {
  test('any IPv4 or IPv6 address comes out the same by both versions', () => {
    fc.assert(
      fc.property(fc.ipV6(), fc.nat({ max: 65_535 }), (address, port) => {
        const parsed = parseProxyHeader(bytes(`PROXY TCP6 ${address} ::1 ${port} 1\r\n`));
        expect(parsed).toMatchObject({ kind: 'proxied', port });
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (array) => {
        const raw = Buffer.from(array);
        const binary = parseProxyHeader(version2(0x21, 0x21, bytes(raw, Buffer.alloc(16), hex('00010001'))));
        const groups = raw.toString('hex').match(/.{4}/g)?.join(':');
        const line = parseProxyHeader(bytes(`PROXY TCP6 ${groups} ::1 1 1\r\n`));
        expect(binary).toEqual({ ...line, headerBytes: 52 });
      }),
    );
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const raw = Buffer.from(address.split('.').map(Number));
        const parsed = parseProxyHeader(version2(0x21, 0x11, bytes(raw, Buffer.alloc(4), hex('00010001'))));
        expect(parsed).toMatchObject({ kind: 'proxied', address });
      }),
    );
  });

  test('no bytes make it throw or claim more than was there', () => {
    const start = fc.constantFrom(
      bytes(),
      bytes('PROXY TCP6 '),
      bytes(signature, 0x21),
      bytes(signature, 0x21, 0x21, 0),
    );
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 120 }), (beginning, rest) => {
        const whole = bytes(beginning, Buffer.from(rest));
        const parsed = parseProxyHeader(whole);
        if ('headerBytes' in parsed) expect(parsed.headerBytes).toBeLessThanOrEqual(whole.length);
        if (parsed.kind === 'need-more') expect(parsed.minimum).toBeGreaterThan(whole.length);
      }),
    );
  });
});
