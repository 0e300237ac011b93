/** pgbench: makes its tables through the gate, runs its transactions there, and is refused where a key may not. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runAsSuperuser } from '../support/postgres.ts';
import { type Bundle, downloadBundle } from './bundle.ts';
import { type Account, installation, libpqParameters } from './installation.ts';
import { describeWith, type Need } from './programs.ts';
import { type Ended, runProgram } from './run-program.ts';
import { record } from './table.ts';

const pgbench: Need = { probe: ['pgbench', '--version'], from: 'postgresql' };

const clients = 4;
const transactionsEach = 50;
const transactions = clients * transactionsEach;
const protocols = ['simple', 'extended', 'prepared'] as const;

describeWith('pgbench', [pgbench], () => {
  describe.each(['scram', 'cleartext'] as const)('with the account for %s', (name) => {
    let account: Account;
    let bundle: Bundle;
    const run = (key: string, ...args: string[]): Promise<Ended> =>
      runProgram(['pgbench', ...args, libpqParameters(account)], bundle.directory, { PGPASSWORD: key }).ended;

    beforeAll(async () => {
      account = installation()[name];
      bundle = await downloadBundle(account, 'pgbench');
    });
    // Before each run pgbench empties its history, which would then miss what is in the balances.
    beforeEach(async () => {
      const { status, err } = await run(account.masterKey, '--initialize', '--foreign-keys', '--quiet');
      if (status !== 0) throw new Error(`pgbench ended with ${status}: ${err}`);
    });
    afterAll(() => run(account.masterKey, '--initialize', '--init-steps=d'));

    it.each(protocols)('runs TPC-B in several sessions, no transaction lost: %s', async (protocol) => {
      const { status, out, err } = await run(
        account.masterKey,
        `--protocol=${protocol}`,
        `--client=${clients}`,
        '--jobs=2',
        `--transactions=${transactionsEach}`,
      );
      expect({ status, err }).toMatchObject({ status: 0 });
      expect(out).toContain(`number of transactions actually processed: ${transactions}/${transactions}`);
      expect(out).toMatch(/number of failed transactions: 0 /);
      const [balances] = await runAsSuperuser(
        account.databaseUrl,
        `SELECT count(*)::int AS kept,
                sum(delta) = (SELECT sum(abalance) FROM pgbench_accounts) AS accounts,
                sum(delta) = (SELECT sum(tbalance) FROM pgbench_tellers) AS tellers,
                sum(delta) = (SELECT sum(bbalance) FROM pgbench_branches) AS branches
         FROM pgbench_history`,
      );
      expect(balances).toEqual({ kept: transactions, accounts: true, tellers: true, branches: true });
    });

    it('may not make its tables, nor read them, with a key for other tables', async () => {
      const made = await run(account.readKey, '--initialize', '--init-steps=t');
      expect(made.status).toBe(1);
      expect(made.err).toContain('permission denied for schema public');
      const read = await run(account.readKey, '--select-only', '--transactions=1', '--no-vacuum');
      expect(read.status).toBe(1);
      expect(read.err).toContain('permission denied for table pgbench_');
      const { out } = await runProgram(['pgbench', '--version'], bundle.directory, {}).ended;
      record({
        client: 'pgbench',
        version: /\d+\.\d+/.exec(out)?.[0] ?? '',
        authentication: account.authentication,
        steps: `makes its tables, ${protocols.join(', ')} transactions; refused where the key may not`,
      });
    });
  });
});
