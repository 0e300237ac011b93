/**
 * `postern serve` in a process of its own, so that its crashes and its growth are not the fuzzer's: seen by its log, its
 * metrics, what the kernel knows of it, and Node's inspector.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mainFile } from '../cli/run.ts';
import { footprintOf } from '../support/footprint.ts';
import { metricSum } from '../support/metric-sum.ts';
import { pollUntil } from '../support/poll.ts';
import { Inspector } from './inspector.ts';

/** Of a connection's line in the log. */
export interface LoggedEnding {
  /** The client's: the PROXY header's where there was one. */
  readonly address: string;
  /** Level, outcome, stage and reason. */
  readonly kind: string;
}

export interface Serving {
  readonly inspector: Inspector;
  /** It has ended, by itself. */
  crashed(): boolean;
  /** What it said on standard error, but for what the inspector says there. */
  complaint(): string;
  /** What its log says of each connection that has ended since this was asked last. */
  endings(): LoggedEnding[];
  /** Lines of its log at the level `error`, and about failures of its own. */
  troubles(): string[];
  /** Sum over all labels. */
  metric(name: string): Promise<number>;
  /** Open descriptors that are sockets. */
  sockets(): number;
}

const inspectorLine = /^Debugger listening on (ws:\S+)$/m;
const inspectorSays = /^(?:Debugger |For help, see: |Starting inspector ).*\n/gm;

/** @param directory with `postern.yaml` in it @returns when it admits people */
export const startServing = async (
  running: AsyncDisposableStack,
  directory: string,
  telemetryPort: number,
): Promise<Serving> => {
  const [out, err] = ['serve.out', 'serve.err'].map((name) => join(directory, name)) as [string, string];
  const descriptors = [out, err].map((path) => openSync(path, 'w'));
  const child = spawn(
    process.execPath,
    ['--inspect=127.0.0.1:0', mainFile, 'serve', '--config', join(directory, 'postern.yaml')],
    { cwd: directory, env: { PATH: '/usr/bin:/bin' }, stdio: ['ignore', ...descriptors] },
  );
  for (const descriptor of descriptors) closeSync(descriptor);
  const ended = once(child, 'exit');
  running.defer(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  /** Whole lines. */
  const log = () => readFileSync(out, 'utf8').split('\n').slice(0, -1);
  let told = 0;
  const said = () => readFileSync(err, 'utf8');
  const crashed = () => child.exitCode !== null || child.signalCode !== null;
  const place = `http://127.0.0.1:${telemetryPort}`;
  await pollUntil(async () => crashed() || (await fetch(`${place}/readyz`)).status === 200, {
    timeoutMs: 30_000,
    intervalMs: 25,
  });
  if (crashed()) throw new Error(`serve ended: ${said()}`);
  const inspector = await Inspector.open(inspectorLine.exec(said())?.[1] ?? '');
  running.defer(() => inspector.close());
  return {
    inspector,
    crashed,
    complaint: () => said().replaceAll(inspectorSays, ''),
    endings: () => {
      const lines = log();
      const fresh = lines.slice(told);
      told = lines.length;
      return fresh
        .map((line) => JSON.parse(line) as Record<string, string>)
        .filter((entry) => entry['outcome'] !== undefined)
        .map(({ address = '', level, outcome, stage, reason }) => ({
          address,
          kind: [level, outcome, stage, reason].join(' '),
        }));
    },
    troubles: () => log().filter((line) => line.includes('"level":"error"') || line.includes('"internal"')),
    metric: (name) => metricSum(`${place}/metrics`, name),
    sockets: () => footprintOf(child.pid ?? 0).sockets,
  };
};
