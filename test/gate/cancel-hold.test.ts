import type { Socket } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { cancelQuery } from '../../src/gate/backend/cancel-query.ts';
import { buildCancelRequest } from '../../src/wire/frontend-messages.ts';
import { pollUntil } from '../support/poll.ts';
import { logIn } from '../support/raw-login.ts';
import { message } from '../support/raw-messages.ts';
import { gateUnderTest } from './gate-fixture.ts';
import { backendWith, greeting, int32, startStubBackend } from './stub-backend.ts';

const backend = await startStubBackend({ allowHalfOpen: true });
afterAll(() => backend.stop());
const gate = gateUnderTest({ configure: backendWith({ host: '127.0.0.1', port: backend.port }) });

/** The stub's BackendKeyData: process id 7, secret 9. */
const cancelForBackend = '00000010' + '04d2162e' + '00000007' + '00000009';

/** Serves sessions; the connections of cancel requests are left to the test. */
const serve = (cancels: { bytes: string; socket: Socket }[]) => (socket: Socket, first: Buffer) => {
  if (first.readInt32BE(4) === 80877102) cancels.push({ bytes: first.toString('hex'), socket });
  else socket.on('end', () => socket.end()).write(greeting);
};

describe('a cancel request', () => {
  it('carries the key of the backend, and is held until the backend has dealt with it', async () => {
    const cancels: { bytes: string; socket: Socket }[] = [];
    backend.behave(serve(cancels));
    const client = await gate.greeted();
    const key = (await logIn(client, gate.postern.readerKey)).find(({ type }) => type === 'K')?.body;
    client.send(message('Q', Buffer.from('SELECT 1\0')));
    const canceller = await gate.plain();
    let ended = false;
    const rest = canceller.rest().finally(() => {
      ended = true;
    });
    canceller.send(buildCancelRequest(key?.readInt32BE() ?? 0, key?.subarray(4) ?? Buffer.alloc(4)));
    const [cancel] = await pollUntil(() => (cancels.length > 0 ? cancels : null));
    expect(cancel?.bytes).toBe(cancelForBackend);
    // A second client is let in meanwhile: the time that takes is time in which nothing ended.
    await logIn(await gate.greeted(), gate.postern.readerKey);
    expect(ended).toBe(false);
    cancel?.socket.end();
    expect(await rest).toHaveLength(0);
    await gate.logged({ cancel: 'forwarded' });
  });

  it('goes to the very server that the session is on, wherever the name of its host leads by now', async () => {
    const cancels: { bytes: string; socket: Socket }[] = [];
    backend.behave(serve(cancels));
    const moved = {
      host: 'moved.invalid',
      port: backend.port,
      tls: 'disable',
      ca: null,
      clientCertificate: null,
    } as const;
    const done = cancelQuery(moved, '127.0.0.1', { processId: 7, secret: int32(9) });
    const [cancel] = await pollUntil(() => (cancels.length > 0 ? cancels : null));
    expect(cancel?.bytes).toBe(cancelForBackend);
    cancel?.socket.end();
    await done;
  });
});
