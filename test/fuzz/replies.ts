/**
 * What a server says, as a line of words that can be compared: `S`, `G` and `N` for its answers to requests, then a word for
 * each message: R and the code, E and the SQLSTATE, v and what it negotiates. Settings, notices and everything that is
 * different with each connection are left out.
 */

import { parseErrorFields } from '../../src/wire/messages.ts';

const code = (letter: string): number => letter.charCodeAt(0);
/** To requests: TLS, GSSAPI, or neither. */
const answers = new Set([code('S'), code('G'), code('N')]);
const headerBytes = 5;
const longest = 100_000;
const tlsAlert = 0x15;

/** Requests to which the client answers: a password, or a step of SASL. */
const asking = new Set([3, 5, 10, 11]);

export class Replies {
  readonly words: string[] = [];
  /** How often the server has left it to the client to go on. */
  turns = 0;
  /** The newest server-first-message. */
  serverFirst: string | null = null;
  #typed = false;
  #pending: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (this.#pending.length > 0 && this.#take());
  }

  /** What is there of a message that has not come to its end. */
  get unread(): number {
    return this.#pending.length;
  }

  #take(): boolean {
    const first = this.#pending[0] as number;
    if (!this.#typed && answers.has(first)) {
      this.#say(String.fromCharCode(first), true);
      this.#pending = this.#pending.subarray(1);
      return true;
    }
    if (!this.#typed && first === tlsAlert) return this.#drop('alert');
    if (this.#pending.length < headerBytes) return false;
    const length = this.#pending.readInt32BE(1);
    // Before protocol 3 an error was a letter and a text.
    if (length < 4 || length > longest) return this.#drop(first === code('E') ? 'E(protocol 2)' : 'garbage');
    if (this.#pending.length < length + 1) return false;
    this.#typed = true;
    this.#read(String.fromCharCode(first), this.#pending.subarray(headerBytes, length + 1));
    this.#pending = this.#pending.subarray(length + 1);
    return true;
  }

  #read(type: string, body: Buffer): void {
    switch (type) {
      case 'R':
        this.#readAuthentication(body);
        break;
      case 'E': {
        const { severity, sqlstate } = parseErrorFields(body);
        this.#say(severity === 'FATAL' ? `E${sqlstate}` : `E${sqlstate}(${severity})`, true);
        break;
      }
      case 'v':
        this.#say(`v${body.readUInt16BE(2)}(${body.toString('latin1', 8).split('\0').slice(0, -1)})`);
        break;
      case 'K':
        this.#say(`K${body.length}`);
        break;
      case 'Z':
        this.#say('Z', true);
        break;
      case 'S':
      case 'N':
        break;
      default:
        this.#say(`?${type}`);
    }
  }

  #readAuthentication(body: Buffer): void {
    const request = body.readInt32BE();
    const data = body.toString('latin1', 4);
    const mechanisms = request === 10 ? `(${data.split('\0').filter(Boolean)})` : '';
    this.#say(`R${request}${mechanisms}`, asking.has(request));
    if (request === 11) this.serverFirst = data;
  }

  #drop(word: string): false {
    this.#say(word, true);
    this.#pending = Buffer.alloc(0);
    return false;
  }

  #say(word: string, isTurn = false): void {
    this.words.push(word);
    if (isTurn) this.turns += 1;
  }
}
