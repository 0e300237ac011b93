/** The front door: listens, serves every connection, and closes down without leaving a socket behind. */

import { createServer } from 'node:net';
import { type ListenOptions, listenOn } from '../port.ts';
import { type ConnectionDependencies, serveConnection } from './connection.ts';

export interface Gate {
  readonly port: number;
  /** Stops accepting; resolves when every connection has come to its end. */
  close(): Promise<void>;
}

export interface GateOptions extends ListenOptions {
  /** What the listening socket reports later, such as too many open files; it goes on listening. */
  readonly onError: (error: Error) => void;
}

/** @throws RequestError one sentence when the port cannot be had */
export const openGate = async (
  { onError, ...place }: GateOptions,
  dependencies: ConnectionDependencies,
): Promise<Gate> => {
  const connections = new Set<Promise<void>>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const connection = serveConnection(socket, dependencies).finally(() => connections.delete(connection));
    connections.add(connection);
  });
  const port = await listenOn(server, place, 'The gate');
  server.on('error', onError);
  return {
    port,
    close: async () => {
      const closed = new Promise<void>((done) => server.close(() => done()));
      await Promise.all([closed, ...connections]);
    },
  };
};
