import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { listenOn, sharesPorts } from '../src/port.ts';
import { freePort } from './support/free-port.ts';

const servers: ReturnType<typeof createServer>[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const listen = async (port: number, claim: 'alone' | 'shared' = 'alone', host = '127.0.0.1') => {
  const server = createServer();
  servers.push(server);
  return listenOn(server, { host, port }, 'The gate', claim);
};

describe.runIf(sharesPorts && process.platform === 'linux')(
  'of several that want a port for themselves',
  () => {
    it('at the same moment exactly one gets it, and the others hear so', async () => {
      const port = await freePort();
      const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => listen(port)));
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
      for (const { reason } of refused) {
        expect(reason).toMatchObject({
          name: 'RequestError',
          message: `The gate cannot listen on 127.0.0.1:${port}: another program does already; stop it or choose another port.`,
        });
      }
    });

    it('also by different addresses exactly one gets it', async () => {
      const port = await freePort();
      const hosts = ['127.0.0.1', '0.0.0.0', '127.0.0.1', '0.0.0.0'];
      const outcomes = await Promise.allSettled(hosts.map((host) => listen(port, 'alone', host)));
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    it('one that fails leaves it to the next', async () => {
      const port = await freePort();
      await listen(port);
      await expect(listen(port)).rejects.toThrow('another program does already');
      for (const server of servers.splice(0)) server.close();
      expect(await listen(port)).toBe(port);
    });
  },
);

it.runIf(sharesPorts)('whoever shares a port waits for nobody', async () => {
  const port = await freePort();
  await listen(port);
  expect(await Promise.all([listen(port, 'shared'), listen(port, 'shared')])).toEqual([port, port]);
});
