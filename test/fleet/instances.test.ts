import type { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { addAddressRule } from '../../src/control/address-rules.ts';
import { revokeCertificate } from '../../src/control/certificates.ts';
import { endSession, listSessions } from '../../src/control/sessions.ts';
import { listInstances } from '../../src/store/instances.ts';
import { startForwarder } from '../gate/forwarder.ts';
import { pollUntil } from '../support/poll.ts';
import { startPostern, type TestInstance, type TestPostern } from '../support/postern.ts';
import { postgresUrl } from '../support/postgres.ts';
import { untilLogged } from './fleet.ts';

const cluster = new URL(postgresUrl());
/** The second instance's store, and nobody else's, lies behind it. */
const way = await startForwarder({ host: cluster.hostname, port: Number(cluster.port) });
let postern: TestPostern;
let second: TestInstance;
let instances: readonly Pick<TestInstance, 'port' | 'logLines'>[];

beforeAll(async () => {
  postern = await startPostern();
  second = await postern.startInstance((config) => {
    const url = new URL(config.store.url);
    url.hostname = '127.0.0.1';
    url.port = String(way.port);
    return { ...config, store: { ...config.store, url: url.href } };
  });
  instances = [postern, second];
  await pollUntil(async () => (await listInstances(postern.store.console)).length === 2);
});
afterEach(() => way.mend());
afterAll(async () => {
  await postern?.stop();
  await way.stop();
});

/** A session at each instance; `ended` resolves with what its client was told at the end. */
const connectToEach = (application: string, options = {}) =>
  Promise.all(
    instances.map(async ({ port }, index) => {
      const client = await postern.connect({ port, application_name: `${application} ${index}`, ...options });
      const ended = new Promise<Error>((resolve) => client.once('error', resolve));
      return { client, ended };
    }),
  );

const mirrored = (application: string, count: number) =>
  pollUntil(async () => {
    const sessions = await listSessions(postern.context, postern.account);
    const found = sessions.filter(({ applicationName }) => applicationName.startsWith(application));
    return found.length === count && found;
  });

const answers = async (client: Client) => (await client.query('SELECT 1 AS one')).rows;

const ask = (path: string) => fetch(`http://127.0.0.1:${second.serving.telemetryPort}${path}`);

/** Of the second instance. */
const gauge = async (name: string): Promise<number> =>
  Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(await (await ask('/metrics')).text())?.[1]);

const feedStates = async () =>
  Object.fromEntries(
    [
      ...(await (await ask('/metrics')).text()).matchAll(
        /^postern_policy_feed_state\{state="(\w+)"\} (\d)$/gm,
      ),
    ].map(([, state, value]) => [state, Number(value)]),
  );

describe('two instances on one store', () => {
  it('both end the sessions of a revoked certificate within a second', async () => {
    const { certificate, key, serverCa } = await postern.createCertificate('to be revoked');
    const sessions = await connectToEach('revoked', { ssl: { ca: serverCa, cert: certificate, key } });
    const revokedAt = performance.now();
    await revokeCertificate(postern.context, postern.account, 'to be revoked', null);
    for (const error of await Promise.all(sessions.map(({ ended }) => ended))) {
      expect(error.message).toBe('The session was ended because its certificate was revoked.');
    }
    expect(performance.now() - revokedAt).toBeLessThan(3_000);
  });

  it('show the sessions of both, and end the one that is meant', async () => {
    const [here, there] = await connectToEach('listed');
    const sessions = await mirrored('listed', 2);
    expect(new Set(sessions.map(({ instanceId }) => instanceId)).size).toBe(2);
    const meant = sessions.find(({ applicationName }) => applicationName === 'listed 1');
    expect(await endSession(postern.context, meant?.id ?? '', 5_000)).toMatchObject({ gone: true });
    expect((await there?.ended)?.message).toMatch(/^The session was ended by the owner/);
    expect(here && (await answers(here.client))).toEqual([{ one: 1 }]);
    expect(await mirrored('listed', 1)).toMatchObject([{ applicationName: 'listed 0' }]);
  });

  it('go on when one is cut off from the store, which says so and catches up', async () => {
    const before = await connectToEach('cut off');
    way.cut();
    await untilLogged(second, { state: 'failing' });
    for (const { client } of before) expect(await answers(client)).toEqual([{ one: 1 }]);
    for (const { client } of await connectToEach('meanwhile')) {
      expect(await answers(client)).toEqual([{ one: 1 }]);
    }
    const readiness = await ask('/readyz');
    expect(readiness.status).toBe(200);
    expect(await readiness.text()).toMatch(/^ok, but the store has been away for \d+ s\n$/);
    expect(await feedStates()).toEqual({ starting: 0, following: 0, polling: 0, failing: 1 });
    await pollUntil(async () => (await gauge('postern_policy_age_seconds')) > 1.5);
    await addAddressRule(postern.context, postern.account, {
      cidr: '192.0.2.9/32',
      label: 'heard of late',
      expiresAt: null,
    });
    const lagBefore = (await gauge('postern_policy_lag_seconds_sum')) || 0;
    const missedSinceMs = performance.now();
    await pollUntil(() => performance.now() - missedSinceMs > 1_000);

    way.mend();
    await pollUntil(async () => (await gauge('postern_policy_age_seconds')) < 1);
    await pollUntil(async () => (await (await ask('/readyz')).text()) === 'ok\n');
    await pollUntil(async () => (await feedStates())['following'] === 1);
    expect((await gauge('postern_policy_lag_seconds_sum')) - lagBefore).toBeGreaterThan(1);
    const states = second.logLines().flatMap(({ msg, state }) => (msg === 'policy feed' ? [state] : []));
    expect(states.filter((state) => state === 'failing')).toHaveLength(1);
    await mirrored('meanwhile', 2);
  });
});
