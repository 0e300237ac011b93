/**
 * The console's page in a browser, for one describe block: a Postern with gate and console, one Chromium, and for each
 * visit a fresh context that is closed after the test. A visit on which the browser complained, something executed that
 * should not, or anything was asked of another origin fails its test, also where the test looked for something else.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll, vi } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { buildPage, launchBrowser } from '../support/browser.ts';
import { startPostern, type TestPostern } from '../support/postern.ts';
import { type Account, type AccountOptions, addEmptyAccount } from './accounts.ts';
import { startVisit, type Visit } from './visit.ts';

export const adminToken = 'an admin token of the tests';
/** From there the gate takes the word of a proxy for who the client is; see `foreign-client.ts`. */
export const proxyAddress = '127.0.0.2';

export interface VisitOptions extends BrowserContextOptions {
  /** Complaints of the browser that the test means to cause. */
  readonly expected?: RegExp;
}

export interface PageUnderTest {
  readonly postern: TestPostern;
  readonly origin: string;
  /** At the sign-in. */
  open(options?: VisitOptions): Promise<Visit>;
  /** At the connections of an account; none given: the one of `postern`. */
  openAs(account?: Account, options?: VisitOptions): Promise<Visit>;
  openAsOperator(options?: VisitOptions): Promise<Visit>;
  /** An account that has a master key and nothing else, gone at the end of the block. */
  addAccount(options?: AccountOptions): Promise<Account>;
}

const withConsole =
  (address?: Config['public']) =>
  (config: Config): Config => ({
    ...config,
    public: address ?? config.public,
    gate: config.gate && { ...config.gate, trustedProxies: [`${proxyAddress}/32`] },
    // Those of 30 days, which the first account has, are about to expire from their first day on.
    authority: config.authority && { ...config.authority, defaultDays: 365, maximumDays: 730 },
    console: { listen: { host: '127.0.0.1', port: 0 }, tls: null, trustedProxies: [], adminToken },
  });

/** @param address where clients are told to connect; none given: as in other tests */
export const pageUnderTest = (address?: Config['public']): PageUnderTest => {
  vi.setConfig({ testTimeout: 90_000 });
  const running = new AsyncDisposableStack();
  let postern: TestPostern | undefined;
  let browser: Browser | undefined;
  const visits: Visit[] = [];

  beforeAll(async () => {
    const page = await mkdtemp(join(tmpdir(), 'postern-page-'));
    running.defer(() => rm(page, { recursive: true, force: true }));
    await buildPage(page);
    postern = running.adopt(await startPostern({ page, configure: withConsole(address) }), (started) =>
      started.stop(),
    );
    browser = running.adopt(await launchBrowser(), (launched) => launched.close());
  });
  afterEach(async () => {
    for (const visit of visits.splice(0)) await visit.end();
  });
  afterAll(() => running.disposeAsync());

  const open = async ({ expected, ...options }: VisitOptions = {}): Promise<Visit> => {
    if (!browser) throw new Error('The browser has not been started.');
    const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
    const visit = await startVisit(context, under.origin, expected);
    visits.push(visit);
    return visit;
  };
  const under: PageUnderTest = {
    get postern() {
      if (!postern) throw new Error('Postern has not been started.');
      return postern;
    },
    get origin() {
      return `http://localhost:${under.postern.serving.consolePort}`;
    },
    open,
    openAs: async (account = under.postern, options) => {
      const visit = await open(options);
      await visit.signIn(account);
      return visit;
    },
    openAsOperator: async (options) => {
      const visit = await open(options);
      await visit.signInAsOperator(adminToken);
      return visit;
    },
    addAccount: (account) => addEmptyAccount(under.postern, running, account),
  };
  return under;
};
