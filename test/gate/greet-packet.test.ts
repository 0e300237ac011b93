import { describe, expect, it } from 'vitest';
import { logIn, proveByScram } from '../support/raw-login.ts';
import { packet, startup } from '../support/raw-messages.ts';
import { gateUnderTest } from './gate-fixture.ts';

const gate = gateUnderTest();
const version30 = 0x0003_0000;

/** A startup packet whose parameter list is exactly these bytes. */
const listed = (list: string | Buffer) => packet(version30, Buffer.from(list as string));
/** Parameters that make a packet of `bodyBytes` behind its length. */
const filled = (bodyBytes: number) => {
  const head = `user\0${gate.postern.account}\0application_name\0`;
  return `${head}${'x'.repeat(bodyBytes - 4 - head.length - 2)}\0\0`;
};
const send = async (bytes: Buffer) => {
  const client = await gate.secured();
  client.send(bytes);
  return client;
};

describe('a malformed startup packet', () => {
  it.each([
    ['without its terminator', 'user\0demo\0'],
    ['without any NUL', 'user'],
    ['with a name and no value', 'user\0demo\0database\0\0'],
    ['with bytes behind its terminator', 'user\0demo\0\0behind\0'],
    ['with a terminator in the middle', 'user\0demo\0\0database\0x\0\0'],
    ['with no parameters and no terminator', ''],
  ])('is refused: %s', async (_name, list) => {
    expect(await (await send(listed(list))).refusal()).toMatchObject({
      severity: 'FATAL',
      sqlstate: '08P01',
      message: expect.stringMatching(/^The startup packet is malformed: /),
    });
  });

  it.each([
    ['longer than 10 000 bytes', 'ffff'.padStart(8, '0')],
    ['of negative length', '80000000'],
    ['of four bytes', '00000004'],
    ['of seven bytes', '00000007'],
    ['that is an HTTP request', Buffer.from('GET ').toString('hex')],
  ])('is dropped without an answer: %s', async (_name, length) => {
    const client = await send(Buffer.concat([Buffer.from(length, 'hex'), Buffer.alloc(64)]));
    expect(await client.rest()).toHaveLength(0);
    await gate.logged({ reason: 'not-postgresql', stage: 'greet' });
  });

  it('is none because it has the full 10 000 bytes behind its length', async () => {
    const client = await send(listed(filled(10_000)));
    expect(await client.readMessage()).toMatchObject({ type: 'R' });
  });

  it('is told to whoever proved a key when it gets longer than a backend takes', async () => {
    const client = await send(listed(filled(10_000)));
    await proveByScram(client, gate.postern.readerKey);
    expect(await client.refusal()).toMatchObject({
      sqlstate: '08P01',
      message: 'The startup packet is malformed: its parameters are longer than the database server takes.',
    });
  });
});

describe('a startup packet in pieces', () => {
  it.each([1, 2, 3, 4, 5, 8, 9, 20])('of %d bytes is one packet', async (pieceBytes) => {
    const client = await gate.secured();
    await client.sendInPieces(
      startup({ user: gate.postern.account, application_name: 'pieces' }),
      pieceBytes,
    );
    await logIn(client, gate.postern.readerKey);
  });
});

describe('the user', () => {
  it.each([
    ['missing', listed('database\0demo\0\0')],
    ['missing among no parameters', listed('\0')],
    ['empty', startup({ user: '' })],
  ])('may not be %s', async (_name, bytes) => {
    expect(await (await send(bytes)).refusal()).toMatchObject({
      sqlstate: '28000',
      message: 'No PostgreSQL user name was given.',
    });
  });

  it.each([
    ['longer than 63 bytes, though it begins as the account', () => gate.postern.account.padEnd(64, 'x')],
    ['the account in capitals', () => gate.postern.account.toUpperCase()],
    ['the account and a blank', () => `${gate.postern.account} `],
  ])('must be the account: %s is not', async (_name, user) => {
    expect(await (await send(startup({ user: user() }))).refusal()).toMatchObject({
      sqlstate: '28000',
      message: expect.stringContaining(`belongs to the account "${gate.postern.account}"`),
    });
  });

  it('is shown on one line, whatever bytes it has', async () => {
    const name = Buffer.concat([Buffer.from('a\r\n\u202e'), Buffer.of(0xff, 0xc3), Buffer.from('z')]);
    const client = await send(
      packet(version30, Buffer.concat([Buffer.from('user\0'), name, Buffer.from('\0\0')])),
    );
    const { sqlstate, message } = await client.refusal();
    expect(sqlstate).toBe('28000');
    expect(message).toMatch(/ and not to the user "a\u{fffd}{5}z"\.$/u);
  });

  it('named twice is the last one, as in PostgreSQL', async () => {
    const client = await send(listed(`user\0nobody\0user\0${gate.postern.account}\0\0`));
    await logIn(client, gate.postern.readerKey);
  });
});

describe('the database', () => {
  it.each([
    ['not sent', {}],
    ['empty', { database: '' }],
    ['the account', () => ({ database: gate.postern.account })],
    ['its own name', () => ({ database: gate.postern.database })],
  ])('may be %s', async (_name, parameters) => {
    const client = await gate.greeted(typeof parameters === 'function' ? parameters() : parameters);
    await logIn(client, gate.postern.readerKey);
  });

  it.each([
    ['that is not there', 'nowhere'],
    ['of the maintenance', 'postgres'],
    ['with a name longer than 63 bytes', 'x'.repeat(64)],
  ])('%s is unknown', async (_name, database) => {
    expect(await (await gate.greeted({ database })).refusal()).toMatchObject({
      sqlstate: '3D000',
      message: `The database "${database.slice(0, 63)}" does not exist or does not belong to this account.`,
    });
  });

  it('whose name is truncated to a known one is unknown too', async () => {
    const client = await gate.greeted({ database: gate.postern.database.padEnd(64, ' ') });
    expect(await client.refusal()).toMatchObject({ sqlstate: '3D000' });
  });
});

describe('replication', () => {
  it.each(['true', 'on', '1', 'database', 'yes', 'TRUE', 'nonsense', ''])(
    '"%s" is refused',
    async (value) => {
      expect(await (await gate.greeted({ replication: value })).refusal()).toMatchObject({
        sqlstate: '0A000',
        message: 'Replication connections are not possible through Postern.',
      });
    },
  );

  it.each(['off', 'false', '0', 'no', 'F'])('"%s" is an ordinary connection', async (value) => {
    await logIn(await gate.greeted({ replication: value }), gate.postern.readerKey);
  });
});
