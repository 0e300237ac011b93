/**
 * What a backend says from the startup packet to ReadyForQuery: read message by message, gathered for the client, with
 * its ErrorResponses turned into the Refusal that ends the login.
 */

import type { Socket } from 'node:net';
import { Refusal } from '../../errors.ts';
import { parseBackendKeyData, parseErrorFields, parseParameterStatus } from '../../wire/messages.ts';
import { BackendRefused } from '../backend/reach.ts';
import type { CancelKey } from '../instance.ts';
import { type Message, readMessage } from '../reading.ts';

/** More than any backend says at login; a settings report is a few kilobytes. */
const maxGreetingBytes = 1 << 20;

const code = (letter: string): number => letter.charCodeAt(0);
const authentication = code('R');
const errorResponse = code('E');
const backendKeyData = code('K');
const readyForQuery = code('Z');
const negotiateProtocolVersion = code('v');
const parameterStatus = code('S');

const bytesOf = ({ type, body }: Message): Buffer => {
  const header = Buffer.allocUnsafe(5);
  header[0] = type;
  header.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
};

export class GreetingReader {
  readonly #socket: Socket;
  readonly #signal: AbortSignal;
  readonly #forClient: Buffer[] = [];
  #gatheredBytes = 0;
  #authenticated = false;
  #backendKey: CancelKey | undefined;
  #inHotStandby: string | undefined;

  constructor(socket: Socket, signal: AbortSignal) {
    this.#socket = socket;
    this.#signal = signal;
  }

  /** Of the running session; undefined when the backend gave none. */
  get backendKey(): CancelKey | undefined {
    return this.#backendKey;
  }

  /** What the server has reported itself as; undefined: it has not (PostgreSQL does from version 14 on). */
  get role(): 'primary' | 'standby' | undefined {
    if (this.#inHotStandby === undefined) return undefined;
    return this.#inHotStandby === 'on' ? 'standby' : 'primary';
  }

  /** The body of the next authentication request. */
  readonly nextAuthentication = async (): Promise<Buffer> => {
    for (;;) {
      const message = await this.#next();
      if (message.type === authentication) return message.body;
      // We asked for 3.0 without options: nothing there concerns the client, who negotiated with us.
      if (message.type !== negotiateProtocolVersion) this.#gather(bytesOf(message));
    }
  };

  /**
   * Everything from AuthenticationOk on, byte for byte, ReadyForQuery included.
   * @param keyForClient the BackendKeyData that the client gets instead of the backend's
   */
  async restForClient(keyForClient: Buffer): Promise<Buffer> {
    this.#authenticated = true;
    for (;;) {
      const message = await this.#next();
      if (message.type === backendKeyData) {
        this.#backendKey = parseBackendKeyData(message.body);
        continue;
      }
      if (message.type === parameterStatus) this.#look(message.body);
      if (message.type === readyForQuery) this.#gather(keyForClient);
      this.#gather(bytesOf(message));
      if (message.type === readyForQuery) return Buffer.concat(this.#forClient);
    }
  }

  async #next(): Promise<Message> {
    const message = await readMessage(this.#socket, maxGreetingBytes, this.#signal, 'backend');
    if (message.type === errorResponse) throw this.#refusalFrom(message);
    return message;
  }

  #look(body: Buffer): void {
    const { name, value } = parseParameterStatus(body);
    if (name === 'in_hot_standby') this.#inHotStandby = value;
  }

  #gather(bytes: Buffer): void {
    this.#gatheredBytes += bytes.length;
    if (this.#gatheredBytes > maxGreetingBytes) {
      throw new Refusal('backend-misbehaved', { reason: 'its greeting never ends' });
    }
    this.#forClient.push(bytes);
  }

  /**
   * What the backend says to an authenticated role (a limit, no CONNECT privilege, starting up) goes to the client byte
   * for byte. A refused role is our fault and not the client's: 28P01 would make it ask for the API key again.
   */
  #refusalFrom(message: Message): Refusal {
    const { sqlstate, message: text } = parseErrorFields(message.body);
    const cause = `${sqlstate} ${text}`;
    if (!this.#authenticated && sqlstate.startsWith('28')) {
      return new Refusal('backend-rejected-role', {}, { cause });
    }
    return new BackendRefused(sqlstate, bytesOf(message), { reason: cause });
  }
}
