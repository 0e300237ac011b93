/**
 * The front door: listens, serves every connection, and closes down without leaving a socket behind. A connection lives
 * to its end by what was valid when it came.
 */

import { createServer, type Socket } from 'node:net';
import { type ListenOptions, listenOn } from '../port.ts';
import { type ConnectionDependencies, serveConnection } from './connection.ts';

export interface Gate {
  readonly port: number;
  /** Of connections that come from now on. */
  setMaxConnections(count: number): void;
  /** Those that are here stay. Harmless when repeated. */
  stopAccepting(): void;
  /** Stops accepting; resolves when every connection has come to its end, which is forced after a few seconds. */
  close(): Promise<void>;
}

export interface GateOptions extends ListenOptions {
  /** More are closed unheard: what is left of the file descriptors is for the backends. */
  readonly maxConnections: number;
  readonly onUnheard: () => void;
  /** What the listening socket reports later, such as too many open files, and bugs; the gate goes on. */
  readonly onError: (error: unknown) => void;
}

/** How long sessions may take to come to a message's end and to be told why; a client that reads nothing never is. */
const closeGraceMs = 5_000;

/** @throws RequestError one sentence when the port cannot be had */
export const openGate = async (
  { onError, onUnheard, maxConnections, ...place }: GateOptions,
  dependenciesNow: () => ConnectionDependencies,
): Promise<Gate> => {
  const connections = new Map<Socket, Promise<void>>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    connections.set(
      socket,
      serveConnection(socket, dependenciesNow())
        .catch(onError)
        .finally(() => connections.delete(socket)),
    );
  });
  server.maxConnections = maxConnections;
  server.on('drop', onUnheard);
  const port = await listenOn(server, place, 'The gate', 'shared');
  server.on('error', onError);
  const { promise: closed, resolve: onClosed } = Promise.withResolvers<void>();
  // Also when it is closed already. Whom the kernel has already let in is accepted first: closing would reset them.
  const stopAccepting = () => void setImmediate(() => server.close(() => onClosed()));
  return {
    port,
    setMaxConnections: (count) => {
      server.maxConnections = count;
    },
    stopAccepting,
    close: async () => {
      stopAccepting();
      const patience = setTimeout(() => {
        for (const socket of connections.keys()) socket.destroy();
      }, closeGraceMs);
      await Promise.all([closed, ...connections.values()]);
      clearTimeout(patience);
    },
  };
};
