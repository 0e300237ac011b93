/** Who works on a peer: Debian's pgbench and psql, the same for all, without anything of this computer's own settings. */

import { startInShell } from '../support/psql.ts';
import type { Bench } from './bench.ts';
import { type Sample, startMeasuring } from './measure.ts';
import type { Peer } from './peers/peer.ts';
import { parseProgress } from './pgbench-output.ts';
import { mean } from './statistics.ts';

type Place = Pick<Bench, 'installation' | 'signal' | 'form'>;

const start = ({ installation, signal }: Place, { environment }: Peer, commandLine: string) => {
  signal.throwIfAborted();
  const running = startInShell(`exec ${commandLine}`, environment, installation.directory);
  const stop = () => void running.process.kill('SIGKILL');
  signal.addEventListener('abort', stop, { once: true });
  const ended = running.result.then(({ status, stdout, stderr }) => {
    signal.removeEventListener('abort', stop);
    signal.throwIfAborted();
    if (status !== 0) throw new Error(`${commandLine} ended with ${status}: ${stderr}`);
    return stdout;
  });
  return { process: running.process, ended };
};

/** To its end; what it wrote. @throws Error with what it said, when it failed */
export const runClient = (place: Place, peer: Peer, commandLine: string): Promise<string> =>
  start(place, peer, commandLine).ended;

/** One measurement of a program that does so many units, from its start to its end. */
export const measureClient = async (
  place: Place,
  peer: Peer,
  commandLine: string,
  units: number,
): Promise<Sample> => {
  const endMeasuring = startMeasuring(peer);
  await runClient(place, peer, commandLine);
  return { ...endMeasuring(), units };
};

/**
 * One measurement of transactions under way: from pgbench's first report, a second after everybody has logged in, for the
 * seconds of the form. So neither logins nor their end count.
 */
export const measureLoad = async (place: Place, peer: Peer, options: string): Promise<Sample> => {
  const { process: child, ended } = start(place, peer, `pgbench -n -P 1 -T 600 ${options}`);
  const { promise: measured, resolve } = Promise.withResolvers<Sample>();
  const rates: number[] = [];
  let endMeasuring: ReturnType<typeof startMeasuring> | null = null;
  let rest = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const rate of lines.flatMap((line) => parseProgress(line) ?? [])) {
      // The first report is of the time before the measurement.
      if (endMeasuring) rates.push(rate);
      else endMeasuring = startMeasuring(peer);
      if (endMeasuring && rates.length === place.form.seconds) {
        const sample = endMeasuring();
        resolve({ ...sample, units: mean(rates) * sample.seconds });
      }
    }
  });
  const tooEarly = ended.then(() => Promise.reject(new Error(`pgbench ${options} ended before its time.`)));
  const sample = await Promise.race([measured, tooEarly]);
  // As if -T had run out.
  child.kill('SIGALRM');
  await ended;
  return sample;
};
