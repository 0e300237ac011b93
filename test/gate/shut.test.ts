import { describe, expect, it } from 'vitest';
import { buildCancelRequest, buildSslRequest } from '../../src/wire/frontend-messages.ts';
import { pollUntil } from '../support/poll.ts';
import { startPostern } from '../support/postern.ts';
import { RawClient } from '../support/raw-client.ts';
import { logIn, proveByScram } from '../support/raw-login.ts';
import { message, startup } from '../support/raw-messages.ts';
import { gateUnderTest } from './gate-fixture.ts';

describe('a refusal reaches the client', () => {
  const gate = gateUnderTest();
  /** A reset, which a close with unread bytes causes, would take the message with it. */
  const unread = Buffer.alloc(500_000, 0x51);

  it('in plaintext, though much that it sent was never read', async () => {
    const client = await gate.plain();
    client.send(startup({ user: gate.postern.account }), unread);
    expect(await client.refusal()).toMatchObject({ message: 'Postern accepts encrypted connections only.' });
  });

  it('in TLS, though much that it sent was never read', async () => {
    const client = await gate.secured();
    client.send(startup({ user: 'somebody' }), unread);
    expect(await client.refusal()).toMatchObject({ sqlstate: '28000' });
  });

  it('though it has closed its own half already', async () => {
    const client = await gate.secured();
    client.send(startup({ user: 'somebody' }));
    client.endSending();
    expect(await client.refusal()).toMatchObject({ sqlstate: '28000' });
  });

  it('with the connection id of the log, and the certificate', async () => {
    const client = await gate.greeted({ user: 'somebody' });
    const { detail } = await client.refusal();
    const [, id, serial] =
      /^Connection ([0-9a-f]{12}) from 127\.0\.0\.1, certificate ([0-9a-f]{32})\.$/.exec(detail) ?? [];
    expect(await gate.logged({ connection: id ?? '' })).toMatchObject({
      certificate: serial,
      account: gate.postern.account,
      user: 'somebody',
    });
  });
});

/** What keeps this process alive, of the kinds that a gate uses. */
const resources = () => {
  const all = process.getActiveResourcesInfo();
  const count = (kind: RegExp) => all.filter((name) => kind.test(name)).length;
  return { servers: count(/^TCPServer/), sockets: count(/^(TCPSocket|TLS)/), timers: count(/^Timeout$/) };
};

describe('a gate that has been stopped', () => {
  it('leaves no socket, no listener and no timer behind, whatever its clients did', async () => {
    const before = resources();
    const postern = await startPostern();
    const { certificate, key, serverCa } = postern.files;
    const tls = { cert: certificate, key, ca: serverCa };
    const open = () => RawClient.open(postern.port);
    const secured = async () => {
      const client = await open();
      await client.requestTls(tls);
      return client;
    };
    const greeted = async () => {
      const client = await secured();
      client.send(startup({ user: postern.account }));
      return client;
    };
    const busy = await greeted();
    await logIn(busy, postern.readerKey);
    busy.send(message('Q', Buffer.from('SELECT pg_sleep(600)\0')));
    const idle = await greeted();
    await logIn(idle, postern.readerKey);
    const half = await open();
    half.send(buildSslRequest().subarray(0, 3));
    const handshaking = await open();
    handshaking.send(buildSslRequest(), Buffer.alloc(0));
    await handshaking.read(1);
    const proving = await greeted();
    await proveByScram(proving, 'pst_wrong');
    const cancelling = await open();
    cancelling.send(buildCancelRequest(1, Buffer.alloc(4)));
    const staying = [
      busy,
      idle,
      half,
      handshaking,
      proving,
      cancelling,
      await open(),
      await secured(),
      await greeted(),
    ];

    expect(resources().sockets).toBeGreaterThan(before.sockets + staying.length);
    await postern.stop();
    for (const client of staying) client.close();
    await pollUntil(() => {
      const now = resources();
      expect(now.servers).toBe(before.servers);
      expect(now.sockets).toBeLessThanOrEqual(before.sockets);
      expect(now.timers).toBeLessThanOrEqual(before.timers);
      return true;
    });
  });
});
