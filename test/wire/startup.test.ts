import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildCancelRequest, buildSslRequest, buildStartup } from '../../src/wire/frontend-messages.ts';
import {
  isProtocolOption,
  maxStartupPacketBytes,
  parameterText,
  parseStartupLength,
  parseStartupPacket,
  type StartupParameter,
} from '../../src/wire/startup.ts';
import { bytes, everyTruncation, hex, refusalOf } from './feed.ts';

const version30 = hex('00030000');

/** What psql 15 sends for `psql -h … -U demo roads`, without its length word. */
const psql = bytes(
  version30,
  'user\0demo\0database\0roads\0application_name\0psql\0client_encoding\0UTF8\0\0',
);

describe('the length word of a startup packet', () => {
  test.each([
    ['00000008', 4],
    ['00000050', 76],
    ['00002714', maxStartupPacketBytes],
  ])('0x%s announces %i bytes', (word, expected) => {
    expect(parseStartupLength(hex(word))).toBe(expected);
  });

  test.each(['00000000', '00000003', '00000004', '00000007', '00002715', '7fffffff', '80000000', 'ffffffff'])(
    '0x%s is refused as PostgreSQL refuses it',
    (word) => {
      expect(refusalOf(() => parseStartupLength(hex(word)))).toBe('not-postgresql');
    },
  );

  test('HTTP and TLS are not taken for a packet', () => {
    expect(refusalOf(() => parseStartupLength(bytes('GET ')))).toBe('not-postgresql');
    expect(refusalOf(() => parseStartupLength(hex('16030100')))).toBe('not-postgresql');
  });
});

describe('a startup packet', () => {
  test('gives its version and its parameters in order and byte for byte', () => {
    expect(parseStartupPacket(psql)).toEqual({
      kind: 'startup',
      major: 3,
      minor: 0,
      parameters: [
        { name: 'user', value: bytes('demo') },
        { name: 'database', value: bytes('roads') },
        { name: 'application_name', value: bytes('psql') },
        { name: 'client_encoding', value: bytes('UTF8') },
      ],
    });
  });

  test.each([
    ['a greased minor version', bytes(hex('0003270f'), 'user\0a\0\0'), 9999, 1],
    ['version 3.2', bytes(hex('00030002'), 'user\0a\0\0'), 2, 1],
    ['no parameter at all', bytes(version30, 0), 0, 0],
    ['an empty value', bytes(version30, 'user\0\0\0'), 0, 1],
  ])('with %s is accepted', (_, body, minor, count) => {
    const packet = parseStartupPacket(body);
    expect(packet).toMatchObject({ kind: 'startup', minor });
    expect(packet.kind === 'startup' && packet.parameters.length).toBe(count);
  });

  test.each([
    ['that ends without a terminator', bytes(version30)],
    ['whose terminator is missing', bytes(version30, 'user\0a\0')],
    ['whose last value is missing', bytes(version30, 'user\0')],
    ['whose last name has no NUL', bytes(version30, 'user')],
    ['whose last value has no NUL', bytes(version30, 'user\0demo')],
    ['with bytes behind its terminator', bytes(version30, 'user\0a\0\0x')],
    ['with a NUL behind its terminator', bytes(version30, 'user\0a\0\0\0')],
    ['with an empty name in the middle', bytes(version30, 'user\0a\0\0b\0c\0\0')],
    ['with a name and no value', bytes(version30, 'user\0a\0database\0\0')],
  ])('%s is malformed', (_, body) => {
    expect(refusalOf(() => parseStartupPacket(body))).toBe('packet-invalid');
  });

  test('is malformed wherever it is cut off', () => {
    for (const part of everyTruncation(psql))
      expect(refusalOf(() => parseStartupPacket(part))).toBe('packet-invalid');
  });

  test.each(['00020000', '00040000', '04d20000', '00000000', 'ffffffff'])(
    'of version 0x%s is unsupported before anything else is looked at',
    (version) => {
      expect(refusalOf(() => parseStartupPacket(bytes(hex(version), 'garbage')))).toBe(
        'protocol-unsupported',
      );
    },
  );

  test('of another major version is told which one it asked for', () => {
    expect(() => parseStartupPacket(hex('00020001'))).toThrow('2.1');
  });
});

describe('requests in the place of a startup packet', () => {
  test('are told apart by their codes', () => {
    expect(parseStartupPacket(hex('04d2162f'))).toEqual({ kind: 'ssl-request' });
    expect(parseStartupPacket(hex('04d21630'))).toEqual({ kind: 'gss-request' });
  });

  test.each([4, 32, 256])('a cancel request may have a secret of %i bytes', (length) => {
    const secret = Buffer.alloc(length, 7);
    expect(parseStartupPacket(bytes(hex('04d2162e 0000ffff'), secret))).toEqual({
      kind: 'cancel',
      processId: 0xffff,
      secret,
    });
  });

  test.each([-8, -4, -1, 0, 1, 3, 257, 300])(
    'a cancel request with %i bytes of secret is dropped, as PostgreSQL drops it',
    (length) => {
      const body =
        length < 0
          ? hex('04d2162e 0000ffff').subarray(0, length)
          : bytes(hex('04d2162e 0000ffff'), Buffer.alloc(length));
      expect(refusalOf(() => parseStartupPacket(body))).toBe(
        length === -8 ? 'packet-invalid' : 'not-postgresql',
      );
    },
  );
});

describe('parameters', () => {
  const parameters: StartupParameter[] = [
    { name: 'user', value: bytes('first') },
    { name: 'user', value: bytes('last') },
    { name: 'database', value: bytes('') },
  ];

  test('the last one of a name wins', () => {
    expect(parameterText(parameters, 'user')).toBe('last');
  });

  test('an empty one differs from a missing one', () => {
    expect(parameterText(parameters, 'database')).toBe('');
    expect(parameterText(parameters, 'replication')).toBeUndefined();
  });

  test('values are UTF-8 and bytes that are not never look like a name', () => {
    expect(parameterText([{ name: 'user', value: Buffer.from('zürich') }], 'user')).toBe('zürich');
    expect(parameterText([{ name: 'user', value: hex('7aff') }], 'user')).toBe('z\ufffd');
  });

  test('options of the protocol are known by their prefix', () => {
    expect(['_pq_.x', '_pq_.', '_pq_', 'x_pq_.', '_PQ_.x'].map(isProtocolOption)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});

describe('properties', () => {
  const text = fc
    .uint8Array({ maxLength: 20 })
    .map((array) => Buffer.from(array.filter((byte) => byte !== 0)));
  const parameter = fc.record({
    name: text.filter((name) => name.length > 0).map((name) => name.toString('latin1')),
    value: text,
  });

  test('what is built is what is read, whatever bytes it holds', () => {
    fc.assert(
      fc.property(fc.nat({ max: 65_535 }), fc.array(parameter, { maxLength: 8 }), (minor, parameters) => {
        const packet = buildStartup(minor, parameters);
        expect(parseStartupLength(packet.subarray(0, 4))).toBe(packet.length - 4);
        expect(parseStartupPacket(packet.subarray(4))).toEqual({
          kind: 'startup',
          major: 3,
          minor,
          parameters,
        });
      }),
    );
  });

  test('cancel requests round trip', () => {
    fc.assert(
      fc.property(fc.integer(), fc.uint8Array({ minLength: 4, maxLength: 256 }), (processId, secret) => {
        const packet = buildCancelRequest(processId, Buffer.from(secret));
        expect(parseStartupLength(packet.subarray(0, 4))).toBe(8 + secret.length);
        expect(parseStartupPacket(packet.subarray(4))).toEqual({
          kind: 'cancel',
          processId,
          secret: Buffer.from(secret),
        });
      }),
    );
  });

  test('no bytes make it throw anything but Refusal', () => {
    const code = fc.constantFrom(version30, hex('04d2162e'), hex('04d2162f'), Buffer.alloc(0));
    fc.assert(
      fc.property(code, fc.uint8Array({ maxLength: 300 }), (start, rest) => {
        refusalOf(() => parseStartupPacket(bytes(start, Buffer.from(rest))));
      }),
    );
  });
});

describe('packets of Postern as a client', () => {
  test('carry nothing that was not asked for', () => {
    expect(buildStartup(0, [{ name: 'user', value: bytes('demo') }])).toEqual(
      bytes(hex('00000013 00030000'), 'user\0demo\0\0'),
    );
  });

  test('SSLRequest is the eight bytes of the manual', () => {
    expect(buildSslRequest()).toEqual(hex('00000008 04d2162f'));
  });

  test('a NUL in a name or value cannot smuggle in a parameter', () => {
    expect(() => buildStartup(0, [{ name: 'user', value: bytes('a\0options') }])).toThrow(RangeError);
    expect(() => buildStartup(0, [{ name: 'us\0er', value: bytes('a') }])).toThrow(RangeError);
    expect(() => buildStartup(0, [{ name: '', value: bytes('a') }])).toThrow(RangeError);
  });
});
