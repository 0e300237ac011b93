/**
 * Follows the frames of a relayed stream by their headers alone: where a message ends, so that the relay may
 * cut in there, and how many questions and answers have passed. The hot path: no allocation per frame, no
 * copying, no look at a body.
 *
 * A tracker sees every byte of one direction exactly once and in order, from the first typed message behind
 * the startup packet on. The result does not depend on how the stream is cut. Once `broken`, the position is
 * lost for good and nothing may be injected any more; the relay goes on regardless.
 */

const headerBytes = 5;

/** PostgreSQL cannot build or take a longer message (MaxAllocSize): such a length is not one. */
const maxFrameLength = 0x3fff_ffff;

export const isFrameLength = (length: number): boolean => length >= 4 && length <= maxFrameLength;

export abstract class FrameTracker {
  /** The stream is not what the protocol says it is; no boundary will ever be known again. */
  broken = false;

  /** Bytes of the present frame's header that have passed, 0 … 4; the type and the length read so far. */
  #headerSeen = 0;
  #type = 0;
  #length = 0;
  /** Bytes of the present frame's body that have not passed yet; 0 while its header is incomplete. */
  #bodyLeft = 0;

  /**
   * `type` is the frame's type byte, `lastByte` the last one of its body (or header, if the body is empty).
   */
  protected abstract frameCompleted(type: number, lastByte: number): void;

  /** True between two frames: everything that was pushed is made of whole messages. */
  get atBoundary(): boolean {
    return this.#headerSeen === 0 && this.#bodyLeft === 0 && !this.broken;
  }

  push(chunk: Buffer): void {
    const end = chunk.length;
    let position = 0;
    while (position < end && !this.broken) {
      if (this.#bodyLeft > 0) {
        position = this.#passBody(chunk, position);
      } else if (this.#headerSeen === 0 && end - position >= headerBytes) {
        this.#type = chunk[position] as number;
        this.#length = chunk.readInt32BE(position + 1);
        position += headerBytes;
        this.#headerCompleted(chunk[position - 1] as number);
      } else {
        this.#passHeaderByte(chunk[position++] as number);
      }
    }
  }

  /**
   * How many leading bytes of the next chunk, which has not been pushed yet, complete the frame in flight:
   * 0 at a boundary, -1 when the chunk does not reach the end of the frame or the stream is broken.
   */
  bytesToBoundary(chunk: Buffer): number {
    if (this.broken) return -1;
    if (this.#headerSeen === 0) return this.#bodyLeft <= chunk.length ? this.#bodyLeft : -1;
    const headerLeft = headerBytes - this.#headerSeen;
    if (chunk.length < headerLeft) return -1;
    let length = this.#length;
    for (let index = 0; index < headerLeft; index++) length = (length << 8) | (chunk[index] as number);
    const bytes = headerLeft + length - 4;
    return isFrameLength(length) && bytes <= chunk.length ? bytes : -1;
  }

  #passBody(chunk: Buffer, position: number): number {
    const bytes = Math.min(this.#bodyLeft, chunk.length - position);
    this.#bodyLeft -= bytes;
    if (this.#bodyLeft === 0) this.frameCompleted(this.#type, chunk[position + bytes - 1] as number);
    return position + bytes;
  }

  #passHeaderByte(byte: number): void {
    if (this.#headerSeen === 0) {
      this.#type = byte;
      this.#length = 0;
    } else {
      this.#length = (this.#length << 8) | byte;
    }
    this.#headerSeen++;
    if (this.#headerSeen === headerBytes) this.#headerCompleted(byte);
  }

  #headerCompleted(lastByte: number): void {
    this.#headerSeen = 0;
    this.#bodyLeft = this.#length - 4;
    this.broken = !isFrameLength(this.#length);
    if (this.#bodyLeft === 0) this.frameCompleted(this.#type, lastByte);
  }
}

/** Counts the messages that the backend answers with one ReadyForQuery each, when they are complete. */
export class ClientToBackendFrames extends FrameTracker {
  /**
   * Queries, Syncs and FunctionCalls so far, less the Syncs that a COPY FROM STDIN swallows: libpq sends one
   * behind Execute and one behind CopyDone, and the backend ignores the first (manual, "COPY Operations").
   * An estimate: right for every client that waits for CopyInResponse before it sends data, but a client can
   * falsify it by sending CopyDone at will. Nothing that must hold may rest on it.
   */
  expectedReadies = 0;
  terminateSeen = false;
  /** The extended protocol is in the middle of a series: work may be under way that only a Sync will end. */
  awaitsSync = false;
  #syncsSinceExecute = 0;

  protected override frameCompleted(type: number): void {
    switch (type) {
      case 0x51: // Query
      case 0x46: // FunctionCall
        this.expectedReadies++;
        this.#syncsSinceExecute = 0;
        this.awaitsSync = false;
        break;
      case 0x53: // Sync
        this.expectedReadies++;
        this.#syncsSinceExecute++;
        this.awaitsSync = false;
        break;
      case 0x50: // Parse
      case 0x42: // Bind
      case 0x44: // Describe
      case 0x43: // Close
        this.awaitsSync = true;
        break;
      case 0x45: // Execute
        this.#syncsSinceExecute = 0;
        this.awaitsSync = true;
        break;
      case 0x63: // CopyDone
      case 0x66: // CopyFail
        this.expectedReadies -= this.#syncsSinceExecute;
        this.#syncsSinceExecute = 0;
        break;
      case 0x58: // Terminate
        this.terminateSeen = true;
        break;
    }
  }
}

/** Counts the backend's ReadyForQuery messages and keeps the transaction status of the last one. */
export class BackendToClientFrames extends FrameTracker {
  readies = 0;
  /** The type of the last complete message; an ErrorResponse ('E') may have been the backend's farewell. */
  lastType = 0;
  /** ASCII of I (idle), T (in a transaction) or E (in a failed one); 0 before the first ReadyForQuery. */
  transactionStatus = 0;

  protected override frameCompleted(type: number, lastByte: number): void {
    this.lastType = type;
    if (type !== 0x5a) return;
    this.readies++;
    this.transactionStatus = lastByte;
  }
}
