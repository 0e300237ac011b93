/** The front door: listens, serves every connection, and closes down without leaving a socket behind. */

import { type AddressInfo, createServer } from 'node:net';
import { RequestError } from '../errors.ts';
import { type ConnectionDependencies, serveConnection } from './connection.ts';

export interface Gate {
  readonly port: number;
  /** Stops accepting; resolves when every connection has come to its end. */
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** What the listening socket reports later, such as too many open files; it goes on listening. */
  readonly onError: (error: Error) => void;
}

/** @throws RequestError one sentence when the port cannot be had */
export const openGate = async (
  { host, port, onError }: ListenOptions,
  dependencies: ConnectionDependencies,
): Promise<Gate> => {
  const connections = new Set<Promise<void>>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const connection = serveConnection(socket, dependencies).finally(() => connections.delete(connection));
    connections.add(connection);
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host, port }, resolve);
  await promise.catch((error: NodeJS.ErrnoException) => {
    throw new RequestError(
      error.code === 'EADDRINUSE'
        ? `Port ${port} on ${host} is taken: stop what uses it, or choose another port.`
        : `The gate cannot listen on ${host}:${port} (${error.code}).`,
    );
  });
  server.off('error', reject).on('error', onError);
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = new Promise<void>((done) => server.close(() => done()));
      await Promise.all([closed, ...connections]);
    },
  };
};
