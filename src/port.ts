/** Listening on a port, for every server of the program, with one sentence for people when it cannot be had. */

import {
  type AddressInfo,
  createServer,
  type ListenOptions as NetListenOptions,
  type Server,
} from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
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

const listening = async (server: Server, options: NetListenOptions): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.once('listening', resolve);
  try {
    server.listen(options);
    await promise;
  } finally {
    server.off('error', reject).off('listening', resolve);
  }
};

/** A port that may be shared can be listened on by accident: by a second Postern. This finds out. */
const findFree = async (place: ListenOptions): Promise<void> => {
  const probe = createServer();
  await listening(probe, place);
  await new Promise<void>((resolve) => probe.close(() => resolve()));
};

/** How long another Postern may take from its probe until it listens, and how often this one looks. */
const turnPatienceMs = 15_000;
const turnPollMs = 20;

/**
 * Of several Posterns that start at the same moment one after the other probes and listens. A name in Linux's abstract
 * namespace is as wide as the port (a network namespace) and gone with its process; elsewhere nobody waits.
 */
const takeTurn = async (port: number): Promise<AsyncDisposable> => {
  const turn = createServer();
  const giveUpAtMs = performance.now() + turnPatienceMs;
  while (process.platform === 'linux') {
    try {
      await listening(turn, { path: `\0postern port ${port}` });
      break;
    } catch (error) {
      if (performance.now() > giveUpAtMs) throw error;
      await delay(turnPollMs);
    }
  }
  return { [Symbol.asyncDispose]: () => new Promise((resolve) => turn.close(() => resolve())) };
};

/**
 * Gives `listen` what `server.listen` is to be called with, so that a successor can share the port later.
 * @param listen resolves when somebody listens there
 * @throws RequestError one sentence when `alone` and somebody listens there already; what `listen` throws
 */
export const withPort = async <T>(
  { host, port }: ListenOptions,
  what: string,
  claim: Claim,
  listen: (place: ListenOptions & { readonly reusePort: boolean }) => Promise<T>,
): Promise<T> => {
  const place = { host, port, reusePort: sharesPorts };
  if (claim === 'shared' || !sharesPorts || port === 0) return listen(place);
  const asRequestError = (error: unknown): never => {
    throw listenFailure(error, place, what);
  };
  await using _turn = await takeTurn(port).catch(asRequestError);
  await findFree({ host, port }).catch(asRequestError);
  return await listen(place);
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
  await withPort(place, what, claim, (options) =>
    listening(server, options).catch((error: unknown) => {
      throw listenFailure(error, place, what);
    }),
  );
  return (server.address() as AddressInfo).port;
};
