import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { untilNoneRuns, untilRunning } from '../e2e/activity.ts';
import { startClient } from '../e2e/psql-client.ts';
import { gateWith } from '../gate/gate-fixture.ts';
import { haproxyAddress, haproxyMissing, startHaproxy, type TestHaproxy } from '../support/haproxy.ts';
import { pollUntil } from '../support/poll.ts';
import { startPostern, type TestInstance, type TestPostern } from '../support/postern.ts';
import { psqlMissing } from '../support/psql.ts';
import { RawClient } from '../support/raw-client.ts';
import { startup } from '../support/raw-messages.ts';
import { untilAcquainted } from './fleet.ts';

describe.skipIf(haproxyMissing)('two instances behind HAProxy', () => {
  let postern: TestPostern;
  let haproxy: TestHaproxy;
  let instances: readonly Pick<TestInstance, 'port' | 'serving' | 'logLines'>[];

  beforeAll(async () => {
    postern = await startPostern({
      configure: gateWith({ trustedProxies: [`${haproxyAddress}/32`] }),
      allow: ['127.0.0.1'],
    });
    instances = [postern, await postern.startInstance()];
    await untilAcquainted(postern);
    haproxy = await startHaproxy(postern.directory, instances);
  });
  afterAll(async () => {
    await haproxy?.stop();
    await postern?.stop();
  });

  const admitted = (application: string) =>
    instances.map(({ logLines }) =>
      logLines().filter((line) => line['outcome'] === 'admitted' && line['application'] === application),
    );

  it('share the sessions, and see where their clients are', async () => {
    const clients = [];
    for (let time = 0; time < 6; time += 1) {
      clients.push(await postern.connect({ port: haproxy.port, application_name: 'balanced' }));
    }
    await Promise.all(clients.map((client) => client.end()));
    const lines = await pollUntil(() => {
      const found = admitted('balanced');
      return found.flat().length === 6 && found;
    });
    expect(lines.map(({ length }) => length)).toEqual([3, 3]);
    expect(new Set(lines.flat().map(({ address }) => address))).toEqual(new Set(['127.0.0.1']));
  });

  it('refuse a client whose own address is not allowed', async () => {
    const { certificate, key, serverCa } = postern.files;
    const stranger = await RawClient.open(haproxy.port, '127.0.0.1', '127.0.0.7');
    await stranger.requestTls({ cert: certificate, key, ca: serverCa });
    stranger.send(startup({ user: postern.account }));
    expect(await stranger.refusal()).toMatchObject({
      sqlstate: '28000',
      message: `The address 127.0.0.7 is not in the allowlist of the account "${postern.account}".`,
    });
  });

  it.skipIf(psqlMissing)('cancel by Ctrl-C in psql though the request lands on the other one', async () => {
    const { process: client, result } = startClient(
      { ...postern, port: haproxy.port },
      'SELECT pg_sleep(600) -- through the other',
    );
    await untilRunning(postern, 'through the other');
    client.kill('SIGINT');
    await untilNoneRuns(postern, 'through the other', 5_000);
    expect((await result).stderr).toContain('ERROR:  canceling statement due to user request');
    await pollUntil(() =>
      instances.some(({ logLines }) => logLines().some(({ cancel }) => cancel === 'elsewhere')),
    );
  });

  it('let everybody in when one of them has just stopped', async () => {
    await postern.serving.stop();
    for (let time = 0; time < 5; time += 1) {
      const client = await postern.connect({ port: haproxy.port, application_name: 'left over' });
      await client.end();
    }
    await pollUntil(() => admitted('left over')[1]?.length === 5);
  });
});
