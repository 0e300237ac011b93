import pg from 'pg';
import { expect, it } from 'vitest';
import { formatGrant } from '../../src/policy/grants.ts';
import { quoteIdentifier as q } from '../../src/postgres/quote.ts';
import { dropAccount, prepareAccount } from '../../src/provision/account.ts';
import { revokeRole } from '../../src/provision/revoke.ts';
import { provisionRole } from '../../src/provision/scoped-role.ts';
import { buildScramVerifier } from '../../src/provision/verifier.ts';
import { openAdminAt, withBackend } from './backend-fixture.ts';

const oddities = [
  ['a double quote', `"; DROP TABLE x; --`],
  ['a quote', `'; DROP TABLE x; --`],
  ['a backslash', `\\'; x`],
  ['dollars', `$$x$$`],
  ['blanks and letters of other scripts', ` Ü 道`],
  ['line breaks', `\n--\n`],
  ['percent and underscore', `%_%s`],
] as const;

it.each(oddities)(
  '%s in the names of account, owner, schema, table, sequence and role does no harm',
  (_, oddity) =>
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

it.each(oddities)('%s in the name of a database does no harm', (_, oddity) =>
  withBackend(async ({ account: { name, ownerRole }, adminUrl, superuser, snapshot }) => {
    const database = `${name}${oddity}`.slice(0, 60);
    const account = { name, database, ownerRole };
    await superuser(`CREATE DATABASE ${q(database)} OWNER ${q(ownerRole)}`);
    const url = new URL(adminUrl);
    url.pathname = `/${encodeURIComponent(database)}`;
    const admin = openAdminAt(url.href);
    try {
      await prepareAccount(admin, account);
      const roleName = `postern_${name}_9999`;
      const verifier = buildScramVerifier('secret');
      await provisionRole(admin, account, { kind: 'master', roleName, grants: [], verifier });
      // By its parts: the parser of pg leaves some escapes in a URL's path as they are.
      const { hostname: host, port } = url;
      const client = new pg.Client({
        host,
        port: Number(port),
        user: roleName,
        password: 'secret',
        database,
      });
      await client.connect();
      expect((await client.query('SELECT current_database() AS name')).rows).toEqual([{ name: database }]);
      await client.end();
      await revokeRole(admin, account, { kind: 'master', roleName });
      await dropAccount(admin, account);
      expect(await snapshot(roleName)).toEqual([]);
    } finally {
      await admin.close();
      await superuser(`DROP DATABASE ${q(database)}`);
    }
  }),
);
