/**
 * How a socket's bytes reach the relay. The plain socket of a backend is read by net's `onread` into one buffer that all
 * of them share; otherwise Node allocates 64 KB for each read, and the collector runs all the time to give it back
 * (decision 18). TLS sockets have no such option and are read as streams.
 */

import { connect, type Socket, type TcpNetConnectOpts } from 'node:net';

/** The longer it is, the fewer system calls a bulk transfer takes; beyond this there is nothing to gain. */
const sharedBytes = 1 << 18;
const shared = Buffer.allocUnsafeSlow(sharedBytes);

/** @param chunk is lent, when its intake lends: its bytes are others as soon as `take` has returned */
export type Take = (chunk: Buffer) => void;

export interface Intake {
  readonly socket: Socket;
  readonly lends: boolean;
  /** From now on each chunk goes to `take`, first of all what has come before. */
  start(take: Take): void;
  /** What still comes is dropped, so that the source can finish. */
  stop(): void;
}

export class StreamIntake implements Intake {
  readonly lends = false;
  readonly socket: Socket;
  #take: Take = drop;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  start(take: Take): void {
    this.#take = take;
    this.socket.on('data', take);
  }

  stop(): void {
    this.socket.off('data', this.#take);
    this.socket.resume();
  }
}

/** Until it starts, the socket is a stream like any other, in which a login is read message by message. */
export class SharedBufferIntake implements Intake {
  readonly lends = true;
  readonly socket: Socket;
  #take: Take | null = null;

  constructor(options: TcpNetConnectOpts) {
    this.socket = connect({ ...options, onread: { buffer: shared, callback: this.#onRead } });
  }

  start(take: Take): void {
    this.#take = take;
    const waiting: Buffer | null = this.socket.read();
    if (waiting) take(waiting);
    this.socket.resume();
  }

  stop(): void {
    this.#take = drop;
    this.socket.resume();
  }

  readonly #onRead = (bytes: number): boolean => {
    const chunk = shared.subarray(0, bytes);
    if (!this.#take) return this.socket.push(Buffer.from(chunk));
    this.#take(chunk);
    return true;
  };
}

const drop = (): void => undefined;
