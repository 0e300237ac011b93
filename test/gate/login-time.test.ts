/** Whom a login waited for, as the metrics tell it. */

import { afterAll, describe, expect, it } from 'vitest';
import { LoginTime } from '../../src/gate/login-time.ts';
import { buildSslRequest } from '../../src/wire/frontend-messages.ts';
import { pollUntil } from '../support/poll.ts';
import { logIn, proveByScram } from '../support/raw-login.ts';
import { startup } from '../support/raw-messages.ts';
import { type GateUnderTest, gateUnderTest } from './gate-fixture.ts';
import { backendWith, greeting, startStubBackend } from './stub-backend.ts';

const backend = await startStubBackend();
afterAll(() => backend.stop());

describe('the time of a login', () => {
  it('is split by whom it waited for, and the rest is its own', async () => {
    let nowMs = 100;
    const passes = async (ms: number) => {
      nowMs += ms;
    };
    const time = new LoginTime(() => nowMs);
    const waits = async (whom: 'client' | 'backend', ms: number) => {
      const step = Promise.withResolvers<void>();
      const waiting = time.waitingFor(whom, step.promise);
      await passes(ms);
      step.resolve();
      await waiting;
    };
    await waits('client', 10);
    await passes(1);
    await waits('backend', 200);
    await passes(2);
    await waits('client', 30);
    expect(time.parts).toBeNull();
    time.finish();
    await passes(1_000);
    expect(time.parts).toEqual({ client: 40, backend: 200, postern: 3 });
  });

  it('counts a wait that fails as well', async () => {
    let nowMs = 0;
    const time = new LoginTime(() => nowMs);
    const step = Promise.withResolvers<void>();
    const waiting = time.waitingFor('backend', step.promise);
    nowMs = 7;
    step.reject(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    time.finish();
    expect(time.parts).toEqual({ client: 0, backend: 7, postern: 0 });
  });
});

const partsOf = async (gate: GateUnderTest) => ({
  client: await gate.gauge('postern_login_seconds_sum\\{part="client"\\}'),
  postern: await gate.gauge('postern_login_seconds_sum\\{part="postern"\\}'),
  backend: await gate.gauge('postern_login_seconds_sum\\{part="backend"\\}'),
});

const slowSeconds = 0.3;
/** Until somebody has been slow. */
const slowly = async () => {
  const sinceMs = performance.now();
  await pollUntil(() => performance.now() - sinceMs > slowSeconds * 1_000);
};

/** What one login adds to each part; measured while its session still lives. */
const addedBy = async (gate: GateUnderTest, login: () => Promise<unknown>) => {
  const before = await partsOf(gate);
  const logins = () => gate.gauge('postern_login_seconds_count\\{part="postern"\\}');
  const loginsBefore = (await logins()) || 0;
  await login();
  await pollUntil(async () => (await logins()) === loginsBefore + 1);
  const after = await partsOf(gate);
  return {
    client: after.client - (before.client || 0),
    postern: after.postern - (before.postern || 0),
    backend: after.backend - (before.backend || 0),
  };
};

describe('in the metrics, while the session lives, a login', () => {
  const gate = gateUnderTest({ configure: backendWith({ host: '127.0.0.1', port: backend.port }) });

  it('of a client that is slow with its startup packet and its key shows the client', async () => {
    backend.behave((socket) => socket.write(greeting));
    const added = await addedBy(gate, async () => {
      const client = await gate.secured();
      await slowly();
      client.send(startup({ user: gate.postern.account }));
      await slowly();
      await logIn(client, gate.postern.readerKey);
    });
    expect(added.client).toBeGreaterThan(2 * slowSeconds);
    expect(added.postern + added.backend).toBeLessThan(slowSeconds);
  });

  it('of a client that is slow with the TLS handshake shows the client, and so does the handshake', async () => {
    backend.behave((socket) => socket.write(greeting));
    const handshakes = () => gate.gauge('postern_tls_handshake_seconds_sum');
    const handshakesBefore = (await handshakes()) || 0;
    const added = await addedBy(gate, async () => {
      const client = await gate.plain();
      client.send(buildSslRequest());
      await client.read(1);
      await slowly();
      await client.upgrade(gate.tlsOptions());
      client.send(startup({ user: gate.postern.account }));
      await logIn(client, gate.postern.readerKey);
    });
    expect(added.client).toBeGreaterThan(slowSeconds);
    expect(added.postern + added.backend).toBeLessThan(slowSeconds);
    expect((await handshakes()) - handshakesBefore).toBeGreaterThan(slowSeconds);
  });

  it('with a backend that is slow to greet shows the backend', async () => {
    backend.behave((socket) => void slowly().then(() => socket.write(greeting)));
    const added = await addedBy(gate, async () => {
      const client = await gate.greeted();
      await proveByScram(client, gate.postern.readerKey);
      await client.readThrough('Z');
    });
    expect(added.backend).toBeGreaterThan(slowSeconds);
    const opened = 'postern_backend_logins_total\\{backend="main",outcome="opened"\\}';
    expect(await gate.gauge(opened)).toBeGreaterThan(0);
    expect(added.postern + added.client).toBeLessThan(slowSeconds);
  });
});
