/** Processes that die or freeze, without a word. */

import { describe, expect, it } from 'vitest';
import { pollUntil } from '../support/poll.ts';
import { balancerAddress, oneAddress, startBalancer, twoAddress } from './balancer.ts';
import { backendAtRest, connect, onBackend, refusalOf, type Session, startLoad, works } from './clients.ts';
import { startCluster, stopCluster } from './cluster.ts';
import { record, secondsSince } from './figures.ts';
import { configure, installation } from './installation.ts';
import { startedPerTest } from './per-test.ts';
import { type ServingProcess, serve, startServing, untilLogged, workerPids } from './serving.ts';

const running = startedPerTest();

const behindBalancer = async ({ workers = 1 } = {}) => {
  const trustedProxy = balancerAddress;
  const instances = await Promise.all([
    serve(running(), { address: oneAddress, workers, trustedProxy }),
    serve(running(), { address: twoAddress, trustedProxy }),
  ] as const);
  return { instances, balancer: await startBalancer(running()) };
};

/** Sessions by the balancer until each instance has one. */
const sessionAtEach = async (instances: readonly ServingProcess[]): Promise<Session[]> => {
  const sessions = await Promise.all(instances.map(() => connect(running(), balancerAddress)));
  for (const instance of instances) {
    await pollUntil(async () => (await instance.metric('postern_sessions_active')) === 1);
  }
  return sessions;
};

const canConnect = async (): Promise<boolean> => {
  await using login = new AsyncDisposableStack();
  return await connect(login, balancerAddress).then(works, () => false);
};

const everybodyConnects = async (): Promise<void> => {
  for (let time = 0; time < 10; time += 1) expect(await canConnect()).toBe(true);
};

describe('one of two workers that is killed under load', () => {
  it('takes its own sessions, and the limits are right afterwards', async () => {
    const sessionsPerAccount = 12;
    const address = '127.0.0.13';
    const serving = await serve(running(), { address, workers: 2, sessionsPerAccount });
    const load = await startLoad(running(), address, `-c ${sessionsPerAccount}`, '-j 2');
    const [pid = 0] = workerPids(serving);
    const beganAt = performance.now();
    process.kill(pid, 'SIGKILL');
    const died = await untilLogged(serving, ({ msg }) => msg === 'a worker has died');
    expect(died).toMatchObject({ pid, signal: 'SIGKILL' });
    await pollUntil(() => workerPids(serving).length === 3, { timeoutMs: 30_000 });
    const replaced = secondsSince(beganAt);
    const lost = Number(died['sessions']);
    await pollUntil(() => load.abortedSoFar() === lost);

    // What it held is free again, and no more than that.
    const fill = await Promise.all(Array.from({ length: lost }, () => connect(running(), address)));
    await expect(connect(running(), address)).rejects.toThrow(
      `The account has reached its limit of ${sessionsPerAccount} sessions.`,
    );
    for (const session of fill) expect(await works(session)).toBe(true);
    expect(await serving.metric('postern_worker_deaths_total')).toBe(1);

    const { processed, aborted, committed, apart } = await load.finish();
    expect(aborted).toHaveLength(lost);
    expect(apart).toBe(0);
    // A client that has sent its COMMIT may not have heard the answer.
    expect(committed).toBeGreaterThanOrEqual(processed);
    expect(committed).toBeLessThanOrEqual(processed + lost);
    record({
      fault: `One of two workers killed (SIGKILL) under \`pgbench -c ${sessionsPerAccount}\``,
      seen: 'connection closed, in those sessions alone; new connections go to the other worker; limits hold',
      lost: `${lost} of ${sessionsPerAccount}, those of that worker`,
      effect: `${replaced} until another one served in its place`,
    });
  });
});

describe('an instance with two workers', () => {
  const address = '127.0.0.13';

  it('leaves none behind when it is killed while they start', async () => {
    const { store } = installation();
    const old = await serve(running(), { address });
    const file = await configure(installation(), { address, workers: 2 });
    await stopCluster(store);
    let isAway = true;
    const bringBack = async () => {
      if (isAway) await startCluster(store);
      isAway = false;
    };
    running().defer(bringBack);
    // Its first worker waits for the policy before it listens.
    const successor = running().use(startServing(address, file, { args: ['--replace', String(old.pid)] }));
    await untilLogged(successor, ({ worker, state }) => worker === 1 && state === 'failing');
    successor.signal('SIGKILL');
    await successor.ended;
    const killedAt = performance.now();
    await bringBack();
    await successor.allGone();
    const gone = secondsSince(killedAt);
    expect(await works(await connect(running(), address))).toBe(true);
    record({
      fault:
        'Successor killed (SIGKILL to the parent) while its workers wait for the store, which then comes back',
      seen: 'nothing: the running one was never told',
      lost: '0',
      effect: `${gone} until none of its processes was left`,
    });
  });

  it('tells of one that hangs when it should reload, and comes to its end without it', async () => {
    const serving = await serve(running(), { address, workers: 2, drainTimeout: '1s' });
    const [frozen = 0] = workerPids(serving);
    process.kill(frozen, 'SIGSTOP');
    serving.signal('SIGHUP');
    await untilLogged(serving, ({ problem }) => problem === 'A worker does not answer.', 20_000);
    const beganAt = performance.now();
    serving.signal('SIGTERM');
    expect(await serving.ended).toBe(0);
    const took = secondsSince(beganAt);
    await serving.allGone();
    // 15 seconds more than the drain timeout are what service managers are told to have.
    expect(performance.now() - beganAt).toBeLessThan(17_000);
    record({
      fault: 'Drain with `drain_timeout: 1s` while one of two workers hangs (SIGSTOP)',
      seen: 'in the other worker as ever; in that one connection closed',
      lost: 'those of that worker',
      effect: `${took} until exit`,
    });
  });

  it('ends logins at their deadline while their parent hangs, and keeps no place for them', async () => {
    const half = async () => await serving.metric('postern_connections_half_open');
    const serving = await serve(running(), {
      address,
      workers: 2,
      loginTimeout: '2s',
      halfOpenPerAddress: 1,
    });
    const session = await connect(running(), address);
    serving.signal('SIGSTOP');
    const beganAt = performance.now();
    expect(await refusalOf(address)).not.toBeNull();
    const took = secondsSince(beganAt);
    await untilLogged(serving, ({ reason, stage }) => reason === 'login-deadline' && stage === 'accept');
    expect(await works(session)).toBe(true);
    serving.signal('SIGCONT');
    const thawedAt = performance.now();
    // There is one place, which the login had that ended.
    const next = await pollUntil(() => connect(running(), address).catch(() => undefined));
    expect(await works(next)).toBe(true);
    const back = secondsSince(thawedAt);
    await pollUntil(async () => (await half()) === 0);
    record({
      fault: 'Parent of two workers hangs (SIGSTOP, SIGCONT), with `login_timeout: 2s`',
      seen: 'sessions go on; new connections refused at their deadline',
      lost: '0 of 1',
      effect: `${took} until who came was told, ${back} until the next one was in again`,
    });
  });
});

describe('an instance behind HAProxy', () => {
  it('lets its workers drain when their parent is killed, and clients go to the other one', async () => {
    const { instances, balancer } = await behindBalancer({ workers: 2 });
    const [one] = instances;
    const sessions = await sessionAtEach(instances);
    await Promise.all(sessions.map(({ client }) => client.query('BEGIN')));
    const beganAt = performance.now();
    one.signal('SIGKILL');
    const out = balancer.untilUp(1).then(() => secondsSince(beganAt));
    // Until its workers have heard of it, they take connections that they cannot let in any more.
    let refused = 0;
    await pollUntil(async () => {
      if (await canConnect()) return true;
      refused += 1;
      return false;
    });
    const refusedFor = secondsSince(beganAt);
    await everybodyConnects();
    // Who was in a transaction has come to its end; nobody is left behind.
    await Promise.all(sessions.map(({ client }) => client.query('COMMIT')));
    const { error } = await Promise.any(sessions.map(({ ended }) => ended));
    expect(error.code).toBe('57P01');
    await one.allGone();
    const gone = secondsSince(beganAt);
    const alive = await Promise.all(sessions.map(works));
    expect(alive.filter(Boolean)).toHaveLength(1);
    record({
      fault: 'Whole instance killed (SIGKILL to the parent of two workers) behind HAProxy',
      seen: `its sessions 57P01 after their transaction; the first ${refused} of 11 new connections closed, then everybody goes to the other one`,
      lost: '1 of 2, after its transaction',
      effect: `${refusedFor} until the first new connection stood; ${await out} until HAProxy had it out; ${gone} until its last worker had ended`,
    });
  });

  it('is taken out while it is frozen, and works again when it thaws', async () => {
    const { instances, balancer } = await behindBalancer();
    const [, two] = instances;
    const sessions = await sessionAtEach(instances);
    const beganAt = performance.now();
    two.signalAll('SIGSTOP');
    await balancer.untilUp(1);
    const out = secondsSince(beganAt);
    await everybodyConnects();
    two.signalAll('SIGCONT');
    const thawedAt = performance.now();
    await balancer.untilUp(2);
    const back = secondsSince(thawedAt);
    expect(await Promise.all(sessions.map(works))).toEqual([true, true]);
    await everybodyConnects();
    record({
      fault: 'One of two instances frozen (SIGSTOP, SIGCONT) behind HAProxy',
      seen: 'its sessions wait, and so does who comes until HAProxy has noticed; then everybody goes to the other one',
      lost: '0 of 2',
      effect: `${out} until HAProxy had it out, ${back} until it was in again`,
    });
  });

  it('is at rest when HAProxy has been killed', async () => {
    const { instances, balancer } = await behindBalancer({ workers: 2 });
    const sessions = await Promise.all(
      Array.from({ length: 9 }, () => connect(running(), balancerAddress, { application: 'orphan' })),
    );
    const work = sessions.flatMap(({ client }, index) => {
      if (index % 3 === 0) return [];
      return [client.query(index % 3 === 1 ? 'SELECT pg_sleep(600)' : 'BEGIN').catch(() => undefined)];
    });
    const active = () =>
      onBackend("SELECT 1 FROM pg_stat_activity WHERE application_name = 'orphan' AND state <> 'idle'");
    await pollUntil(async () => (await active()).length === 6);
    const beganAt = performance.now();
    await balancer.kill();
    await Promise.all(work);
    await backendAtRest();
    for (const instance of instances) {
      for (const name of ['postern_sessions_active', 'postern_connections_half_open']) {
        await pollUntil(async () => (await instance.metric(name)) === 0);
      }
    }
    const took = secondsSince(beganAt);
    await startBalancer(running());
    await everybodyConnects();
    record({
      fault:
        'HAProxy killed (SIGKILL) with idle sessions, running queries and open transactions, and started again',
      seen: 'connection closed; running queries are cancelled, transactions rolled back',
      lost: '9 of 9',
      effect: `${took} until no session, half-open or backend connection was left`,
    });
  });
});
