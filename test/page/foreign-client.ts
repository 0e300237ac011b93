/**
 * Clients from addresses that this machine does not have: a door that tells the gate, as a trusted proxy, that whoever
 * comes through it comes from there.
 */

import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { proxyHeader } from '../gate/gate-fixture.ts';
import { proxyAddress } from './page-fixture.ts';

/** @returns the door's port on `localhost`; it is gone when the test is over */
export const openDoorFrom = async (address: string, gatePort: number): Promise<number> => {
  const sockets = new Set<Socket>();
  const track = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
  };
  const server = createServer((incoming) => {
    const outgoing = track(connect({ host: '127.0.0.1', port: gatePort, localAddress: proxyAddress }));
    outgoing.write(proxyHeader(address));
    track(incoming).pipe(outgoing).pipe(incoming);
    incoming.on('close', () => outgoing.destroy());
    outgoing.on('close', () => incoming.destroy());
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, 'localhost', resolve);
  await promise;
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const bound = server.address();
  return bound !== null && typeof bound === 'object' ? bound.port : 0;
};
