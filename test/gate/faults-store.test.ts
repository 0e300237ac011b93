import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { changeAccount } from '../../src/control/accounts.ts';
import { pollUntil } from '../support/poll.ts';
import { postgresUrl } from '../support/postgres.ts';
import { proveByScram, query } from '../support/raw-login.ts';
import { startForwarder } from './forwarder.ts';
import { type GateUnderTest, gateUnderTest } from './gate-fixture.ts';

const cluster = new URL(postgresUrl());
const way = await startForwarder({ host: cluster.hostname, port: Number(cluster.port) });
afterEach(() => way.mend());
afterAll(() => way.stop());

/** The gate's store, and nobody else's, lies behind the forwarder. */
const behindForwarder = (maxStalenessMs: number) =>
  gateUnderTest({
    configure: (config) => {
      const url = new URL(config.store.url);
      url.hostname = '127.0.0.1';
      url.port = String(way.port);
      return {
        ...config,
        store: { ...config.store, url: url.href },
        policy: { pollIntervalMs: 100, maxStalenessMs },
      };
    },
  });

const readiness = async (gate: GateUnderTest) => {
  const response = await fetch(`http://127.0.0.1:${gate.postern.serving.telemetryPort}/readyz`);
  return { status: response.status, text: await response.text() };
};

describe('while the store is away', () => {
  const gate = behindForwarder(3_600_000);

  it('logins and sessions go on, and what happened is written afterwards', async () => {
    const { client } = await gate.loggedIn();
    way.cut();
    await pollUntil(() => gate.postern.logLines().some(({ state }) => state === 'failing'));
    expect(await query(client, 'SELECT 1')).toEqual([['1']]);
    for (let time = 0; time < 5; time += 1) {
      const late = await gate.greeted({ application_name: `while away ${time}` });
      await proveByScram(late, gate.postern.readerKey);
      await late.readThrough('Z');
      late.close();
    }
    expect(await readiness(gate)).toMatchObject({ status: 200 });

    way.mend();
    await pollUntil(async () => {
      const { rows } = await gate.postern.store.owner.query<{ count: number }>(
        "SELECT count(*)::int AS count FROM postern.attempts WHERE application_name LIKE 'while away %'",
      );
      return rows[0]?.count === 5;
    });
  });

  it('changes wait, and count once it is back', async () => {
    const { context, account } = gate.postern;
    way.cut();
    await changeAccount(context, account, { databaseAliases: ['maps'] });
    const attempt = async () => {
      const client = await gate.greeted({ database: 'maps' });
      const first = await client.readMessage();
      client.close();
      return first.type;
    };
    expect(await attempt()).toBe('E');
    way.mend();
    await pollUntil(async () => (await attempt()) === 'R');
  });
});

describe('a policy that may be half a second old', () => {
  const gate = behindForwarder(500);

  it('admits nobody new when it is older, spares sessions, and recovers', async () => {
    const { client } = await gate.loggedIn();
    way.cut();
    await pollUntil(async () => (await readiness(gate)).status === 503);
    const late = await gate.greeted();
    expect(await late.refusal()).toMatchObject({
      severity: 'FATAL',
      sqlstate: '57P03',
      message: expect.stringMatching(
        /^Postern has not reached its store for \d+ seconds? and admits nobody new\.$/,
      ),
    });
    expect(await readiness(gate)).toMatchObject({
      text: expect.stringContaining('has not reached its store'),
    });
    expect(await query(client, 'SELECT 1')).toEqual([['1']]);

    way.mend();
    await pollUntil(async () => (await readiness(gate)).status === 200);
    await gate.loggedIn();
  });
});
