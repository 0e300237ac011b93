/**
 * TLS towards clients: one never-listening `tls.Server` gets sockets handed over, so that OpenSSL verifies the client
 * certificate and Node reports its verdict. Nobody is rejected here: every certificate problem is told as a real
 * ErrorResponse later. Never changes: other files make another terminator, so that what it says of its certificate is
 * true of every handshake that it performs.
 */

import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, DEFAULT_CIPHERS, type Server, type TLSSocket } from 'node:tls';
import { Refusal } from '../../errors.ts';

export interface TlsMaterial {
  /** PEM: our certificate with its chain, its key, and the CAs whose client certificates we trust. */
  readonly certificate: string;
  readonly key: string;
  readonly clientCa: string;
  /** Binding data of `tls-server-end-point` for the certificate (RFC 5929 §4); null: it has none. */
  readonly serverEndPoint: Buffer | null;
}

/** ALPN id of the protocol (PostgreSQL manual, "SSL Session Encryption"). */
const alpn = 'postgresql';

/**
 * No tickets: with them a resumed TLS 1.3 session counts as authorised without a certificate, and clients that try
 * to resume fail with an internal error. PostgreSQL turns tickets, renegotiation and compression off as well.
 */
const secureOptions =
  constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION;

/** With RSA key exchange, whoever gets our key one day reads what was recorded before; every client can do without. */
const ciphers = `${DEFAULT_CIPHERS}:!kRSA`;

interface Waiting {
  readonly resolve: (stream: TLSSocket) => void;
  readonly reject: (error: Error) => void;
}

/** Names a TCP connection among the live ones, on the raw socket and on the TLS stream over it alike. */
const connectionOf = (socket: Socket): string =>
  `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress} ${socket.localPort}`;

export class TlsTerminator {
  readonly serverEndPoint: Buffer | null;
  readonly #server: Server;
  readonly #waiting = new Map<string, Waiting>();

  constructor(material: TlsMaterial) {
    this.serverEndPoint = material.serverEndPoint;
    this.#server = createServer({
      cert: material.certificate,
      key: material.key,
      ca: material.clientCa,
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: [alpn],
      minVersion: 'TLSv1.2',
      ciphers,
      secureOptions,
      handshakeTimeout: 0x7fff_ffff,
    });
    this.#server.on('secureConnection', (stream) => {
      stream.allowHalfOpen = true;
      this.#waiting.get(connectionOf(stream))?.resolve(stream);
    });
    this.#server.on('tlsClientError', (error, stream) =>
      this.#waiting.get(connectionOf(stream))?.reject(new Refusal('tls-failed', { reason: error.message })),
    );
  }

  /**
   * Performs the handshake on a socket whose unread bytes, if any, are its beginning.
   * @throws Refusal `tls-failed`, `client-gone`, or the signal's reason
   */
  async handshake(socket: Socket, signal: AbortSignal): Promise<TLSSocket> {
    const connection = connectionOf(socket);
    const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
    const onClose = () => reject(new Refusal('client-gone'));
    const onAbort = () => reject(signal.reason);
    this.#waiting.set(connection, { resolve, reject });
    // Half a handshake leads nowhere: who closes in it is gone now, and not only when the deadline has passed.
    socket.allowHalfOpen = false;
    socket.once('close', onClose);
    signal.addEventListener('abort', onAbort);
    this.#server.emit('connection', socket);
    try {
      return await promise;
    } finally {
      this.#waiting.delete(connection);
      socket.off('close', onClose);
      signal.removeEventListener('abort', onAbort);
    }
  }
}

/** Whether the peer asked for PostgreSQL by ALPN, as direct TLS requires. */
export const spokeAlpn = (stream: TLSSocket): boolean => stream.alpnProtocol === alpn;
