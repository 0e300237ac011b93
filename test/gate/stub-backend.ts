/** A backend of bytes: a server on a free port whose every connection is handled by what the test says. */

import { createServer, type Socket } from 'node:net';
import type { BackendConfig } from '../../src/config/backend.ts';
import type { Config } from '../../src/config/config.ts';
import type { Place } from '../../src/place.ts';
import { message } from '../support/raw-messages.ts';

export const text = (value: string): Buffer => Buffer.from(value, 'latin1');

export const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

/** An authentication request. */
export const ask = (code: number, data: Buffer = Buffer.alloc(0)): Buffer =>
  message('R', Buffer.concat([int32(code), data]));

/** Everything from AuthenticationOk to ReadyForQuery. */
export const greeting = Buffer.concat([
  ask(0),
  message('S', text('server_version\x0018\0')),
  message('N', text('SNOTICE\0VNOTICE\0C00000\0Mhello\0\0')),
  message('K', Buffer.concat([int32(7), int32(9)])),
  message('Z', text('I')),
]);

export interface StubBackend {
  readonly port: number;
  /** Open connections. */
  readonly size: number;
  /** What the next connections meet. */
  behave(serve: Serve): void;
  stop(): Promise<void>;
}

/** Gets the connection after its first chunk, which is given along. */
export type Serve = (socket: Socket, first: Buffer) => void;

/** @param allowHalfOpen connections whose peer has closed stay open until the test closes them */
export const startStubBackend = async ({ allowHalfOpen = false } = {}): Promise<StubBackend> => {
  const sockets = new Set<Socket>();
  let serve: Serve = (socket) => socket.destroy();
  const server = createServer({ allowHalfOpen }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    socket.once('data', (first: Buffer) => serve(socket, first));
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    get size() {
      return sockets.size;
    },
    behave: (next) => {
      serve = next;
    },
    stop: async () => {
      const closed = new Promise<void>((done) => server.close(() => done()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
};

/** `host` and `port`: the only host. */
type BackendChanges = Partial<BackendConfig> & Partial<Place>;

/** For `configure`: changes to every backend. */
export const backendWith =
  ({ host = '127.0.0.1', port, ...changes }: BackendChanges) =>
  (config: Config): Config => ({
    ...config,
    backends: new Map(
      [...config.backends].map(([name, backend]) => [
        name,
        { ...backend, ...(port !== undefined && { hosts: [{ host, port }] as const }), ...changes },
      ]),
    ),
  });
