/** `postern audit …`: who changed what, and whether these records are as they were written. */

import type { Command } from 'commander';
import { RequestError } from '../errors.ts';
import { type AuditEvent, listAudit, verifyAudit } from '../store/audit.ts';
import { asOperator } from './as-operator.ts';
import { parseCount } from './options.ts';
import type { Shell } from './shell.ts';
import type { Columns } from './table.ts';

interface ListOptions {
  readonly limit: number;
  readonly target?: string;
}

type ShownEvent = Omit<AuditEvent, 'hash'> & { readonly hash: string };

const defaultLimit = 50;

const columns: Columns<ShownEvent> = {
  number: ({ number }) => number,
  at: ({ at }) => at,
  actor: ({ actor }) => actor,
  action: ({ action }) => action,
  target: ({ target }) => target,
};

export const addAuditCommands = (program: Command, shell: Shell): void => {
  const audit = program.command('audit').description('who changed what');
  audit
    .command('list')
    .description('the latest changes, newest first; with --json as they were before and after')
    .option('--limit <n>', 'how many', parseCount, defaultLimit)
    .option('--target <name>', 'of this alone, such as demo or demo/laptop')
    .action(async (options: ListOptions) => {
      const events = await asOperator(shell.loadConfig(), ({ store }) => listAudit(store, options));
      const shown = events.map((event): ShownEvent => ({ ...event, hash: event.hash.toString('hex') }));
      shell.list(shown, columns, 'Nothing has been changed.');
    });
  audit
    .command('verify')
    .description('check that no record was altered, removed or inserted')
    .action(async () => {
      const verdict = await asOperator(shell.loadConfig(), ({ store }) => verifyAudit(store));
      if (verdict.kind === 'broken') {
        throw new RequestError(
          `The audit records were tampered with: number ${verdict.number} is not as it was written or is missing.`,
        );
      }
      const last = verdict.lastHash === null ? '' : ` The last one's hash is ${verdict.lastHash}.`;
      shell.answer(verdict, `All ${verdict.events} records are as they were written.${last}`);
    });
};
