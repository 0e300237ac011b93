import { createHash } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { listKeys } from '../../src/control/api-keys.ts';
import { createSealer } from '../../src/control/seal.ts';
import { proveByScram } from '../support/raw-login.ts';
import { message, parseError } from '../support/raw-messages.ts';
import { gateUnderTest } from './gate-fixture.ts';
import { ask, backendWith, greeting, startStubBackend, text } from './stub-backend.ts';

const backend = await startStubBackend();
afterAll(() => backend.stop());

const gate = gateUnderTest({ configure: backendWith({ host: '127.0.0.1', port: backend.port }) });

const login = async () => {
  const client = await gate.greeted();
  await proveByScram(client, gate.postern.readerKey);
  return client;
};

describe('a backend of the old days', () => {
  const rolePassword = async () => {
    const { context, account, config, store } = gate.postern;
    const [key] = (await listKeys(context, account)).filter(({ name }) => name === 'reader');
    const { rows } = await store.owner.query<{ sealed: string }>(
      'SELECT role_secret_sealed AS sealed FROM postern.api_keys WHERE id = $1',
      [key?.id],
    );
    const password = createSealer(config.sealingKeys).open(rows[0]?.sealed ?? '', key?.id ?? '');
    return { roleName: key?.roleName ?? '', password };
  };
  const md5 = (value: string | Buffer) => createHash('md5').update(value).digest('hex');

  it.each([
    ['cleartext, on this machine', ask(3), ({ password }: { password: string }) => password],
    [
      'md5',
      ask(5, text('salt')),
      ({ password, roleName }: { password: string; roleName: string }) =>
        `md5${md5(`${md5(password + roleName)}salt`)}`,
    ],
  ])("gets the role's password as it asks: %s", async (_name, request, expected) => {
    let answered = '';
    backend.behave((socket, first) => {
      expect(first.toString('latin1')).toContain('user\0postern_');
      socket.write(request);
      socket.once('data', (answer) => {
        answered = answer.toString('latin1', 5);
        socket.write(greeting);
      });
    });
    const client = await login();
    const said = await client.readThrough('Z');
    expect(said.map(({ type }) => type).join('')).toBe('RRSNKZ');
    expect(answered).toBe(`${expected(await rolePassword())}\0`);
    client.close();
    await expect.poll(() => backend.size).toBe(0);
  });

  it('may say no word about cancel keys', async () => {
    backend.behave((socket) => socket.write(Buffer.concat([ask(0), message('Z', text('I'))])));
    const client = await login();
    expect((await client.readThrough('Z')).map(({ type }) => type).join('')).toBe('RRKZ');
  });

  it('that says nothing of TLS is not sent anything else first', async () => {
    let asked = 0;
    backend.behave((socket, first) => {
      asked = first.readInt32BE(4);
      socket.end(message('E', text('SFATAL\0C57P03\0Mx\0\0')));
    });
    const client = await login();
    expect(parseError((await client.readThrough('E')).at(-1)?.body ?? Buffer.alloc(0)).sqlstate).toBe(
      '57P03',
    );
    expect(asked).toBe(0x0003_0000);
  });
});
