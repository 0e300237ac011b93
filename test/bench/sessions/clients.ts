/**
 * A process that opens sessions with client certificate and API key as it is told, leaves them idle, and on demand makes
 * one round trip on each. Speaks with whoever forked it, and ends with it.
 */

import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { LibpqEnvironment } from '../../support/psql.ts';
import { RawClient } from '../../support/raw-client.ts';
import { logIn, query } from '../../support/raw-login.ts';
import { startup } from '../../support/raw-messages.ts';

/** In one tick as many as this log in, a share of what Postern lets be half-open. */
const atOnce = 8;

export type Order =
  | { readonly kind: 'open'; readonly count: number; readonly environment: LibpqEnvironment }
  | { readonly kind: 'ask' };

/** How many sessions did what was asked for. */
export interface Answer {
  readonly done: number;
  /** Why the first of the others did not. */
  readonly failure: string | null;
}

const sessions: RawClient[] = [];

const open = async (environment: LibpqEnvironment, secureContext: ReturnType<typeof createSecureContext>) => {
  const { PGHOSTADDR, PGPORT, PGHOST, PGUSER, PGDATABASE, PGPASSWORD } = environment;
  const client = await RawClient.open(Number(PGPORT), PGHOSTADDR);
  await client.requestTls({ secureContext, servername: String(PGHOST) });
  client.send(startup({ user: String(PGUSER), database: String(PGDATABASE), application_name: 'idle' }));
  await logIn(client, String(PGPASSWORD));
  sessions.push(client);
};

/** Calls `act` that often, several at once, whatever becomes of each. */
const repeatedly = async (times: number, act: (index: number) => Promise<unknown>): Promise<Answer> => {
  let [next, done] = [0, 0];
  let failure: string | null = null;
  const work = async () => {
    while (next < times) {
      const index = next;
      next += 1;
      try {
        await act(index);
        done += 1;
      } catch (error) {
        failure ??= String(error);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return { done, failure };
};

const obey = (order: Order): Promise<Answer> => {
  if (order.kind === 'ask') {
    return repeatedly(sessions.length, async (index) => {
      const session = sessions[index];
      if (session) await query(session, ';');
    });
  }
  const read = (name: keyof LibpqEnvironment) => readFileSync(String(order.environment[name]));
  const secureContext = createSecureContext({
    ca: read('PGSSLROOTCERT'),
    cert: read('PGSSLCERT'),
    key: read('PGSSLKEY'),
  });
  return repeatedly(order.count, () => open(order.environment, secureContext));
};

process.on('message', async (order: Order) => process.send?.(await obey(order)));
