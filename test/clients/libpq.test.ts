/** psql on Debian's libpq and on the newest one, with what that alone can do. */

import { describeClient, newestLibpq, program } from './programs.ts';

const needs = { probe: ['psql', '--version'], from: 'postgresql-client' };
const command = [process.execPath, program('psql.ts')];
const newest = { LD_LIBRARY_PATH: newestLibpq };

describeClient({ name: 'psql', command, needs });
describeClient({
  name: 'psql by service file',
  title: 'psql by the `pg_service.conf` of the bundle',
  command,
  environment: { POSTERN_SERVICE: 'true' },
  needs,
});
describeClient({
  name: 'psql on the newest libpq',
  title: 'psql on libpq 18',
  command,
  environment: newest,
  needs,
});
describeClient({
  name: 'psql with direct TLS',
  title: 'psql on libpq 18, `sslnegotiation=direct`, protocol 3.2',
  command,
  environment: {
    ...newest,
    POSTERN_MORE: 'sslnegotiation=direct min_protocol_version=3.2 max_protocol_version=3.2',
  },
  needs,
});
// With a cleartext password there is nothing to bind.
describeClient(
  {
    name: 'psql with channel binding',
    title: 'psql on libpq 18, direct TLS, protocol 3.2, `channel_binding=require`',
    command,
    environment: {
      ...newest,
      POSTERN_MORE:
        'sslnegotiation=direct min_protocol_version=3.2 max_protocol_version=3.2 channel_binding=require ' +
        'require_auth=scram-sha-256',
    },
    needs,
  },
  ['scram'],
);
