/** Node.js: node-postgres and postgres.js, each with its own TLS and SCRAM. */

import { describeClient, program } from './programs.ts';

describeClient({
  name: 'node-postgres',
  // It warns of its own cancel.
  command: [process.execPath, '--no-deprecation', program('node-postgres.ts')],
  needs: null,
});
describeClient({
  name: 'postgres.js',
  command: [process.execPath, program('postgres-js.ts')],
  endsSilently: true,
  needs: null,
});
