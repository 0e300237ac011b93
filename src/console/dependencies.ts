/**
 * What the console is given. Types only; the composition root fills them.
 */

import type { ControlContext } from '../control/context.ts';
import type { Sealer } from '../control/seal.ts';
import type { Log } from '../telemetry/log.ts';

export interface ConsoleDependencies {
  /** Long-lived; who is asking is set for each request. */
  readonly control: Omit<ControlContext, 'actor'> & { readonly sealer: Sealer };
  /** Seals the cookies of sessions. */
  readonly sealer: Sealer;
  /** What operators sign in with; null: operators cannot sign in. */
  readonly adminToken: string | null;
  /** Where clients reach the gate. */
  readonly public: { readonly host: string; readonly port: number };
  /** Always: browsers take http://localhost for trustworthy, and everything else has TLS in front. */
  readonly secureCookies: true;
  /** CIDRs of the reverse proxies whose X-Forwarded-For, -Proto and -Host count. */
  readonly trustProxy: readonly string[];
  /** PEM; null: plain HTTP, for loopback or behind a reverse proxy that terminates TLS. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
  /** Directory of the built page; null: the API alone. */
  readonly webRoot: string | null;
  readonly log: Log;
}
