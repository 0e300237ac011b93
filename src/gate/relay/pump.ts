/**
 * One direction of the relay: chunks go over as they come, and a full target pauses the source. Nothing is gathered: a
 * row of a gigabyte passes in constant memory. What the end of the source means is for the relay to decide.
 */

import type { Socket } from 'node:net';
import type { FrameTracker } from '../../wire/frames.ts';
import type { Intake } from '../intake.ts';
import { noteGarbage } from './chunk-garbage.ts';

export class Pump {
  readonly #source: Intake;
  readonly #target: Socket;
  readonly #frames: FrameTracker;
  readonly #onPassed: () => void;
  #atBoundary: (() => void) | null = null;
  bytes = 0;

  /** @param onPassed called after each chunk, not in the hurry of the end */
  constructor(source: Intake, target: Socket, frames: FrameTracker, onPassed: () => void = () => undefined) {
    this.#source = source;
    this.#target = target;
    this.#frames = frames;
    this.#onPassed = onPassed;
  }

  start(): void {
    this.#source.start(this.#pass);
    this.#target.on('drain', this.#resume);
  }

  /** Passes nothing on any more; what still comes is read and dropped, so that the source can finish. */
  stop(): void {
    this.#target.off('drain', this.#resume);
    this.#source.stop();
  }

  /** Stops between two messages: now, or when the message in flight has passed. `stopped` is called once. */
  stopAtBoundary(stopped: () => void): void {
    this.#atBoundary = stopped;
    if (this.#frames.atBoundary) this.#stopHere();
  }

  readonly #pass = (chunk: Buffer): void => {
    if (this.#atBoundary) {
      this.#passToBoundary(chunk);
      return;
    }
    this.bytes += chunk.length;
    this.#frames.push(chunk);
    this.#write(chunk);
    this.#onPassed();
  };

  #passToBoundary(chunk: Buffer): void {
    const rest = this.#frames.bytesToBoundary(chunk);
    const last = rest === -1 ? chunk : chunk.subarray(0, rest);
    this.bytes += last.length;
    this.#frames.push(last);
    this.#write(last);
    if (this.#frames.atBoundary) this.#stopHere();
  }

  /**
   * What is lent may stay in use only if the target takes it at once, which TLS does while it has nothing to wait for:
   * it encrypts before `write` returns. A full target pauses the source, in the middle of a message too: it may be a
   * gigabyte.
   */
  #write(chunk: Buffer): void {
    const takenAtOnce = this.#target.writableLength === 0;
    const kept = this.#source.lends && !takenAtOnce ? Buffer.from(chunk) : chunk;
    if (!this.#target.write(kept)) this.#source.socket.pause();
    if (!this.#source.lends) noteGarbage(chunk.length);
  }

  readonly #resume = (): void => {
    this.#source.socket.resume();
  };

  #stopHere(): void {
    const stopped = this.#atBoundary;
    this.#atBoundary = null;
    this.stop();
    stopped?.();
  }
}
