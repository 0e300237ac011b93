import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  buildAuthenticationCleartextPassword,
  buildAuthenticationOk,
  buildAuthenticationSasl,
  buildAuthenticationSaslContinue,
  buildAuthenticationSaslFinal,
  buildBackendKeyData,
  buildErrorResponse,
  buildNegotiateProtocolVersion,
} from '../../src/wire/backend-messages.ts';
import {
  buildPassword,
  buildSaslInitialResponse,
  buildSaslResponse,
  buildTerminate,
} from '../../src/wire/frontend-messages.ts';
import {
  parseAuthentication,
  parseBackendKeyData,
  parseErrorFields,
  parseMessageHeader,
  parsePasswordMessage,
  parseSaslInitialResponse,
  parseSaslResponse,
} from '../../src/wire/messages.ts';
import { bytes, everyTruncation, hex, refusalOf } from './feed.ts';

/** Checks the frame around a message and gives its body. */
const bodyOf = (type: string, message: Buffer): Buffer => {
  const header = parseMessageHeader(message.subarray(0, 5), 100_000);
  expect(header).toEqual({ type: type.charCodeAt(0), bodyBytes: message.length - 5 });
  return message.subarray(5);
};

describe('the header of a typed message', () => {
  test('gives type and length of the body', () => {
    expect(parseMessageHeader(hex('70 00000004'), 0)).toEqual({ type: 0x70, bodyBytes: 0 });
    expect(parseMessageHeader(hex('52 00000404'), 1024)).toEqual({ type: 0x52, bodyBytes: 1024 });
  });

  test.each(['70 00000000', '70 00000003', '70 00000405', '70 7fffffff', '70 ffffffff'])(
    '%s is refused in the name of whoever sent it',
    (header) => {
      expect(refusalOf(() => parseMessageHeader(hex(header), 1024))).toBe('message-invalid');
      expect(refusalOf(() => parseMessageHeader(hex(header), 1024, 'backend'))).toBe('backend-misbehaved');
    },
  );
});

describe('answers of a client', () => {
  test.each(['', 'pst_m_secret', 'pässword'])('the password "%s" round trips', (password) => {
    expect(parsePasswordMessage(bodyOf('p', buildPassword(password)))).toBe(password);
  });

  test.each([
    ['nothing', bytes()],
    ['no NUL', bytes('secret')],
    ['two strings', bytes('secret\0more\0')],
    ['a NUL too many', bytes('secret\0\0')],
  ])('a password message with %s is malformed', (_, body) => {
    expect(refusalOf(() => parsePasswordMessage(body))).toBe('message-invalid');
  });

  const initial = bodyOf('p', buildSaslInitialResponse('SCRAM-SHA-256', 'n,,n=,r=abc'));

  test('a SASL initial response gives its mechanism and data', () => {
    expect(parseSaslInitialResponse(initial)).toEqual({ mechanism: 'SCRAM-SHA-256', data: 'n,,n=,r=abc' });
  });

  test('a SASL initial response is malformed wherever it is cut off, and with trailing bytes', () => {
    for (const part of everyTruncation(initial)) {
      expect(refusalOf(() => parseSaslInitialResponse(part))).toBe('message-invalid');
    }
    expect(refusalOf(() => parseSaslInitialResponse(bytes(initial, 'x')))).toBe('message-invalid');
  });

  test.each([
    ['without data', bytes('SCRAM-SHA-256\0', hex('ffffffff'))],
    ['with empty data', bytes('SCRAM-SHA-256\0', hex('00000000'))],
    ['with a NUL in its data', bytes('SCRAM-SHA-256\0', hex('00000003'), 'n,\0')],
    ['with a huge length', bytes('SCRAM-SHA-256\0', hex('7fffffff'), 'n,,')],
  ])('a SASL initial response %s is refused', (_, body) => {
    expect(refusalOf(() => parseSaslInitialResponse(body))).toBe('message-invalid');
  });

  test('a SASL response keeps every byte of a user name in an unknown encoding', () => {
    expect(Buffer.from(parseSaslResponse(hex('6e3de9ff')), 'latin1')).toEqual(hex('6e3de9ff'));
    expect(parseSaslResponse(bodyOf('p', buildSaslResponse('c=biws,r=abc')))).toBe('c=biws,r=abc');
    expect(refusalOf(() => parseSaslResponse(bytes()))).toBe('message-invalid');
    expect(refusalOf(() => parseSaslResponse(bytes('c=\0')))).toBe('message-invalid');
  });

  test('Terminate is five bytes', () => {
    expect(buildTerminate()).toEqual(hex('58 00000004'));
  });
});

describe('authentication requests', () => {
  test.each([
    ['ok', buildAuthenticationOk(), { kind: 'ok' }],
    ['cleartext', buildAuthenticationCleartextPassword(), { kind: 'cleartext' }],
    [
      'SASL',
      buildAuthenticationSasl(['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256']),
      { kind: 'sasl', mechanisms: ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'] },
    ],
    [
      'SASL continue',
      buildAuthenticationSaslContinue('r=a,s=b,i=1'),
      { kind: 'sasl-continue', data: 'r=a,s=b,i=1' },
    ],
    ['SASL final', buildAuthenticationSaslFinal('v=abc='), { kind: 'sasl-final', data: 'v=abc=' }],
  ])('%s round trips and is malformed wherever it is cut off', (_, message, expected) => {
    const body = bodyOf('R', message);
    expect(parseAuthentication(body)).toEqual(expected);
    // SASL data carry no length of their own, so that a shorter one is another message.
    const checkable = 'data' in expected ? body.subarray(0, 5) : body;
    for (const part of everyTruncation(checkable)) {
      expect(refusalOf(() => parseAuthentication(part))).toBe('backend-misbehaved');
    }
    if (!('data' in expected)) {
      expect(refusalOf(() => parseAuthentication(bytes(body, 'x')))).toBe('backend-misbehaved');
    }
  });

  test('md5 carries a salt of four bytes', () => {
    expect(parseAuthentication(hex('00000005 01020304'))).toEqual({ kind: 'md5', salt: hex('01020304') });
    expect(refusalOf(() => parseAuthentication(hex('00000005 010203')))).toBe('backend-misbehaved');
  });

  test('a list of mechanisms may be empty and has no empty name', () => {
    expect(parseAuthentication(hex('0000000a 00'))).toEqual({ kind: 'sasl', mechanisms: [] });
    expect(refusalOf(() => parseAuthentication(bytes(hex('0000000a 00'), 'SCRAM-SHA-256\0\0')))).toBe(
      'backend-misbehaved',
    );
  });

  test.each([2, 6, 7, 9, 13, -1])('code %i is told as unsupported', (code) => {
    const body = Buffer.alloc(4);
    body.writeInt32BE(code);
    expect(parseAuthentication(body)).toEqual({ kind: 'unsupported', code });
  });
});

describe('what a backend tells at login', () => {
  test.each([4, 32, 256])('BackendKeyData with a secret of %i bytes round trips', (length) => {
    const secret = Buffer.alloc(length, 9);
    expect(parseBackendKeyData(bodyOf('K', buildBackendKeyData(4711, secret)))).toEqual({
      processId: 4711,
      secret,
    });
  });

  test.each([0, 3, 7, 261])('BackendKeyData of %i bytes is malformed', (length) => {
    expect(refusalOf(() => parseBackendKeyData(Buffer.alloc(length)))).toBe('backend-misbehaved');
  });
});

describe('NegotiateProtocolVersion', () => {
  test('names the version to speak as PostgreSQL 18 does, and every unknown option', () => {
    expect(buildNegotiateProtocolVersion(2, ['_pq_.test_protocol_negotiation'])).toEqual(
      bytes('v', hex('0000002b 00030002 00000001'), '_pq_.test_protocol_negotiation\0'),
    );
    expect(buildNegotiateProtocolVersion(0, [])).toEqual(hex('76 0000000c 00030000 00000000'));
  });

  test('option names go back byte for byte', () => {
    expect(buildNegotiateProtocolVersion(0, [hex('5f70715f2eff').toString('latin1')]).subarray(13)).toEqual(
      hex('5f70715f2eff 00'),
    );
  });
});

describe('ErrorResponse', () => {
  test('has the fields S, V, C, M, D and H and a terminator', () => {
    const message = buildErrorResponse({
      severity: 'FATAL',
      sqlstate: '28P01',
      message: 'no',
      detail: 'seen',
      hint: 'do',
    });
    expect(bodyOf('E', message)).toEqual(bytes('SFATAL\0VFATAL\0C28P01\0Mno\0Dseen\0Hdo\0\0'));
  });

  test('leaves out what there is nothing to say in', () => {
    const message = buildErrorResponse({
      severity: 'ERROR',
      sqlstate: '08P01',
      message: 'no',
      hint: undefined,
    });
    expect(bodyOf('E', message)).toEqual(bytes('SERROR\0VERROR\0C08P01\0Mno\0\0'));
  });

  test('a NUL in a text cannot add a field', () => {
    const message = buildErrorResponse({
      severity: 'FATAL',
      sqlstate: '28000',
      message: 'user "a\0C00000\0" is wrong',
    });
    const body = bodyOf('E', message);
    expect(body.filter((byte) => byte === 0).length).toBe(5);
    expect(parseErrorFields(body)).toEqual({
      severity: 'FATAL',
      sqlstate: '28000',
      message: 'user "a\ufffdC00000\ufffd" is wrong',
      detail: '',
      hint: '',
    });
  });

  test('of a backend is read without throwing, whatever is missing', () => {
    const nothing = { severity: '', sqlstate: 'XX000', message: '', detail: '', hint: '' };
    expect(parseErrorFields(bytes())).toEqual(nothing);
    expect(parseErrorFields(bytes(0))).toEqual(nothing);
    expect(parseErrorFields(bytes('garbage'))).toEqual(nothing);
    expect(parseErrorFields(bytes('SFEHLER\0C\0Mnein\0\0'))).toEqual({
      ...nothing,
      severity: 'FEHLER',
      message: 'nein',
    });
    expect(parseErrorFields(bytes('SFATAL\0VFATAL\0C28P01\0Mno\0\0')).sqlstate).toBe('28P01');
  });
});

describe('properties', () => {
  const anyBody = fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array));

  test.each([
    ['parsePasswordMessage', parsePasswordMessage],
    ['parseSaslInitialResponse', parseSaslInitialResponse],
    ['parseSaslResponse', parseSaslResponse],
    ['parseAuthentication', parseAuthentication],
    ['parseBackendKeyData', parseBackendKeyData],
  ])('%s throws nothing but Refusal', (_, parse: (body: Buffer) => unknown) => {
    fc.assert(fc.property(anyBody, (body) => void refusalOf(() => parse(body))));
    const coded = fc.tuple(fc.integer({ min: 0, max: 13 }), anyBody);
    fc.assert(fc.property(coded, ([code, body]) => void refusalOf(() => parse(bytes(0, 0, 0, code, body)))));
  });

  test('parseErrorFields never throws', () => {
    fc.assert(fc.property(anyBody, (body) => void parseErrorFields(body)));
  });

  test('every text of an error round trips but for its NULs', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (message) => {
        const body = bodyOf('E', buildErrorResponse({ severity: 'FATAL', sqlstate: '28000', message }));
        expect(parseErrorFields(body).message).toBe(message.replaceAll('\0', '\ufffd'));
      }),
    );
  });
});
