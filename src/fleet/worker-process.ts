/**
 * One worker in a process of its own: starts it, calls it, and says when it is gone. It gets its configuration over
 * the channel: secrets stand in no argument and in no environment.
 */

import { type ChildProcess, fork } from 'node:child_process';
import type { Config } from '../config/config.ts';
import { messageOf } from '../errors.ts';
import type { MetricValues } from '../telemetry/merge.ts';
import type { Desk } from './desk.ts';
import { type Remote, talk } from './ipc.ts';
import type { Worker } from './worker.ts';

export interface StartWorker {
  readonly config: Config;
  readonly instanceId: string;
  /** Counted from 1; its successor has another. */
  readonly number: number;
  readonly port: number;
  /** Listens only once it has the policy. */
  readonly whenReady: boolean;
}

/** What a worker process can be asked. */
export interface WorkerCalls extends Worker {
  /** @returns the port */
  start(options: StartWorker): Promise<number>;
  metrics(): Promise<MetricValues>;
}

export interface SpawnOptions {
  /** What it is started with: the program, and arguments that make it a worker. */
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** File descriptor of its log. */
  readonly logTo: number;
  readonly desk: Desk;
}

export interface WorkerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How long a worker that was told to stop may take to end by itself. */
const leaveGraceMs = 10_000;

export class WorkerProcess {
  readonly calls: Remote<WorkerCalls>;
  readonly desk: Desk;
  /** Resolves when the process is gone. */
  readonly exited: Promise<WorkerExit>;
  readonly #child: ChildProcess;
  #leaving = false;

  constructor({ program, args, environment, logTo, desk }: SpawnOptions) {
    this.desk = desk;
    this.#child = fork(program, args, {
      serialization: 'advanced',
      stdio: ['ignore', logTo, 'inherit', 'ipc'],
      execArgv: [],
      env: environment,
    });
    this.calls = talk<WorkerCalls>(this.#child, desk);
    const { promise: exited, resolve: onExited } = Promise.withResolvers<WorkerExit>();
    this.exited = exited;
    this.#child.once('exit', (code, signal) => onExited({ code, signal }));
    this.#child.on('error', (error) => {
      // What cannot be sent is known by the answer that does not come; what has never begun does not exit either.
      if (this.#child.pid !== undefined) return;
      this.calls.$close(new Error(`A worker process cannot be started (${messageOf(error)}).`));
      onExited({ code: null, signal: null });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** It was told to go: its end is no crash. */
  get leaving(): boolean {
    return this.#leaving;
  }

  /** Resolves when the process is gone: by itself if it can. */
  async stop(): Promise<void> {
    this.#leaving = true;
    const patience = setTimeout(() => this.killNow(), leaveGraceMs);
    await this.calls.stop().catch(() => undefined);
    if (this.#child.connected) this.#child.disconnect();
    await this.exited;
    clearTimeout(patience);
  }

  /** Waits for nothing. */
  killNow(): void {
    this.#child.kill('SIGKILL');
  }

  /** For one that has not even started, or does not answer any more. */
  async kill(): Promise<void> {
    this.#leaving = true;
    this.killNow();
    await this.exited;
  }
}
