/** `postern session …`: who is connected right now, through any instance. */

import type { Command } from 'commander';
import type { StoreContext } from '../control/context.ts';
import { endSession, listSessions } from '../control/sessions.ts';
import { RequestError } from '../errors.ts';
import type { ListedSession } from '../store/sessions.ts';
import { asOperator } from './as-operator.ts';
import type { Shell } from './shell.ts';
import type { Columns } from './table.ts';

/** Instances write what they hold every second. */
const endsWithinMs = 10_000;

const columns: Columns<ListedSession> = {
  id: ({ id }) => id,
  account: ({ account }) => account,
  since: ({ startedAt }) => startedAt,
  address: ({ address }) => address,
  certificate: ({ certificate }) => certificate,
  key: ({ key }) => key,
  application: ({ applicationName }) => applicationName,
};

/** @throws RequestError when there is no such session, or it is still there after a while */
const end = async (context: StoreContext, id: string): Promise<ListedSession> => {
  const { session, gone } = await endSession(context, id, endsWithinMs);
  if (gone) return session;
  throw new RequestError(
    `The session "${id}" was told to end but is still there after ${endsWithinMs / 1000} seconds: try again.`,
  );
};

export const addSessionCommands = (program: Command, shell: Shell): void => {
  const session = program.command('session').description('who is connected right now');
  session
    .command('list [account]')
    .description('all sessions, or those of an account')
    .action(async (account: string | undefined) => {
      const sessions = await asOperator(shell.loadConfig(), (context) =>
        listSessions(context, account ?? null),
      );
      shell.list(sessions, columns, 'There is no session.');
    });
  session
    .command('end <id>')
    .description('end a session; its client is told')
    .action(async (id: string) => {
      const ended = await asOperator(shell.loadConfig(), (context) => end(context, id));
      shell.answer(ended, `The session "${id}" has ended.`);
    });
};
