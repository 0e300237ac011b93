/** A way to a server that a test can make slow and lead elsewhere: what a distant, a busy and a moving store look like. */

import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface Way {
  /** Everything that comes from now on, in either direction, is passed on so much later. */
  slowDown(byMs: number): void;
  /** Ends what is connected, and leads there from now on. */
  leadTo(host: string): void;
}

export const startWay = async (running: AsyncDisposableStack, address: string, to: string): Promise<Way> => {
  const sockets = new Set<Socket>();
  let host = to;
  let delayMs = 0;
  const track = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
  };
  const pass = (from: Socket, onward: Socket): void => {
    let before: Promise<unknown> = Promise.resolve();
    const later = (act: () => void): void => {
      before = Promise.all([before, delayMs > 0 && delay(delayMs)]).then(act);
    };
    from.on('data', (chunk: Buffer) => later(() => onward.writable && onward.write(chunk)));
    from.on('close', () => later(() => onward.destroy()));
  };
  const server = createServer((incoming) => {
    const outgoing = connect({ host, port: 5432 });
    pass(track(incoming), track(outgoing));
    pass(outgoing, incoming);
  });
  await new Promise<void>((resolve) => server.listen(5432, address, resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  running.defer(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    cut();
    await closed;
  });
  return {
    slowDown: (byMs) => {
      delayMs = byMs;
    },
    leadTo: (next) => {
      host = next;
      cut();
    },
  };
};
