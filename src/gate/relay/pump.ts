/**
 * One direction of the relay: chunks go over as they come, and a full target pauses the source. Nothing is gathered: a
 * row of a gigabyte passes in constant memory. What the end of the source means is for the relay to decide.
 */

import type { Socket } from 'node:net';
import type { FrameTracker } from '../../wire/frames.ts';

export class Pump {
  readonly #source: Socket;
  readonly #target: Socket;
  readonly #frames: FrameTracker;
  readonly #onPassed: () => void;
  #atBoundary: (() => void) | null = null;
  bytes = 0;

  /** @param onPassed called after each chunk, not in the hurry of the end */
  constructor(source: Socket, target: Socket, frames: FrameTracker, onPassed: () => void = () => undefined) {
    this.#source = source;
    this.#target = target;
    this.#frames = frames;
    this.#onPassed = onPassed;
  }

  start(): void {
    this.#source.on('data', this.#pass);
    this.#target.on('drain', this.#resume);
  }

  /** Passes nothing on any more; what still comes is read and dropped, so that the source can finish. */
  stop(): void {
    this.#source.off('data', this.#pass);
    this.#target.off('drain', this.#resume);
    this.#source.resume();
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
    if (!this.#target.write(chunk)) this.#source.pause();
    this.#onPassed();
  };

  #passToBoundary(chunk: Buffer): void {
    const rest = this.#frames.bytesToBoundary(chunk);
    const last = rest === -1 ? chunk : chunk.subarray(0, rest);
    this.bytes += last.length;
    this.#frames.push(last);
    // The message in flight may be a gigabyte: it must not gather here either.
    if (!this.#target.write(last)) this.#source.pause();
    if (this.#frames.atBoundary) this.#stopHere();
  }

  readonly #resume = (): void => {
    this.#source.resume();
  };

  #stopHere(): void {
    const stopped = this.#atBoundary;
    this.#atBoundary = null;
    this.stop();
    stopped?.();
  }
}
