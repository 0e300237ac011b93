/**
 * The demo from nothing to ready and back. Each step makes what is missing and keeps what is there, so the second
 * start, and the first after a kill, are this same story. What was started is stopped in reverse order.
 */

import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { loadClientAuthority, withControl } from '../../compose/control.ts';
import { composeServe } from '../../compose/serve.ts';
import type { Config } from '../../config/config.ts';
import { loadConfig } from '../../config/load.ts';
import { createLog } from '../../telemetry/log.ts';
import type { Shell } from '../shell.ts';
import { prepareAccount } from './account.ts';
import { keepAuthority } from './authority.ts';
import { loadBinaries } from './binaries.ts';
import { keepClientFiles } from './client-files.ts';
import { keepPassword, writeConfiguration } from './configuration.ts';
import { prepareDatabases } from './databases.ts';
import { consoleUrl, writeEnvironment } from './environment.ts';
import { lockDirectory } from './lock.ts';
import { inspectPlace, makePlace, type Place, placeOf } from './place.ts';
import { requireFreePort } from './ports.ts';
import { type RunningPostgres, startPostgres } from './postgres.ts';
import { findSystemUser } from './system-user.ts';
import { buildWelcome } from './welcome.ts';

export interface DemoOptions {
  readonly directory: string;
  /** Of the gate, of the console. */
  readonly port: number;
  readonly consolePort: number;
  readonly shell: Pick<Shell, 'note' | 'answer'>;
  readonly stop: AbortSignal;
}

/** The directory for this process alone; nothing is made before port and directory are known to be usable. */
const occupy = async (place: Place, { port, consolePort }: DemoOptions): Promise<() => void> => {
  const lock = () => lockDirectory(place.directory, place.lock);
  const known = await inspectPlace(place);
  // Before the port: a running demo explains a taken one better.
  const release = known ? lock() : null;
  try {
    await requireFreePort(port, '--port');
    await requireFreePort(consolePort, '--console-port');
  } catch (error) {
    release?.();
    throw error;
  }
  if (release !== null) return release;
  await makePlace(place);
  return lock();
};

/** Everything that a client needs, in the store, on the backend and in files. @returns the certificate's name */
const prepareClient = (config: Config, place: Place, { port, consolePort }: DemoOptions): Promise<string> =>
  withControl(config, 'demo', async (opened) => {
    const control = { ...opened, clientAuthority: await loadClientAuthority(config) };
    const keys = await prepareAccount(control, place);
    const certificateName = await keepClientFiles(control, place, port);
    await writeEnvironment(place, { gate: port, console: consolePort }, keys);
    return certificateName;
  });

const serve = async (options: DemoOptions, place: Place, postgres: RunningPostgres): Promise<void> => {
  await using running = new AsyncDisposableStack();
  const { port, consolePort, shell, stop } = options;
  await writeConfiguration(place, { gate: port, console: consolePort, postgres: postgres.port });
  const config = loadConfig(place.configuration);
  shell.note('Preparing the databases …');
  await prepareDatabases(postgres.url);
  if (stop.aborted) return;
  shell.note('Preparing the account "demo", its certificate and its keys …');
  const certificateName = await prepareClient(config, place, options);
  if (stop.aborted) return;
  const logFile = await open(place.log, 'a', 0o600);
  running.defer(() => logFile.close());
  const serving = await composeServe(config, createLog(config.telemetry.logLevel, logFile.fd), {
    loadConfig: () => loadConfig(place.configuration),
  });
  running.defer(() => serving.stop());
  await serving.ready;
  const { telemetryPort } = serving;
  shell.answer(
    { directory: place.directory, port, consolePort, telemetryPort, environment: place.environment },
    buildWelcome({ place, certificateName, consoleUrl: consoleUrl(consolePort), telemetryPort }),
  );
  const ending = await Promise.race([
    postgres.died,
    stop.aborted ? null : once(stop, 'abort').then(() => null),
  ]);
  if (ending !== null) throw ending;
  shell.note('Stopping …');
};

/**
 * Runs until `stop` is aborted.
 * @throws RequestError one sentence: the port or the directory is taken, PostgreSQL cannot be started or has ended
 */
export const runDemo = async (options: DemoOptions): Promise<void> => {
  const { shell, stop } = options;
  const binaries = await loadBinaries();
  const systemUser = await findSystemUser();
  const place = placeOf(options.directory);
  await using running = new AsyncDisposableStack();
  running.defer(await occupy(place, options));
  shell.note(`Postern's demo in ${place.directory}`);
  const password = await keepPassword(place);
  await keepAuthority(place);
  if (stop.aborted) return;
  shell.note('Starting PostgreSQL …');
  const postgres = await startPostgres({ directory: place.postgres, binaries, systemUser, password });
  running.defer(() => postgres.stop());
  if (!stop.aborted) await serve(options, place, postgres);
};
