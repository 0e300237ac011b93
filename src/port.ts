/** Listening on a port, for every server of the program, with one sentence for people when it cannot be had. */

import { type AddressInfo, createServer, type Server } from 'node:net';
import { RequestError } from './errors.ts';

export interface ListenOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/** `shared`: beside other processes that listen there, see `sharesPorts`; else nobody else may. */
export type Claim = 'alone' | 'shared';

/** Whether several processes can listen on one port here, each getting a part of the connections (SO_REUSEPORT). */
export const sharesPorts = ['linux', 'freebsd', 'sunos', 'aix'].includes(process.platform);

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

const listening = async (server: Server, options: ListenOptions & { reusePort?: boolean }): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(options, resolve);
  await promise;
  server.off('error', reject);
};

/** A port that may be shared can be listened on by accident: by a second Postern. This finds out. */
const findFree = async (place: ListenOptions): Promise<void> => {
  const probe = createServer();
  await listening(probe, place);
  await new Promise<void>((resolve) => probe.close(() => resolve()));
};

/**
 * What `server.listen` is to be called with, so that a successor can share the port later.
 * @throws RequestError one sentence when `alone` and somebody listens there already
 */
export const claimPort = async (
  { host, port }: ListenOptions,
  what: string,
  claim: Claim,
): Promise<ListenOptions & { readonly reusePort: boolean }> => {
  if (claim === 'alone' && sharesPorts && port !== 0) {
    await findFree({ host, port }).catch((error: unknown) => {
      throw listenFailure(error, { host, port }, what);
    });
  }
  return { host, port, reusePort: sharesPorts };
};

/**
 * @returns the port
 * @throws RequestError one sentence
 */
export const listenOn = async (
  server: Server,
  place: ListenOptions,
  what: string,
  claim: Claim = 'alone',
): Promise<number> => {
  const options = await claimPort(place, what, claim);
  await listening(server, options).catch((error: unknown) => {
    throw listenFailure(error, place, what);
  });
  return (server.address() as AddressInfo).port;
};
