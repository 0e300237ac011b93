/**
 * A console beside a gate that really serves: what clients do at the gate shows in the console, and what is asked of the
 * console happens at the gate.
 */

import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { buildConsole } from '../../src/console/server.ts';
import { createSealer } from '../../src/control/seal.ts';
import { startPostern, type TestPostern } from '../support/postern.ts';
import { type Client, createClient } from './client.ts';
import { adminToken } from './console-fixture.ts';

export interface LiveConsole {
  readonly postern: TestPostern;
  readonly origin: string;
  readonly owner: Client;
  readonly operator: Client;
  /** An owner, by a master key as Bearer. */
  as(masterKey: string): Client;
  stop(): Promise<void>;
}

export const startLiveConsole = async (): Promise<LiveConsole> => {
  const postern = await startPostern();
  const { actor: _, ...control } = postern.context;
  const sealer = createSealer([{ id: 'k1', key: randomBytes(32) }]);
  const silent = () => undefined;
  const app = await buildConsole({
    control: { ...control, sealer },
    sealer,
    adminToken,
    public: { host: 'localhost', port: postern.port },
    secureCookies: true,
    trustProxy: [],
    tls: null,
    webRoot: null,
    log: { debug: silent, info: silent, warn: silent, error: silent },
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const origin = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const as = (token: string) => createClient(origin, { authorization: `Bearer ${token}` });
  return {
    postern,
    origin,
    owner: as(postern.masterKey),
    operator: as(adminToken),
    as,
    stop: async () => {
      await app.close();
      await postern.stop();
    },
  };
};
