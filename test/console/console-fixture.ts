/**
 * A console that really listens, over a real store and backend, with one account; and browsers and programs that talk
 * to it. Every request is noted by `calls`, so that a test can ask whether each documented route was exercised.
 */

import type { AddressInfo } from 'node:net';
import type { ConsoleDependencies } from '../../src/console/dependencies.ts';
import { buildConsole } from '../../src/console/server.ts';
import { createKey } from '../../src/control/api-keys.ts';
import type { ControlFixture } from '../control/control-fixture.ts';
import { withControl } from '../control/control-fixture.ts';
import { type Client, createClient } from './client.ts';

export const adminToken = 'the-token-of-the-operators';

export interface ConsoleFixture extends ControlFixture {
  readonly origin: string;
  /** A master key of the account. */
  readonly masterKey: string;
  /** With the master key as Bearer. */
  readonly owner: Client;
  /** With the admin token as Bearer. */
  readonly operator: Client;
  /** Without credentials. */
  readonly nobody: Client;
  /** Signs in as a browser does and keeps the cookie. */
  browser(credentials?: object): Promise<Client>;
  /** Every line of the log so far. */
  readonly logged: readonly { readonly level: string; readonly fields: object; readonly message: string }[];
}

export const withConsole = <T>(
  work: (console: ConsoleFixture) => Promise<T>,
  overrides: Partial<ConsoleDependencies> = {},
): Promise<T> =>
  withControl(async (control) => {
    const logged: { level: string; fields: object; message: string }[] = [];
    const line = (level: string) => (fields: object, message: string) => {
      logged.push({ level, fields, message });
    };
    const { actor: _, ...context } = control.context;
    const { text: masterKey } = await createKey(control.context, control.account.name, {
      name: 'master',
      kind: 'master',
      grants: [],
      expiresAt: null,
    });
    const app = await buildConsole({
      control: { ...context, sealer: control.sealer },
      sealer: control.sealer,
      adminToken,
      public: { host: 'gate.example', port: 6432 },
      secureCookies: true,
      trustProxy: [],
      webRoot: null,
      log: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
      ...overrides,
    });
    await app.listen({ host: '127.0.0.1', port: 0 });
    const origin = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
    try {
      return await work({
        ...control,
        origin,
        masterKey,
        owner: createClient(origin, { authorization: `Bearer ${masterKey}` }),
        operator: createClient(origin, { authorization: `Bearer ${adminToken}` }),
        nobody: createClient(origin, {}),
        browser: async (credentials = { account: control.account.name, key: masterKey }) => {
          const sameOrigin = { origin, 'sec-fetch-site': 'same-origin' };
          const { headers } = await createClient(origin, sameOrigin).post('/sign-in', credentials);
          const [cookie = ''] = (headers.get('set-cookie') ?? '').split(';');
          return createClient(origin, { ...sameOrigin, cookie });
        },
        logged,
      });
    } finally {
      await app.close();
    }
  });
