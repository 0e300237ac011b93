/**
 * The way to the client: first the TCP socket, then the TLS stream over it. Whoever ends the connection speaks
 * through it, so it also knows whether the client can understand an ErrorResponse at all.
 */

import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

export class ClientLine {
  #stream: Socket;
  #encrypting = false;

  constructor(socket: Socket) {
    this.#stream = socket;
    // A reset is routine: reads and writes find the stream destroyed, and 'error' must not crash the process.
    socket.on('error', () => undefined);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000);
  }

  get stream(): Socket {
    return this.#stream;
  }

  /** False while the TLS handshake owns the bytes. */
  get canSpeak(): boolean {
    return !this.#encrypting && this.#stream.writable;
  }

  beginEncryption(): void {
    this.#encrypting = true;
  }

  encrypted(stream: TLSSocket): void {
    stream.on('error', () => undefined);
    this.#stream = stream;
    this.#encrypting = false;
  }
}
