/** Plays a script to a server and tells what came of it in one line: the words of its replies, and how it ended. */

import { type Socket, connect as tcpConnect } from 'node:net';
import { type SecureContext, connect as tlsConnect } from 'node:tls';
import { buildProof } from './prove.ts';
import { Replies } from './replies.ts';
import type { Certificate, Script, Step } from './script.ts';

/** Whom the script is played to, and what its client has. */
export interface Stage {
  readonly port: number;
  readonly password: string;
  readonly bindingData: Buffer | null;
  readonly certificates: Readonly<Record<Certificate, SecureContext>>;
}

/** More than any server takes that keeps the deadline of `loginTimeoutMs`. */
const usualPatienceMs = 10_000;

const startsProof = 'p'.charCodeAt(0);

class Player {
  readonly #stage: Stage;
  readonly #replies = new Replies();
  #stream: Socket;
  #end: string | null = null;
  #waited = 0;
  #initialResponse: Buffer = Buffer.alloc(5);
  #wake: () => void = () => undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(stage: Stage, localAddress: string, patienceMs: number) {
    this.#stage = stage;
    this.#stream = tcpConnect({ port: stage.port, host: '127.0.0.1', localAddress, noDelay: true });
    this.#listen();
    this.#timer = setTimeout(() => {
      this.#ended('hangs');
      this.#stream.destroy();
    }, patienceMs);
  }

  async play(steps: readonly Step[]): Promise<string> {
    for (const step of steps) {
      if (this.#end !== null) break;
      await this.#take(step);
    }
    this.#stream.end();
    await this.#until(() => this.#end !== null);
    clearTimeout(this.#timer);
    this.#stream.destroy();
    const { words, unread } = this.#replies;
    return [...words, ...(unread > 0 ? [`cut(${unread})`] : []), this.#end].join(' ');
  }

  async #take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'send':
        if (step.bytes[0] === startsProof) this.#initialResponse = step.bytes;
        this.#stream.write(step.bytes);
        break;
      case 'wait':
        this.#waited += 1;
        await this.#until(() => this.#end !== null || this.#replies.turns >= this.#waited);
        break;
      case 'tls':
        await this.#encrypt(step);
        break;
      case 'prove': {
        const { serverFirst } = this.#replies;
        if (serverFirst === null) break;
        const exchange = { ...this.#stage, initialResponse: this.#initialResponse, serverFirst };
        this.#stream.write(buildProof(exchange, step.edits));
      }
    }
  }

  async #encrypt({ certificate, alpn }: Extract<Step, { kind: 'tls' }>): Promise<void> {
    this.#stream.removeAllListeners();
    // Somebody must: the TLS stream over it is told as well.
    this.#stream.on('error', () => undefined);
    const stream = tlsConnect({
      socket: this.#stream,
      secureContext: this.#stage.certificates[certificate],
      // Whom one talks to is for other tests.
      rejectUnauthorized: false,
      ...(alpn !== null && { ALPNProtocols: [alpn] }),
    });
    this.#stream = stream;
    this.#listen();
    let secured = false;
    stream.once('secureConnect', () => {
      secured = true;
      this.#wake();
    });
    await this.#until(() => secured || this.#end !== null);
  }

  #listen(): void {
    this.#stream
      .on('data', (chunk: Buffer) => {
        this.#replies.push(chunk);
        this.#wake();
      })
      .on('end', () => this.#ended('closed'))
      .on('close', () => this.#ended('closed'))
      .on('error', (error: NodeJS.ErrnoException) => {
        const { code = '' } = error;
        if (code.includes('ALERT')) this.#ended('alert');
        else this.#ended(/^ERR_SSL|^EPROTO/.test(code) ? 'no-tls' : 'reset');
      });
  }

  #ended(how: string): void {
    this.#end ??= how;
    this.#wake();
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }
}

/**
 * @param patienceMs how long the client looks on before it says `hangs`
 * @returns such as `S R10(SCRAM-SHA-256) closed`; never rejects
 */
export const play = (
  script: Script,
  stage: Stage,
  localAddress: string,
  patienceMs = usualPatienceMs,
): Promise<string> => new Player(stage, localAddress, patienceMs).play(script.steps);
