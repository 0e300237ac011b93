/** Python: psycopg 2 and 3, which are built on libpq, and asyncpg, which is not. */

import { describeClient, newestLibpq, program } from './programs.ts';

/** Debian's own, which has Debian's packages; another may come first in the path. */
const python = '/usr/bin/python3';
const debian = (module: string, from: string) => ({ probe: [python, '-c', `import ${module}`], from });
const psycopg = debian('psycopg', 'python3-psycopg');

describeClient({
  name: 'psycopg 2',
  command: [python, program('psycopg2_client.py')],
  endsSilently: true,
  needs: debian('psycopg2', 'python3-psycopg2'),
});
describeClient({ name: 'psycopg 3', command: [python, program('psycopg3_client.py')], needs: psycopg });
describeClient({
  name: 'psycopg 3 on the newest libpq',
  title: 'psycopg 3 on the newest libpq, direct TLS, protocol 3.2',
  command: [python, program('psycopg3_client.py')],
  environment: {
    LD_LIBRARY_PATH: newestLibpq,
    POSTERN_MORE: 'sslnegotiation=direct max_protocol_version=3.2 min_protocol_version=3.2',
  },
  needs: psycopg,
});
describeClient({
  name: 'asyncpg',
  command: [python, program('asyncpg_client.py')],
  cancelsSilently: true,
  endsSilently: true,
  needs: debian('asyncpg', 'python3-asyncpg'),
});
