/** Logins, all the time and at every gate, while the passwords of the roles behind them are replaced. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RolePasswordRequest, rotateRolePasswords } from '../../src/control/role-passwords.ts';
import { createSealer } from '../../src/control/seal.ts';
import { buildScramVerifier } from '../../src/provision/verifier.ts';
import { announceRoleSecrets } from '../../src/store/role-secrets.ts';
import { startForwarder } from '../gate/forwarder.ts';
import { pollUntil } from '../support/poll.ts';
import { startPostern, type TestInstance, type TestPostern } from '../support/postern.ts';
import { postgresUrl } from '../support/postgres.ts';

const cluster = new URL(postgresUrl());
const way = await startForwarder({ host: cluster.hostname, port: Number(cluster.port) });
let postern: TestPostern;
/** Its store, and nobody else's, lies behind the forwarder. */
let other: TestInstance;

beforeAll(async () => {
  postern = await startPostern();
  other = await postern.startInstance((config) => {
    const url = new URL(config.store.url);
    url.hostname = '127.0.0.1';
    url.port = String(way.port);
    const policy = { pollIntervalMs: 100, maxStalenessMs: 3_600_000 };
    return { ...config, policy, store: { ...config.store, url: url.href } };
  });
});

afterAll(async () => {
  way.mend();
  await postern?.stop();
  await way.stop();
});

const sealer = () => createSealer(postern.config.sealingKeys);
const request = (): RolePasswordRequest => ({
  setBefore: new Date(Date.now() + 1),
  maxStalenessMs: 3_600_000,
  force: false,
});
const rotate = () => rotateRolePasswords({ ...postern.context, sealer: sealer() }, request());

const logIn = async (port: number): Promise<void> => {
  const client = await postern.connect({ port });
  await client.query('SELECT 1');
  await client.end();
};

/** Logs in without a pause until it is stopped; gives how often, and rejects with the first login that failed. */
const keepLoggingIn = (port: number) => {
  let going = true;
  const run = async (): Promise<number> => {
    let logins = 0;
    for (; going; logins += 1) await logIn(port);
    return logins;
  };
  const running = run();
  running.catch(() => undefined);
  return () => {
    going = false;
    return running;
  };
};

const rejectedLogins = () =>
  [...postern.logLines(), ...other.logLines()].filter(({ reason }) => reason === 'backend-rejected-role');

/** The key "reader" as its role gets another password, step by step as a rotation does it. */
const step = async () => {
  const { rows } = await postern.store.owner.query<{ id: string; roleName: string }>(
    `SELECT id, role_name AS "roleName" FROM postern.api_keys WHERE name = 'reader'`,
  );
  const { id = '', roleName = '' } = rows[0] ?? {};
  const announce = async (password: string) => {
    await announceRoleSecrets(postern.store.console, [{ id, sealed: sealer().seal(password, id) }]);
    await postern.caughtUp();
  };
  const give = (password: string) =>
    postern.superuser(`ALTER ROLE "${roleName}" PASSWORD '${buildScramVerifier(password)}'`);
  return { announce, give };
};

describe('while role passwords are replaced', () => {
  it('no login fails at any gate, and sessions go on', async () => {
    const session = await postern.connect();
    const stops = [postern.port, other.port, other.port].map(keepLoggingIn);
    for (let round = 0; round < 5; round += 1) {
      expect((await rotate()).map(({ problem }) => problem)).toEqual([null, null]);
    }
    const logins = await Promise.all(stops.map((stop) => stop()));
    for (const count of logins) expect(count).toBeGreaterThan(5);
    expect(rejectedLogins()).toEqual([]);
    expect((await session.query('SELECT count(*)::int AS towns FROM places.towns')).rows).toEqual([
      { towns: 500 },
    ]);
  });

  it('a gate lets in whoever comes when the backend has the announced one, and when it has not yet', async () => {
    const { announce, give } = await step();
    await announce('announced');
    await logIn(postern.port);
    await give('announced');
    await logIn(postern.port);
    await rotate();
    await logIn(postern.port);
    expect(rejectedLogins()).toEqual([]);
  });

  it('a gate that is cut off after the announcement goes on', async () => {
    const { announce, give } = await step();
    await announce('announced');
    way.cut();
    await pollUntil(() => other.logLines().some(({ state }) => state === 'failing'));
    await give('announced');
    await logIn(other.port);
    way.mend();
    expect(rejectedLogins()).toEqual([]);
  });

  it('a gate that is cut off before it keeps every backend as it is', async () => {
    way.cut();
    // Half a minute later, which it cannot put right.
    await postern.store.owner.query(
      `UPDATE postern.instances SET heartbeat_at = now() - interval '31 seconds' WHERE address LIKE $1`,
      [`%:${other.port}`],
    );
    await expect(rotate()).rejects.toThrow(`The gate at 127.0.0.1:${other.port} has not been heard of`);
    await logIn(other.port);
    await logIn(postern.port);
    way.mend();
    await pollUntil(async () => (await rotate()).every(({ problem }) => problem === null), {
      timeoutMs: 30_000,
    });
    await Promise.all([logIn(other.port), logIn(postern.port)]);
    expect(rejectedLogins()).toEqual([]);
  });
});
