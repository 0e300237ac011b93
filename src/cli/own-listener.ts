/** How a command on the same computer reaches a listener of `postern serve`. */

import type { ListenAddress } from '../config/scalars.ts';

/** Where a listener on all addresses can be reached. */
export const reachableHost = (host: string): string =>
  ({ '0.0.0.0': '127.0.0.1', '::': '::1', '': 'localhost' })[host] ?? host;

export const urlOf = (scheme: string, host: string, { port }: ListenAddress, path: string): string =>
  `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
