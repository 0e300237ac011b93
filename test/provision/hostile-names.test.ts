import { expect, it } from 'vitest';
import { formatGrant } from '../../src/policy/grants.ts';
import { quoteIdentifier as q } from '../../src/postgres/quote.ts';
import { dropAccount } from '../../src/provision/account.ts';
import { revokeRole } from '../../src/provision/revoke.ts';
import { withBackend } from './backend-fixture.ts';

it.each([
  ['a double quote', `"; DROP TABLE x; --`],
  ['a quote', `'; DROP TABLE x; --`],
  ['a backslash', `\\'; x`],
  ['dollars', `$$x$$`],
  ['blanks and letters of other scripts', ` Ü 道`],
  ['line breaks', `\n--\n`],
  ['percent and underscore', `%_%s`],
])('%s in the names of account, owner, schema, table, sequence and role does no harm', (_, oddity) =>
  withBackend(
    async ({ admin, account, provision, login, superuser, snapshot }) => {
      const [schema, table] = [`s${oddity}`, `t${oddity}`];
      const name = `${q(schema)}.${q(table)}`;
      await superuser(
        `SET ROLE ${q(account.ownerRole)}`,
        `CREATE SCHEMA ${q(schema)}`,
        `CREATE TABLE ${name} (id serial, name text)`,
      );
      const permissions = ['select', 'insert'] as const;
      const grants = [
        formatGrant({ kind: 'table', schema, table, permissions }),
        formatGrant({ kind: 'schema', schema, permissions }),
        formatGrant({ kind: 'create', schema }),
      ];
      const roleName = await provision({ grants });
      const key = await login(roleName);
      await key.query(`INSERT INTO ${name} (name) VALUES ('x')`);
      await key.query(`CREATE TABLE ${q(schema)}.mine (id int)`);
      const master = await provision({ kind: 'master' });
      await (await login(master)).query(`SELECT * FROM ${q(schema)}.mine`);
      await revokeRole(admin, account, { kind: 'regular', roleName });
      await revokeRole(admin, account, { kind: 'master', roleName: master });
      await dropAccount(admin, account);
      expect(await snapshot(roleName)).toEqual([]);
      expect(await superuser(`SELECT id FROM ${name}`)).toEqual([{ id: 1 }]);
    },
    { oddity, admin: 'createrole' },
  ),
);
