/** What the demo says once it is ready: what to paste next. Pure. */

import { relative } from 'node:path';
import { accountName } from './account.ts';
import type { Place } from './place.ts';

export interface Welcome {
  readonly place: Place;
  readonly certificateName: string;
  readonly consoleUrl: string;
  readonly telemetryPort: number;
}

/** As a person in the current directory would write it. */
const shortest = (path: string): string => {
  const short = relative('', path);
  return short === '' || short.startsWith('..') ? path : short;
};

/** A dot alone looks through PATH: a file of the current directory needs its ./ */
const sourced = (path: string): string => (path.includes('/') ? path : `./${path}`);

const quoted = (path: string): string =>
  /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;

export const buildWelcome = ({ place, certificateName, consoleUrl, telemetryPort }: Welcome): string => `
Postern is ready

In another shell, in this directory:

  . ${quoted(sourced(shortest(place.environment)))}
  psql -c 'select name, population, lon, lat from places.towns order by population desc limit 5'

What is refused, and why:

  psql -c 'select * from finance.town_budgets'          # the reader's key was not granted this
  PGPASSWORD=wrong psql -c 'select 1'                   # not an API key
  PGPASSWORD=$POSTERN_MASTER_KEY psql -c 'select count(*) from finance.town_budgets'   # the master key may

Take the certificate away while somebody works with it (the next start makes a new one):

  export POSTERN_CONFIG=${quoted(shortest(place.configuration))}
  npm run -s postern -- certificate revoke ${accountName} ${certificateName}

The page where people help themselves, for the account ${accountName} and its master key ($POSTERN_MASTER_KEY):

  ${consoleUrl}

Log: ${shortest(place.log)}   Metrics: http://127.0.0.1:${telemetryPort}/metrics   Ctrl-C stops everything.
`;
