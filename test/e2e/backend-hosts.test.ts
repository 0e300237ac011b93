/** A real primary and its streaming standby behind Postern: where sessions are opened, and what becomes of them in a failover. */

import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepControl } from '../../src/compose/control.ts';
import { placeText } from '../../src/place.ts';
import { buildCancelRequest } from '../../src/wire/frontend-messages.ts';
import { type Forwarder, startForwarder } from '../gate/forwarder.ts';
import { freePort } from '../support/free-port.ts';
import { pollUntil } from '../support/poll.ts';
import { runAsSuperuser } from '../support/postgres.ts';
import { ownServersMissing, type PostgresPair, startPair } from '../support/postgres-server.ts';
import { RawClient } from '../support/raw-client.ts';
import { runningWith, untilNoneRuns, untilRunning } from './activity.ts';
import {
  furnish,
  onlyHost,
  type PairPostern,
  placeOf,
  serverPort,
  startPairPostern,
  untilSessionOn,
  withBackends,
} from './pair-fixture.ts';

const connectTimeoutMs = 1_500;
const running = new AsyncDisposableStack();
let pair: PostgresPair;
let under: PairPostern;
let way: Forwarder;
/** Accepts, and never says a word. */
let silent: Server;
let silentPort: number;

beforeAll(async () => {
  if (ownServersMissing) return;
  pair = await startPair(running);
  const { primary, standby } = pair;
  await furnish(primary);
  way = await startForwarder(placeOf(primary));
  running.defer(way.stop);
  silentPort = await freePort();
  silent = createServer((socket) => socket.on('error', () => undefined)).listen(silentPort, '127.0.0.1');
  running.defer(() => void silent.close());
  const both = [placeOf(standby), placeOf(primary)] as const;
  under = await startPairPostern(
    running,
    {
      any: { hosts: [placeOf(primary), placeOf(standby)] },
      primary: { hosts: both, targetSessionAttrs: 'primary' },
      standby: { hosts: [placeOf(primary), placeOf(standby)], targetSessionAttrs: 'standby' },
      returning: { hosts: [placeOf(way), placeOf(standby), placeOf(primary)] },
      dark: { hosts: [{ host: '127.0.0.1', port: silentPort }, placeOf(primary)], connectTimeoutMs },
      reloaded: { hosts: onlyHost(primary) },
      'standby-only': { hosts: onlyHost(standby) },
    },
    () => pair.caughtUp(),
  );
}, 120_000);
afterAll(() => running.disposeAsync());

const asSuperuserOf = (server: PostgresPair['primary']) => ({
  superuser: (...statements: string[]) => runAsSuperuser(server.url('gis'), ...statements),
});

describe.skipIf(ownServersMissing)('a session', () => {
  it('is opened on the first host that serves', async () => {
    const logIn = await under.accountOn('any');
    const client = await logIn();
    expect(await serverPort(client)).toBe(pair.primary.port);
    await client.end();
    const line = await pollUntil(() =>
      under.postern.logLines().find(({ backend, msg }) => msg === 'connection' && backend === 'any'),
    );
    expect(line).toMatchObject({ backendHost: placeText(placeOf(pair.primary)) });
  });

  it('for the primary finds it behind a standby, on which nothing stays', async () => {
    const logIn = await under.accountOn('primary');
    const client = await logIn();
    expect(await serverPort(client)).toBe(pair.primary.port);
    await pollUntil(async () => {
      const [row] = await runAsSuperuser(
        pair.standby.url(),
        "SELECT count(*)::int AS left FROM pg_stat_activity WHERE usename LIKE 'postern%'",
      );
      return row?.['left'] === 0;
    });
  });

  it('for a standby finds it behind the primary, and can write nothing', async () => {
    const client = await (await under.accountOn('standby'))();
    expect(await serverPort(client)).toBe(pair.standby.port);
    expect((await client.query('SELECT * FROM places.towns')).rows).toEqual([{ id: 1 }]);
    await expect(client.query('CREATE TEMPORARY TABLE t (i int)')).rejects.toMatchObject({ code: '25006' });
  });

  it('is cancelled on the host that it is on', async () => {
    const client = await (await under.accountOn('standby'))();
    const mark = 'on the standby';
    const answer = client.query(`SELECT pg_sleep(600) -- ${mark}`).catch((error: unknown) => error);
    await untilRunning(asSuperuserOf(pair.standby), mark);
    expect(await runningWith(asSuperuserOf(pair.primary), mark)).toEqual([]);
    const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
    const secret = Buffer.alloc(4);
    secret.writeInt32BE(secretKey);
    const canceller = await RawClient.open(under.postern.port);
    canceller.send(buildCancelRequest(processID, secret));
    expect(await answer).toMatchObject({ code: '57014' });
    await untilNoneRuns(asSuperuserOf(pair.standby), mark, 5_000);
    canceller.close();
  });
});

describe.skipIf(ownServersMissing)('a host that', () => {
  it('is down is stood in for by the next, and used again when it is back', async () => {
    const logIn = await under.accountOn('returning');
    expect(await serverPort(await logIn())).toBe(pair.primary.port);
    way.cut();
    for (let login = 0; login < 4; login += 1) {
      expect(await serverPort(await logIn())).toBe(pair.standby.port);
    }
    expect(await under.isUp('returning', placeText(placeOf(way)))).toBe(0);
    expect(under.hostLines('returning')).toEqual([
      expect.objectContaining({
        level: 'warn',
        host: placeText(placeOf(way)),
        state: 'passed over',
        forMs: 1_000,
        error: expect.any(String),
      }),
    ]);
    way.mend();
    await untilSessionOn(pair.primary.port, logIn);
    expect(await under.isUp('returning', placeText(placeOf(way)))).toBe(1);
    expect(under.hostLines('returning').map(({ state }) => state)).toEqual([
      'passed over',
      'probed',
      'serving',
    ]);
  });

  it('accepts and never answers costs one login its connect timeout, and then no other', async () => {
    const logIn = await under.accountOn('dark');
    const timed = async () => {
      const startedAtMs = performance.now();
      expect(await serverPort(await logIn())).toBe(pair.primary.port);
      return performance.now() - startedAtMs;
    };
    expect(await timed()).toBeGreaterThanOrEqual(connectTimeoutMs);
    expect(await timed()).toBeLessThan(connectTimeoutMs);
    expect(under.hostLines('dark')).toMatchObject([
      { state: 'passed over', error: `no answer within ${connectTimeoutMs} ms` },
    ]);
    expect(await under.isUp('dark', `127.0.0.1:${silentPort}`)).toBe(0);
  });

  it('is no primary is never given roles to create', async () => {
    await expect(under.accountOn('standby-only')).rejects.toThrow(
      `The backend "standby-only" at ${placeText(placeOf(pair.standby))} is a standby, and roles are created on the primary.`,
    );
  });
});

describe.skipIf(ownServersMissing)('a reload', () => {
  it('adds hosts and takes them away, for sessions that come afterwards', async () => {
    const logIn = await under.accountOn('reloaded');
    const before = await logIn();
    const gone = { host: '127.0.0.1', port: await freePort() };
    const reloadWith = async (hosts: readonly [typeof gone, ...(typeof gone)[]]) => {
      under.postern.rewrite(withBackends({ reloaded: { hosts } }));
      expect(await under.postern.serving.reload('test')).toBe('applied');
    };
    await reloadWith([gone]);
    await expect(logIn()).rejects.toMatchObject({ code: '08006' });
    expect(await under.isUp('reloaded', placeText(placeOf(pair.primary)))).toBeUndefined();
    await reloadWith([gone, placeOf(pair.standby)]);
    expect(await serverPort(await logIn())).toBe(pair.standby.port);
    // Whoever was there stays there.
    expect(await serverPort(before)).toBe(pair.primary.port);
  });
});

// Last: afterwards there is one server left.
describe.skipIf(ownServersMissing)('a failover', () => {
  it('takes new sessions, and whoever provisions, to the new primary', async () => {
    const { primary, standby } = pair;
    await using control = new AsyncDisposableStack();
    const { backendAdmin, close } = keepControl(under.postern.config);
    control.defer(close);
    const logIn = await under.accountOn('primary');
    const admin = await backendAdmin('primary', 'gis');
    expect((await admin.query<{ port: number }>('SELECT inet_server_port() AS port')).rows).toEqual([
      { port: primary.port },
    ]);
    const session = await logIn();
    await primary.stop();
    await expect(session.query('SELECT 1')).rejects.toThrow();
    await expect(logIn()).rejects.toMatchObject({
      code: '57P03',
      message: 'None of the database servers behind Postern is the primary at the moment.',
    });
    await standby.promote();
    await untilSessionOn(standby.port, logIn);
    const next = await pollUntil(
      async () => {
        const found = await backendAdmin('primary', 'gis');
        const { rows } = await found.query<{ port: number }>('SELECT inet_server_port() AS port');
        return rows[0]?.port === standby.port;
      },
      { timeoutMs: 20_000 },
    );
    expect(next).toBe(true);
  });
});
