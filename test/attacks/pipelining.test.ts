import { describe, expect, it } from 'vitest';
import { buildPassword } from '../../src/wire/frontend-messages.ts';
import { gateUnderTest, gateWith } from '../gate/gate-fixture.ts';
import { proveByScram } from '../support/raw-login.ts';
import { message } from '../support/raw-messages.ts';

const marked = 'places.pipelined';
const createTable = message('Q', Buffer.from(`CREATE TABLE ${marked} ()\0`));
const ask = message('Q', Buffer.from('SELECT 1\0'));
const terminate = message('X', Buffer.alloc(0));

describe.each(['scram-sha-256', 'password'] as const)('bytes behind the answer to %s', (method) => {
  const gate = gateUnderTest({ configure: gateWith({ clientAuthentication: method }) });
  const madeTables = () => gate.postern.superuser(`SELECT to_regclass('${marked}') AS made`);

  /** The key and everything behind it in one write where the method allows it. */
  const sendKey = async (key: string, behind: Buffer) => {
    const client = await gate.greeted();
    if (method === 'password') {
      await client.readMessage();
      client.send(buildPassword(key), behind);
    } else {
      await proveByScram(client, key);
      client.send(behind);
    }
    return client;
  };

  it('reach no backend when the key is wrong', async () => {
    const client = await sendKey('pst_wrong', Buffer.concat([createTable, createTable, ask]));
    expect(await client.refusal()).toMatchObject({ sqlstate: '28P01' });
    expect(await madeTables()).toEqual([{ made: null }]);
  });

  it('wait for the login and are then a query like any other, with the rights of the key', async () => {
    const client = await sendKey(gate.postern.readerKey, Buffer.concat([ask, createTable]));
    await client.readThrough('Z');
    expect((await client.readThrough('Z')).map(({ type }) => type).join('')).toBe('TDCZ');
    const denied = await client.readThrough('Z');
    expect(String(denied.find(({ type }) => type === 'E')?.body)).toContain('42501');
    expect(await madeTables()).toEqual([{ made: null }]);
  });

  it('that are a second key are not asked for: they are a broken session and no second guess', async () => {
    const client = await sendKey('pst_wrong', buildPassword(gate.postern.readerKey));
    expect(await client.refusal()).toMatchObject({ sqlstate: '28P01' });
  });

  it('that are a goodbye leave nothing behind', async () => {
    const client = await sendKey(gate.postern.readerKey, terminate);
    await client.gone();
    await gate.atRest();
  });

  it('of a megabyte wait outside, and are all read', async () => {
    const queries = 40;
    const long = message('Q', Buffer.from(`SELECT length('${'x'.repeat(25_000)}')\0`));
    const client = await sendKey(gate.postern.readerKey, Buffer.concat(Array(queries).fill(long)));
    for (let answered = 0; answered <= queries; answered += 1) await client.readThrough('Z');
  });
});

describe('a query in the place of the key', () => {
  const gate = gateUnderTest();

  it('is refused, and not run', async () => {
    const client = await gate.greeted();
    client.send(createTable);
    expect(await client.refusal()).toMatchObject({ sqlstate: '08P01' });
    expect(await gate.postern.superuser(`SELECT to_regclass('${marked}') AS made`)).toEqual([{ made: null }]);
  });
});
