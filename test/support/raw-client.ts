/**
 * A PostgreSQL client of bytes for tests: says exactly what it is told, in the pieces it is told, and shows exactly what
 * came back. A reset, which destroys the last message, is told apart from a graceful end. Every wait has a limit.
 */

import { type Socket, connect as tcpConnect } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { type ConnectionOptions, TLSSocket, connect as tlsConnect } from 'node:tls';
import { buildSslRequest } from '../../src/wire/frontend-messages.ts';
import { type ErrorFields, parseError, type RawMessage } from './raw-messages.ts';

const patienceMs = 8_000;

export class RawClient {
  #stream: Socket;
  #received: Buffer = Buffer.alloc(0);
  #ended = false;
  #failure: Error | null = null;
  #wake: () => void = () => undefined;

  private constructor(stream: Socket) {
    this.#stream = stream;
    this.#listen();
  }

  /** Resolves when the TCP connection stands. */
  static async open(port: number, host = '127.0.0.1', localAddress?: string): Promise<RawClient> {
    const from = localAddress === undefined ? {} : { localAddress };
    const client = new RawClient(tcpConnect({ port, host, noDelay: true, ...from }));
    await client.#until(() => client.#stream.readyState === 'open' || undefined, 'a connection');
    return client;
  }

  get tls(): TLSSocket {
    if (this.#stream instanceof TLSSocket) return this.#stream;
    throw new Error('not encrypted');
  }

  send(...bytes: readonly Buffer[]): void {
    this.#stream.write(Buffer.concat(bytes));
  }

  /** Whether the peer still takes bytes, or has answered earlier ones by a reset. */
  trySend(bytes: Buffer): 'sent' | 'reset' {
    if (this.#stream.destroyed) return 'reset';
    this.#stream.write(bytes);
    return 'sent';
  }

  /** In pieces of `pieceBytes`, each on the wire before the next. */
  async sendInPieces(bytes: Buffer, pieceBytes = 1): Promise<void> {
    for (let offset = 0; offset < bytes.length; offset += pieceBytes) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#stream.write(bytes.subarray(offset, offset + pieceBytes), () => resolve());
      await promise;
      await setImmediate();
    }
  }

  /** Sends no more, and goes on reading. */
  endSending(): void {
    this.#stream.end();
  }

  async requestTls(options: ConnectionOptions): Promise<void> {
    this.send(buildSslRequest());
    const answer = await this.read(1);
    if (answer.toString() !== 'S') throw new Error(`${answer} instead of S`);
    await this.upgrade(options);
  }

  /** Performs a TLS handshake on the connection as it is. Rejects with the alert that came instead. */
  async upgrade(options: ConnectionOptions): Promise<void> {
    this.#stream.removeAllListeners();
    const stream = tlsConnect({ servername: 'localhost', ...options, socket: this.#stream });
    this.#stream = stream;
    this.#listen();
    let secured = false;
    stream.once('secureConnect', () => {
      secured = true;
      this.#wake();
    });
    await this.#until(() => secured || undefined, 'a TLS handshake');
  }

  /** Exactly that many bytes. */
  read(bytes: number): Promise<Buffer> {
    return this.#until(() => {
      if (this.#received.length < bytes) return undefined;
      const taken = this.#received.subarray(0, bytes);
      this.#received = this.#received.subarray(bytes);
      return taken;
    }, `${bytes} bytes`);
  }

  async readMessage(): Promise<RawMessage> {
    const head = await this.read(5);
    return { type: head.toString('latin1', 0, 1), body: await this.read(head.readInt32BE(1) - 4) };
  }

  /** All messages up to and including the first of one of the `types`. */
  async readThrough(types: string): Promise<RawMessage[]> {
    const messages: RawMessage[] = [];
    for (;;) {
      const next = await this.readMessage();
      messages.push(next);
      if (types.includes(next.type)) return messages;
    }
  }

  /** The ErrorResponse that ends the connection, whatever came before it. Rejects when the end is a reset. */
  async refusal(): Promise<ErrorFields> {
    const last = (await this.readThrough('E')).at(-1);
    const behind = await this.rest();
    if (behind.length > 0) throw new Error(`${behind.length} bytes follow the ErrorResponse`);
    return parseError(last?.body ?? Buffer.alloc(0));
  }

  /** Everything up to the end of the connection. Rejects when that is a reset. */
  rest(): Promise<Buffer> {
    return this.#until(() => {
      if (!this.#ended) return undefined;
      const taken = this.#received;
      this.#received = Buffer.alloc(0);
      return taken;
    }, 'the end');
  }

  /** Resolves when the connection is gone, however. */
  async gone(): Promise<void> {
    await this.#until(() => this.#ended || undefined, 'the end').catch((error: unknown) => {
      if (!this.#stream.destroyed) throw error;
    });
  }

  /** As a process that dies: no goodbye, and a reset if anything is unread. */
  close(): void {
    this.#stream.destroy();
  }

  #listen(): void {
    this.#stream
      .on('data', (chunk: Buffer) => {
        this.#received = Buffer.concat([this.#received, chunk]);
        this.#wake();
      })
      .on('end', () => {
        this.#ended = true;
        this.#wake();
      })
      .on('error', (error) => {
        this.#failure = error;
        this.#wake();
      })
      .on('close', () => this.#wake())
      .on('connect', () => this.#wake());
  }

  async #until<T>(look: () => T | undefined, what: string): Promise<T> {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const seen = look();
      if (seen !== undefined) return seen;
      const leftMs = deadline - performance.now();
      if (this.#failure || this.#ended || this.#stream.destroyed || leftMs <= 0) {
        const end = this.#failure?.message ?? (leftMs <= 0 ? 'nothing more' : 'the end');
        throw new Error(`${what} expected, then ${end}; unread: ${JSON.stringify(String(this.#received))}`, {
          cause: this.#failure,
        });
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const timer = setTimeout(resolve, leftMs);
      await promise;
      clearTimeout(timer);
    }
  }
}
