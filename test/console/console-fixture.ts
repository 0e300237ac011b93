/**
 * A console that really listens, over a real store and backend, with one account; and browsers and programs that talk
 * to it. Whatever a test does, no secret may have got into the log.
 */

import type { AddressInfo } from 'node:net';
import { expect } from 'vitest';
import type { ConsoleDependencies } from '../../src/console/dependencies.ts';
import { buildConsole } from '../../src/console/server.ts';
import { createAccount } from '../../src/control/accounts.ts';
import { createKey } from '../../src/control/api-keys.ts';
import type { ControlContext } from '../../src/control/context.ts';
import type { Account } from '../../src/store/accounts.ts';
import type { ControlFixture } from '../control/control-fixture.ts';
import { withControl } from '../control/control-fixture.ts';
import { type Client, createClient } from './client.ts';

export const adminToken = 'the-token-of-the-operators';

export interface Logged {
  readonly level: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export interface Neighbour {
  readonly account: Account;
  readonly client: Client;
  readonly masterKey: string;
}

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
  /** Another account of the same installation. */
  neighbour(): Promise<Neighbour>;
  /** What the console takes for now is so much later. */
  readonly clock: { aheadMs: number };
  /** Every line of the log so far. */
  readonly logged: readonly Logged[];
}

export const createMasterKey = async (context: ControlContext, account: string): Promise<string> => {
  const request = { name: 'master', kind: 'master', grants: [], expiresAt: null } as const;
  return (await createKey(context, account, request)).text;
};

const cookieOf = (headers: Headers): string => (headers.get('set-cookie') ?? '').split(';')[0] ?? '';

const asBearer = (origin: string, text: string): Client =>
  createClient(origin, { authorization: `Bearer ${text}` });

const expectNoSecret = (logged: readonly Logged[]): void => {
  const text = JSON.stringify(logged, (_, value: unknown) =>
    value instanceof Error ? { message: value.message, stack: value.stack } : value,
  );
  expect(text).not.toMatch(/pst_[mpr]_[0-9A-Za-z]{20}|PRIVATE KEY|postern_session=|v1\.k1\./);
  expect(text).not.toContain(adminToken);
};

/** @param override of what `buildConsole` is given */
export const withConsole = <T>(
  work: (console: ConsoleFixture) => Promise<T>,
  override: Partial<ConsoleDependencies> | ((control: ControlFixture) => Partial<ConsoleDependencies>) = {},
): Promise<T> =>
  withControl(async (control) => {
    const logged: Logged[] = [];
    const line = (level: string) => (fields: object, message: string) => {
      logged.push({ level, fields: fields as Logged['fields'], message });
    };
    const clock = { aheadMs: 0 };
    const { actor: _, ...context } = control.context;
    const app = await buildConsole({
      control: { ...context, now: () => Date.now() + clock.aheadMs, sealer: control.sealer },
      sealer: control.sealer,
      adminToken,
      public: { host: 'gate.example', port: 6432 },
      secureCookies: true,
      trustProxy: [],
      tls: null,
      webRoot: null,
      log: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
      ...(typeof override === 'function' ? override(control) : override),
    });
    await app.listen({ host: '127.0.0.1', port: 0 });
    const origin = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
    const masterKey = await createMasterKey(control.context, control.account.name);
    try {
      const result = await work({
        ...control,
        origin,
        masterKey,
        owner: asBearer(origin, masterKey),
        operator: asBearer(origin, adminToken),
        nobody: createClient(origin, {}),
        browser: async (credentials = { account: control.account.name, key: masterKey }) => {
          const sameOrigin = { origin, 'sec-fetch-site': 'same-origin' };
          const { headers } = await createClient(origin, sameOrigin).post('/sign-in', credentials);
          return createClient(origin, { ...sameOrigin, cookie: cookieOf(headers) });
        },
        neighbour: async () => {
          const { backend, database, ownerRole } = control.account;
          const name = `${control.account.name}_b`;
          const account = await createAccount(control.context, { name, backend, database, ownerRole });
          const text = await createMasterKey(control.context, name);
          return { account, client: asBearer(origin, text), masterKey: text };
        },
        clock,
        logged,
      });
      expectNoSecret(logged);
      return result;
    } finally {
      await app.close();
    }
  });
