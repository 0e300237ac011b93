/** A backend that is none: one that never answers, and one that sends garbage, at every depth of a login. */

import { randomBytes } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { greeting } from '../gate/stub-backend.ts';
import { pollUntil } from '../support/poll.ts';
import { message } from '../support/raw-messages.ts';
import { connect, refusalOf } from './clients.ts';
import { record, secondsSince } from './figures.ts';
import { startedPerTest } from './per-test.ts';
import { type ServingProcess, serve } from './serving.ts';

const address = '127.0.0.13';
const strange = '127.0.0.41';
const running = startedPerTest();

/** What stands in for the backend; `first` is the startup packet. */
const startStranger = async (answer: (socket: Socket, first: Buffer) => void) => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    socket.once('data', (first: Buffer) => answer(socket, first));
  });
  await new Promise<void>((resolve) => server.listen(5432, strange, resolve));
  running().defer(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { sockets };
};

const untilAtRest = async (serving: ServingProcess): Promise<void> => {
  for (const name of ['postern_sessions_active', 'postern_connections_half_open']) {
    await pollUntil(async () => (await serving.metric(name)) === 0);
  }
};

const startGate = () =>
  serve(running(), { address, backendHost: strange, connectTimeout: '1s', loginTimeout: '3s' });

describe('a backend that is none', () => {
  it('because it accepts and never answers, costs its clients the connect timeout and nobody else anything', async () => {
    const { sockets } = await startStranger(() => undefined);
    const serving = await startGate();
    const clients = 20;
    const beganAt = performance.now();
    const refusals = await Promise.all(Array.from({ length: clients }, () => refusalOf(address)));
    const told = secondsSince(beganAt);
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({
        code: '08006',
        message: 'The database server behind Postern cannot be reached.',
      });
    }
    expect(performance.now() - beganAt).toBeLessThan(4_000);
    await untilAtRest(serving);
    await pollUntil(() => sockets.size === 0);
    record({
      fault: 'Backend that accepts and never answers (`connect_timeout: 1s`)',
      seen: `08006 and why, ${clients} of ${clients} at once`,
      lost: 'none stood',
      effect: `${told} until the last was told; no socket left at either end`,
    });
  });

  it('because it sends garbage, is told apart from a backend, and crashes nobody', async () => {
    const depths: { readonly garbage: (socket: Socket) => void }[] = [
      { garbage: (socket) => void socket.write(randomBytes(1_000)) },
      { garbage: (socket) => void socket.write(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')) },
      { garbage: (socket) => void socket.write(message('R', randomBytes(200))) },
      { garbage: (socket) => void socket.write(message('S', randomBytes(200))) },
      // A message of two gigabytes.
      { garbage: (socket) => void socket.write(Buffer.from([0x45, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3])) },
      { garbage: (socket) => void socket.write(Buffer.from([0x52, 0, 0, 0, 0])) },
      { garbage: (socket) => socket.end() },
      { garbage: (socket) => void socket.resetAndDestroy() },
    ];
    let turn = 0;
    const { sockets } = await startStranger((socket) => depths[turn % depths.length]?.garbage(socket));
    const serving = await startGate();
    const codes = new Set<string | undefined>();
    const beganAt = performance.now();
    const rounds = depths.length * 3;
    for (; turn < rounds; turn += 1) {
      const refusal = await refusalOf(address);
      expect(refusal).not.toBeNull();
      codes.add(refusal?.code);
    }
    const told = secondsSince(0, (performance.now() - beganAt) / rounds);
    expect([...codes]).toEqual(['08006']);
    await untilAtRest(serving);
    await pollUntil(() => sockets.size === 0);
    record({
      fault: 'Backend that sends garbage instead of a login, in eight ways',
      seen: `08006 and why, ${rounds} of ${rounds}`,
      lost: 'none stood',
      effect: `${told} each, at most; no socket left at either end`,
    });
  });

  it('because it sends garbage within a session, ends with the connection', async () => {
    const { sockets } = await startStranger((socket) => {
      socket.write(greeting);
      // Longer than whatever it claims to be; then it hangs up.
      socket.once('data', () => socket.end(randomBytes(100_000)));
    });
    const serving = await startGate();
    const session = await connect(running(), address);
    const beganAt = performance.now();
    await expect(session.client.query('SELECT 1')).rejects.toThrow();
    const told = secondsSince(beganAt);
    await untilAtRest(serving);
    await pollUntil(() => sockets.size === 0);
    record({
      fault: 'Backend that sends garbage instead of an answer, and hangs up',
      seen: 'the garbage, as it came, and the end of the connection',
      lost: '1 of 1',
      effect: `${told} until it was over`,
    });
  });
});
