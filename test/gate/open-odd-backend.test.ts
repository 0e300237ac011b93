import { afterAll, describe, expect, it } from 'vitest';
import { pollUntil } from '../support/poll.ts';
import type { RawClient } from '../support/raw-client.ts';
import { proveByScram } from '../support/raw-login.ts';
import { message } from '../support/raw-messages.ts';
import { gateUnderTest } from './gate-fixture.ts';
import { ask, backendWith, type Serve, startStubBackend, text } from './stub-backend.ts';

const backend = await startStubBackend();
afterAll(() => backend.stop());

const gate = gateUnderTest({ configure: backendWith({ host: '127.0.0.1', port: backend.port }) });

const login = async () => {
  const client = await gate.greeted();
  await proveByScram(client, gate.postern.readerKey);
  return client;
};
const says =
  (...bytes: Buffer[]): Serve =>
  (socket) =>
    socket.write(Buffer.concat(bytes));

const unreachable = 'The database server behind Postern cannot be reached.';
const misunderstood = 'The database server behind Postern gave an answer that Postern does not understand.';
const rejected = "The database server behind Postern did not accept this API key's role.";

describe('a backend that', () => {
  it.each<[string, Serve, string]>([
    ['closes at once', (socket) => socket.destroy(), unreachable],
    ['closes in the middle of a message', (socket) => socket.end(text('R\0\0')), unreachable],
    ['closes after authentication', (socket) => socket.end(ask(0)), unreachable],
    ['sends garbage', says(Buffer.alloc(100, 0xff)), misunderstood],
    ['speaks HTTP', says(text('HTTP/1.1 400 Bad Request\r\n\r\n')), misunderstood],
    ['announces two gigabytes', says(Buffer.from('527fffffff', 'hex')), misunderstood],
    ['announces a negative length', says(Buffer.from('52ffffffff', 'hex')), misunderstood],
    ['asks for GSSAPI', says(ask(7)), misunderstood],
    ['asks for something unknown', says(ask(99)), misunderstood],
    ['asks without a code', says(message('R', text('x'))), misunderstood],
    ['offers no mechanism that anybody knows', says(ask(10, text('SCRAM-SHA-512\0\0'))), misunderstood],
    ['confirms what was never begun', says(ask(12, text('v=AAAA'))), misunderstood],
    [
      'has a malformed cancel key',
      says(ask(0), message('K', text('abc')), message('Z', text('I'))),
      misunderstood,
    ],
    [
      'greets without end',
      (socket) => {
        const parameter = message('S', Buffer.concat([text('a\0'), Buffer.alloc(60_000, 0x78), text('\0')]));
        socket.write(ask(0));
        for (let time = 0; time < 30; time += 1) socket.write(parameter);
      },
      misunderstood,
    ],
  ])('%s is reported as such, and let go', async (_name, serve, sentence) => {
    backend.behave(serve);
    const client = await login();
    expect(await client.refusal()).toMatchObject({ severity: 'FATAL', sqlstate: '08006', message: sentence });
    // A refused role may still be under repair there.
    await expect.poll(() => backend.size, { timeout: 10_000 }).toBe(0);
    await gate.logged({ stage: 'open', level: 'error', outcome: 'refused' });
  });

  it.each([
    ['28P01', 'password authentication failed'],
    ['28000', 'role is not permitted to log in'],
  ])("refuses the role with %s is our fault and not the key's", async (sqlstate, reason) => {
    // Closes as PostgreSQL does: Postern's attempt to repair the role hears it too.
    const refusal = message('E', text(`SFATAL\0VFATAL\0C${sqlstate}\0M${reason}\0\0`));
    backend.behave((socket) => socket.end(refusal));
    const client = await login();
    expect(await client.refusal()).toMatchObject({ sqlstate: '08006', message: rejected });
    expect(JSON.stringify(await gate.logged({ reason: 'backend-rejected-role' }))).toContain(reason);
  });

  it.each([
    ['without SQLSTATE', 'SFATAL\0Mgo away\0\0'],
    ['without any field', '\0'],
    ['with nothing at all', ''],
    ['that is no list of fields', 'xyz'],
    ['before authentication', 'SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0'],
  ])('sends an error %s is passed on byte for byte', async (_name, body) => {
    backend.behave(says(message('E', text(body))));
    const client = await login();
    const last = (await client.readThrough('E')).at(-1);
    expect(last?.body.toString('latin1')).toBe(body);
    expect(await client.rest()).toHaveLength(0);
    await gate.logged({ reason: 'backend-refused' });
  });
});

describe('a client that leaves while the backend is silent', () => {
  it.each([
    ['by closing', (client: RawClient) => client.close()],
    ['by closing its half', (client: RawClient) => client.endSending()],
  ])('takes its place, its session and its backend with it: %s', async (_name, leave) => {
    let reached = false;
    backend.behave(() => {
      reached = true;
    });
    const client = await login();
    await pollUntil(() => reached);
    leave(client);
    // Long before the deadline.
    await gate.atRest();
    // A refused role may still be under repair there.
    await expect.poll(() => backend.size, { timeout: 10_000 }).toBe(0);
    await gate.logged({ reason: 'client-gone', stage: 'open' });
  });
});
