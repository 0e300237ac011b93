import { describe, expect, it } from 'vitest';
import { buildSslRequest } from '../../src/wire/frontend-messages.ts';
import { logIn } from '../support/raw-login.ts';
import { gssRequest, startup } from '../support/raw-messages.ts';
import { gateUnderTest } from './gate-fixture.ts';

const gate = gateUnderTest();
const hello = () => startup({ user: gate.postern.account });

describe('a client that does not encrypt', () => {
  it('is told to', async () => {
    const client = await gate.plain();
    client.send(hello());
    expect(await client.refusal()).toMatchObject({
      severity: 'FATAL',
      sqlstate: '28000',
      message: 'Postern accepts encrypted connections only.',
      detail: expect.stringMatching(/^Connection [0-9a-f]{12} from 127\.0\.0\.1, no certificate\.$/),
      hint: expect.stringContaining('sslmode'),
    });
  });

  it('is told so after its request for GSS encryption too', async () => {
    const client = await gate.plain();
    client.send(gssRequest);
    expect(String(await client.read(1))).toBe('N');
    client.send(hello());
    expect(await client.refusal()).toMatchObject({ sqlstate: '28000' });
  });
});

describe('requests for encryption', () => {
  it('come as GSSENCRequest and then SSLRequest', async () => {
    const client = await gate.plain();
    client.send(gssRequest);
    expect(String(await client.read(1))).toBe('N');
    await client.requestTls(gate.tlsOptions());
    client.send(hello());
    await logIn(client, gate.postern.readerKey);
  });

  it.each([
    ['a second GSSENCRequest', [gssRequest, gssRequest]],
    ['a GSSENCRequest inside TLS', [buildSslRequest(), gssRequest]],
    ['a SSLRequest inside TLS', [buildSslRequest(), buildSslRequest()]],
    ['a third request', [gssRequest, buildSslRequest(), gssRequest]],
  ])('are refused when too many come: %s', async (_name, requests) => {
    const client = await gate.plain();
    for (const request of requests.slice(0, -1)) {
      if (request === gssRequest) {
        client.send(request);
        expect(String(await client.read(1))).toBe('N');
      } else await client.requestTls(gate.tlsOptions());
    }
    client.send(...requests.slice(-1));
    expect(await client.refusal()).toMatchObject({
      sqlstate: '0A000',
      message: 'The client asked for encryption more often than the protocol allows.',
    });
  });

  it('may arrive one byte at a time', async () => {
    const client = await gate.plain();
    await client.sendInPieces(gssRequest);
    expect(String(await client.read(1))).toBe('N');
    await client.sendInPieces(buildSslRequest());
    expect(String(await client.read(1))).toBe('S');
    await client.upgrade(gate.tlsOptions());
    client.send(hello());
    await logIn(client, gate.postern.readerKey);
  });
});

describe('data stuffed behind an SSLRequest', () => {
  it.each([
    ['a startup packet', () => hello()],
    ['one byte', () => Buffer.of(0)],
    ['the beginning of a TLS handshake', () => Buffer.from('160301', 'hex')],
  ])('is refused and never interpreted: %s', async (_name, stuffed) => {
    const client = await gate.plain();
    client.send(buildSslRequest(), stuffed());
    // No S and no N before it: nothing has been agreed.
    expect(await client.readMessage()).toMatchObject({ type: 'E' });
    expect(await client.rest()).toHaveLength(0);
    const line = await gate.logged({ reason: 'data-before-tls' });
    expect(line).toMatchObject({ sqlstate: '08P01', level: 'warn', stage: 'encrypt' });
    expect(line).not.toHaveProperty('user');
  });
});

describe('data stuffed behind a GSSENCRequest', () => {
  it.each([
    ['a startup packet', () => hello()],
    ['a SSLRequest', () => buildSslRequest()],
  ])('is refused behind the answer, and never interpreted: %s', async (_name, stuffed) => {
    const client = await gate.plain();
    client.send(gssRequest, stuffed());
    expect(String(await client.read(1))).toBe('N');
    expect(await client.refusal()).toMatchObject({
      sqlstate: '08P01',
      message: 'The client sent data after its request for encryption and before the answer to it.',
    });
  });
});

describe('what is no PostgreSQL client at all', () => {
  it.each([
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'), 'not-postgresql'],
    ['a length of 10 005', Buffer.from('00002715', 'hex'), 'not-postgresql'],
    ['a length of 4', Buffer.from('00000004', 'hex'), 'not-postgresql'],
    ['a length of 7', Buffer.from('00000007000000', 'hex'), 'not-postgresql'],
    ['a negative length', Buffer.from('ffffffff00030000', 'hex'), 'not-postgresql'],
    ['zeros', Buffer.alloc(100), 'not-postgresql'],
  ])('is closed without a byte: %s', async (_name, bytes, reason) => {
    const client = await gate.plain();
    client.send(bytes);
    expect(await client.rest()).toHaveLength(0);
    expect(await gate.logged({ reason })).toMatchObject({ outcome: 'refused' });
  });
});
