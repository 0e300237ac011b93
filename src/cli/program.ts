/** The command line as a whole: which nouns there are and what holds for all of them. */

import { Command } from 'commander';
import { version } from '../program.ts';
import { addAccountCommands } from './account.ts';
import { addAddressCommands } from './address.ts';
import { addAttemptCommands } from './attempt.ts';
import { addAuditCommands } from './audit.ts';
import { addCaCommands } from './ca.ts';
import { addCertificateCommands } from './certificate.ts';
import { addConfigCommands } from './config.ts';
import { addDemoCommand } from './demo.ts';
import { addDoctorCommand } from './doctor.ts';
import { addExplainCommand } from './explain.ts';
import { addHealthCommand } from './health.ts';
import { addInstanceCommands } from './instance.ts';
import { addKeyCommands } from './key.ts';
import { addMigrateCommand } from './migrate.ts';
import { addReconcileCommand } from './reconcile.ts';
import { addReloadCommand } from './reload.ts';
import { addRotateCommands } from './rotate.ts';
import { addServeCommand } from './serve.ts';
import { addSessionCommands } from './session.ts';
import { createShell } from './shell.ts';
import type { Terminal } from './terminal.ts';
import { addWorkerCommand } from './worker.ts';

/** Never exits the process: what ends a command early is thrown by `parseAsync`, for `failureFrom`. */
export const buildProgram = (terminal: Terminal): Command => {
  const program = new Command('postern')
    .description('a guarded side gate for PostgreSQL')
    .version(version)
    // Known to every command, before or after its own arguments.
    .option('--config <file>', 'configuration file (default: $POSTERN_CONFIG, else config/postern.yaml)')
    .option('--json', 'answer in JSON, for programs')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    // Errors are thrown and told by whoever catches them; this is for help texts.
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err, outputError: () => undefined });
  const shell = createShell(terminal, () => program.opts());
  addDemoCommand(program, shell);
  addServeCommand(program, shell);
  addHealthCommand(program, shell);
  addConfigCommands(program, shell);
  addDoctorCommand(program, shell);
  addMigrateCommand(program, shell);
  addReconcileCommand(program, shell);
  addReloadCommand(program, shell);
  addCaCommands(program, shell);
  addRotateCommands(program, shell);
  addAccountCommands(program, shell);
  addAddressCommands(program, shell);
  addCertificateCommands(program, shell);
  addKeyCommands(program, shell);
  addSessionCommands(program, shell);
  addAttemptCommands(program, shell);
  addExplainCommand(program, shell);
  addAuditCommands(program, shell);
  addInstanceCommands(program, shell);
  addWorkerCommand(program, shell);
  return program;
};
