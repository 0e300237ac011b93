/** Listening on a port, for every server of the program, with one sentence for people when it cannot be had. */

import type { AddressInfo, Server } from 'node:net';
import { RequestError } from './errors.ts';

export interface ListenOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program does already; stop it or choose another port',
  EACCES: 'this user may not; choose a port above 1023',
  EADDRNOTAVAIL: 'this computer has no such address',
};

/** @param what as the sentence begins: `The gate` */
export const listenFailure = (error: unknown, { host, port }: ListenOptions, what: string): RequestError => {
  const { code = 'unknown error' } = error as NodeJS.ErrnoException;
  return new RequestError(`${what} cannot listen on ${host}:${port}: ${reasons[code] ?? code}.`);
};

/**
 * @returns the port
 * @throws RequestError one sentence
 */
export const listenOn = async (server: Server, place: ListenOptions, what: string): Promise<number> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host: place.host, port: place.port }, resolve);
  await promise.catch((error: unknown) => {
    throw listenFailure(error, place, what);
  });
  server.off('error', reject);
  return (server.address() as AddressInfo).port;
};
