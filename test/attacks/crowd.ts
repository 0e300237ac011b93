/** Many TCP connections at once, from many addresses, that say what they are told and stay. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Crowd {
  readonly sockets: readonly Socket[];
  /** How many are still open at both ends. */
  staying(): number;
  leave(): void;
}

/** Loopback has sixteen million addresses: `127.0.<of>.1` and so on, `each` connections from every one. */
const addressOf = (index: number, each: number, of: number): string =>
  `127.0.${of}.${1 + Math.floor(index / each)}`;

export interface CrowdOptions {
  readonly port: number;
  readonly count: number;
  /** Per address. */
  readonly each: number;
  /** Third number of their addresses: one for each crowd. */
  readonly of: number;
  readonly say: Buffer;
}

/** Resolves when all are connected. */
export const gather = async ({ port, count, each, of, say }: CrowdOptions): Promise<Crowd> => {
  const sockets: Socket[] = [];
  for (let index = 0; index < count; index += 1) {
    const localAddress = addressOf(index, each, of);
    const socket = connect({ port, host: '127.0.0.1', localAddress, allowHalfOpen: true });
    socket.on('error', () => undefined);
    sockets.push(socket);
    // The kernel's queue of connections that wait to be accepted is short.
    if (index % 100 === 99) await Promise.all(sockets.slice(-100).map((each) => once(each, 'connect')));
  }
  await Promise.all(sockets.map((socket) => socket.connecting && once(socket, 'connect')));
  for (const socket of sockets) socket.write(say);
  for (const socket of sockets) socket.resume();
  return {
    sockets,
    staying: () => sockets.filter(({ readyState }) => readyState === 'open').length,
    leave: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
};
