import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { backendWith } from '../gate/stub-backend.ts';
import { pollUntil } from '../support/poll.ts';
import { startPostern } from '../support/postern.ts';
import { untilNoneRuns, untilRunning } from './activity.ts';
import { query, takeOver } from './raw-session.ts';

describe('a Postern that is stopped', () => {
  it('tells its sessions, cancels their queries, and admits nobody any more', async () => {
    await using stack = new AsyncDisposableStack();
    const postern = await startPostern();
    stack.defer(postern.stop);
    const [busy, idle] = [await postern.connect(), await postern.connect()];
    const told = new Promise((resolve) => idle.once('error', resolve));
    const slept = busy.query('SELECT pg_sleep(600) -- stopped').catch((error: unknown) => error);
    await untilRunning(postern, 'stopped');
    await postern.serving.stop();
    const ending = { code: '57P01', message: 'The session was ended because Postern shuts down.' };
    expect(await slept).toMatchObject(ending);
    expect(await told).toMatchObject(ending);
    await untilNoneRuns(postern, 'stopped', 2_000);
    await expect(postern.connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('does not wait for a client that reads nothing', async () => {
    await using stack = new AsyncDisposableStack();
    const postern = await startPostern();
    stack.defer(postern.stop);
    const { stream } = takeOver(await postern.connect());
    stream.pause();
    stream.write(query("SELECT repeat('x', 1000) FROM generate_series(1, 1000000) -- stuck"));
    const pid = await untilRunning(postern, 'stuck');
    await pollUntil(async () => {
      const [row] = await postern.superuser(`SELECT wait_event FROM pg_stat_activity WHERE pid = ${pid}`);
      return row?.['wait_event'] === 'ClientWrite';
    });
    const stoppedAt = performance.now();
    await postern.serving.stop();
    expect(performance.now() - stoppedAt).toBeLessThan(8_000);
    stream.destroy();
  });

  it('admits nobody while its housekeeping still waits for a backend that says nothing', async () => {
    await using stack = new AsyncDisposableStack();
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    stack.defer(() => void silent.close());
    const accepted = once(silent, 'connection') as Promise<[Socket]>;
    const { port } = silent.address() as AddressInfo;
    const postern = await startPostern({
      configure: backendWith({ port, connectTimeoutMs: 20_000 }),
      beforeServing: (store) => store.owner.query('UPDATE postern.api_keys SET grants_applied = false'),
    });
    stack.defer(postern.stop);
    const [socket] = await accepted;
    const stopped = postern.serving.stop();
    const refused = (error: { code: string }) => error.code === 'ECONNREFUSED';
    await pollUntil(() => postern.connect().then(() => false, refused), { timeoutMs: 2_000 });
    socket.destroy();
    await stopped;
  });

  it('tells its sessions at once while somebody is slow at the console, and waits no longer than seconds', async () => {
    await using stack = new AsyncDisposableStack();
    const postern = await startPostern({
      configure: (config) => ({
        ...config,
        console: { listen: { host: '127.0.0.1', port: 0 }, tls: null, trustedProxies: [], adminToken: null },
      }),
    });
    stack.defer(postern.stop);
    const slow = connect(postern.serving.consolePort ?? 0, '127.0.0.1');
    stack.defer(() => void slow.destroy());
    slow.on('error', () => undefined);
    await once(slow, 'connect');
    slow.write(
      'POST /api/v1/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{',
    );
    const client = await postern.connect();
    const told = new Promise((resolve) => client.once('error', resolve));
    const stoppedAt = performance.now();
    const stopped = postern.serving.stop();
    expect(await told).toMatchObject({ code: '57P01' });
    expect(performance.now() - stoppedAt).toBeLessThan(2_000);
    await stopped;
    expect(performance.now() - stoppedAt).toBeLessThan(8_000);
  });
});
