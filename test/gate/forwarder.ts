/** A way to a server that a test can cut and mend: what a network failure looks like from both ends. */

import { connect, createServer, type Socket } from 'node:net';

export interface Forwarder {
  readonly port: number;
  /** Ends every connection with a reset, and every new one at once. */
  cut(): void;
  mend(): void;
  stop(): Promise<void>;
}

export const startForwarder = async (target: { host: string; port: number }): Promise<Forwarder> => {
  const sockets = new Set<Socket>();
  let passable = true;
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    return socket;
  };
  const server = createServer((incoming) => {
    track(incoming);
    if (!passable) {
      incoming.resetAndDestroy();
      return;
    }
    const outgoing = track(connect(target));
    incoming.pipe(outgoing).pipe(incoming);
    incoming.on('close', () => outgoing.destroy());
    outgoing.on('close', () => incoming.destroy());
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  const cut = () => {
    passable = false;
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    cut,
    mend: () => {
      passable = true;
    },
    stop: async () => {
      const closed = new Promise<void>((done) => server.close(() => done()));
      cut();
      await closed;
    },
  };
};
