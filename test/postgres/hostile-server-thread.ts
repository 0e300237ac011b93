/**
 * Postern's connections of each kind against a server that the test made up, in a thread: one that spins or throws where
 * nobody catches must end itself and not the tests.
 */

import { parentPort, workerData } from 'node:worker_threads';
import { connect } from '../../src/postgres/connect.ts';
import { openDatabase } from '../../src/postgres/database.ts';
import { sqlstateOf } from '../../src/postgres/errors.ts';
import { listen } from '../../src/postgres/listen.ts';
import type { ConnectionOptions } from '../../src/postgres/options.ts';

export type Use = 'connection' | 'pool' | 'listener';

export interface Outcome {
  readonly message: string;
  readonly sqlstate: string | undefined;
}

const uses: Record<Use, (options: ConnectionOptions) => Promise<unknown>> = {
  connection: async (options) => {
    const connection = await connect(options);
    return connection.query('SELECT 1').finally(() => connection.close());
  },
  pool: (options) => {
    const database = openDatabase(options);
    return database.query('SELECT 1').finally(() => database.close());
  },
  listener: (options) =>
    new Promise((_, reject) => {
      listen(options, ['changes'], { onNotification: () => undefined, onLost: reject }).catch(reject);
    }),
};

const { use, options } = workerData as { readonly use: Use; readonly options: ConnectionOptions };
try {
  await uses[use](options);
  parentPort?.postMessage({ message: 'went well', sqlstate: undefined } satisfies Outcome);
} catch (error) {
  parentPort?.postMessage({
    message: (error as Error).message,
    sqlstate: sqlstateOf(error),
  } satisfies Outcome);
}
