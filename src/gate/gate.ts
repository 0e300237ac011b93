/** The front door: listens, serves every connection, and closes down without leaving a socket behind. */

import { createServer, type Socket } from 'node:net';
import { type ListenOptions, listenOn } from '../port.ts';
import { type ConnectionDependencies, serveConnection } from './connection.ts';

export interface Gate {
  readonly port: number;
  /** Stops accepting; resolves when every connection has come to its end, which is forced after a few seconds. */
  close(): Promise<void>;
}

export interface GateOptions extends ListenOptions {
  /** What the listening socket reports later, such as too many open files; it goes on listening. */
  readonly onError: (error: Error) => void;
}

/** How long sessions may take to come to a message's end and to be told why; a client that reads nothing never is. */
const closeGraceMs = 5_000;

/** @throws RequestError one sentence when the port cannot be had */
export const openGate = async (
  { onError, ...place }: GateOptions,
  dependencies: ConnectionDependencies,
): Promise<Gate> => {
  const connections = new Map<Socket, Promise<void>>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    connections.set(
      socket,
      serveConnection(socket, dependencies).finally(() => connections.delete(socket)),
    );
  });
  const port = await listenOn(server, place, 'The gate');
  server.on('error', onError);
  return {
    port,
    close: async () => {
      const closed = new Promise<void>((done) => server.close(() => done()));
      const patience = setTimeout(() => {
        for (const socket of connections.keys()) socket.destroy();
      }, closeGraceMs);
      await Promise.all([closed, ...connections.values()]);
      clearTimeout(patience);
    },
  };
};
