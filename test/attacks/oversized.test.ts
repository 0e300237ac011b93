import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeAccount } from '../../src/control/accounts.ts';
import { buildSaslInitialResponse, buildSaslResponse } from '../../src/wire/frontend-messages.ts';
import { gateUnderTest } from '../gate/gate-fixture.ts';
import type { RawClient } from '../support/raw-client.ts';
import { logIn, logInByPassword, proveByScram, query } from '../support/raw-login.ts';
import { message, packet } from '../support/raw-messages.ts';

const gate = gateUnderTest();
const tenMegabytes = Buffer.alloc(10_000_000, 'x');
const version30 = 0x0003_0000;

/** The peer closes though it is not heard out; a reset is as good as an end. */
const pour = async (client: RawClient, bytes: Buffer): Promise<void> => {
  client.send(bytes);
  await client.gone();
};

describe('ten megabytes', () => {
  it('as a startup packet in clear are not read', async () => {
    await pour(await gate.plain(), packet(version30, tenMegabytes));
    await gate.logged({ reason: 'not-postgresql', stage: 'encrypt' });
  });

  it('as a startup packet inside TLS are not read', async () => {
    await pour(await gate.secured(), packet(version30, tenMegabytes));
    await gate.logged({ reason: 'not-postgresql', stage: 'greet' });
  });

  it('behind a startup packet that is as long as it may be wait outside', async () => {
    const client = await gate.greeted();
    client.send(tenMegabytes);
    expect(await client.refusal()).toMatchObject({ sqlstate: '08P01' });
  });

  it('behind a cancel request are not read', async () => {
    await pour(await gate.plain(), Buffer.concat([packet(80877102, Buffer.alloc(8)), tenMegabytes]));
    await gate.logged({ outcome: 'cancel', cancel: 'unknown' });
  });

  it('leave nothing behind: who comes next is served', async () => {
    await logIn(await gate.greeted(), gate.postern.readerKey);
  });
});

const scramSha256 = 'SCRAM-SHA-256';
const asked = async () => {
  const client = await gate.greeted();
  await client.readMessage();
  return client;
};
const nonceOf = async (client: RawClient) => {
  client.send(buildSaslInitialResponse(scramSha256, 'n,,n=,r=fyko'));
  return /r=([^,]*)/.exec((await client.readMessage()).body.toString('latin1', 4))?.[1] ?? '';
};

describe('a SCRAM message', () => {
  it.each<[string, () => Buffer]>([
    ['of ten megabytes', () => message('p', tenMegabytes)],
    ['with a nonce of ten megabytes', () => buildSaslInitialResponse(scramSha256, `n,,n=,r=${tenMegabytes}`)],
    ['one byte too long', () => message('p', Buffer.alloc(1_025, 'x'))],
    ['with hundreds of extensions', () => initial(`n,,${'m=x,'.repeat(200)}n=,r=fyko`)],
    ['with hundreds of empty attributes', () => initial(`n,,${','.repeat(900)}`)],
    ['with a user name that is all escapes', () => initial(`n,,n=${'=2C'.repeat(300)}=,r=`)],
    ['with line breaks and colours for a nonce', () => initial('n,,n=,r=a\n\u001b[31m')],
    ['with bytes of no encoding for a nonce', () => initial('n,,n=,r=\xff\xfe\xc0')],
  ])('%s is refused', async (_name, bytes) => {
    const client = await asked();
    client.send(bytes());
    expect(await client.refusal()).toMatchObject({
      sqlstate: '08P01',
      message: expect.stringMatching(/^[ -~]+$/),
    });
  });

  it('with a nonce as long as it may be is answered, and the answer is not longer than that', async () => {
    const client = await asked();
    const longest = 1_024 - 'SCRAM-SHA-256'.length - 1 - 4 - 'n,,n=,r='.length;
    client.send(initial(`n,,n=,r=${'x'.repeat(longest)}`));
    expect((await client.readMessage()).body.length).toBeLessThan(1_300);
  });

  it.each<[string, (nonce: string) => string]>([
    ['a proof of a megabyte in base64', (nonce) => `c=biws,r=${nonce},p=${'AAAA'.repeat(250_000)}`],
    ['a proof that decodes to nothing', (nonce) => `c=biws,r=${nonce},p=${'='.repeat(44)}`],
    ['a proof with blanks between', (nonce) => `c=biws,r=${nonce},p=${'A A '.repeat(11)}`],
    ['a proof with bits too many', (nonce) => `c=biws,r=${nonce},p=${'/'.repeat(43)}=`],
    ['a proof that is twice as long', (nonce) => `c=biws,r=${nonce},p=${'A'.repeat(86)}==`],
    ['two proofs', (nonce) => `c=biws,r=${nonce},p=${'A'.repeat(43)}=,p=${'A'.repeat(43)}=`],
    ['binding data without end', (nonce) => `c=${'biws'.repeat(200)},r=${nonce},p=${'A'.repeat(43)}=`],
    ['hundreds of attributes', (nonce) => `c=biws,r=${nonce}${',x='.repeat(250)},p=${'A'.repeat(43)}`],
  ])('that ends with %s is refused', async (_name, text) => {
    const client = await asked();
    client.send(buildSaslResponse(text(await nonceOf(client))));
    expect(await client.refusal()).toMatchObject({ sqlstate: '08P01' });
  });
});

const initial = (data: string): Buffer => buildSaslInitialResponse(scramSha256, data);

describe('a password', () => {
  beforeAll(async () => {
    await changeAccount(gate.postern.context, gate.postern.account, { clientAuthentication: 'password' });
    await gate.caughtUp();
  });
  afterAll(async () => {
    await changeAccount(gate.postern.context, gate.postern.account, { clientAuthentication: null });
    await gate.caughtUp();
  });

  it.each<[string, Buffer, string]>([
    ['of ten megabytes is not read', message('p', tenMegabytes), '08P01'],
    ['one byte too long is not read', message('p', Buffer.alloc(65_536, 'x')), '08P01'],
    ['as long as it may be is wrong', message('p', Buffer.from(`${'x'.repeat(65_534)}\0`)), '28P01'],
    ['of bytes of no encoding is wrong', message('p', Buffer.from('\xff\xfe\0', 'latin1')), '28P01'],
    ['that is SQL is wrong', message('p', Buffer.from("' OR '1'='1\0")), '28P01'],
    ['with a NUL inside is malformed', message('p', Buffer.from('pst_\0x\0')), '08P01'],
    ['without its NUL is malformed', message('p', Buffer.from('pst_x')), '08P01'],
  ])('%s', async (_name, bytes, sqlstate) => {
    const client = await gate.greeted();
    await client.readMessage();
    client.send(bytes);
    expect(await client.refusal()).toMatchObject({ sqlstate });
  });

  it('with a NUL and more behind it is not the key in front of the NUL', async () => {
    const client = await gate.greeted();
    await client.readMessage();
    client.send(message('p', Buffer.from(`${gate.postern.readerKey}\0x\0`)));
    expect(await client.refusal()).toMatchObject({ sqlstate: '08P01' });
    await logInByPassword(await gate.greeted(), gate.postern.readerKey);
  });
});

describe('a parameter of bytes that are no text', () => {
  const odd = Buffer.from([0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80]);
  const listed = (...fields: readonly (string | Buffer)[]) =>
    packet(
      version30,
      Buffer.concat([
        ...fields.flatMap((field) => [Buffer.from(field as string), Buffer.of(0)]),
        Buffer.of(0),
      ]),
    );

  it.each<[string, () => Buffer, string]>([
    ['user', () => listed('user', odd), '28000'],
    ['user that continues the account', () => listed('user', Buffer.concat([own(), odd])), '28000'],
    ['database', () => listed('user', own(), 'database', odd), '3D000'],
    [
      'database that continues its name',
      () => listed('user', own(), 'database', Buffer.concat([own(), odd])),
      '3D000',
    ],
  ])('is no name that there is: %s', async (_name, bytes, sqlstate) => {
    const client = await gate.secured();
    client.send(bytes());
    const refusal = await client.refusal();
    expect(refusal).toMatchObject({ sqlstate });
    expect(refusal.message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it.each<[string, () => Buffer]>([
    ['application_name', () => listed('user', own(), 'application_name', odd)],
    ['options', () => listed('user', own(), 'options', odd)],
    ['a setting', () => listed('user', own(), 'DateStyle', odd)],
    ['the name of a setting', () => listed('user', own(), odd, 'x')],
    ['a role in options', () => listed('user', own(), 'options', '-c role=postgres')],
    ['a user in options', () => listed('user', own(), 'options', '-c session_authorization=postgres')],
    ['a setting twice', () => listed('user', own(), 'role', 'postgres', 'role', 'none')],
  ])('is for PostgreSQL to judge, and gives no more rights: %s', async (_name, bytes) => {
    const client = await gate.secured();
    client.send(bytes());
    await proveByScram(client, gate.postern.readerKey);
    const last = (await client.readThrough('EZ')).at(-1);
    if (last?.type === 'E') return;
    const who = 'SELECT rolsuper, session_user = current_user FROM pg_roles WHERE rolname = current_user';
    expect(await query(client, who)).toEqual([['f', 't']]);
  });
});

const own = (): Buffer => Buffer.from(gate.postern.account);
