import { expect, it } from 'vitest';
import { appendAudit } from '../../src/store/audit.ts';
import { pollUntil } from '../support/poll.ts';
import { uniqueName } from '../support/postgres.ts';
import { adminToken, withConsole } from './console-fixture.ts';

const numbers = ({ items }: { items: readonly { number: number }[] }) => items.map(({ number }) => number);

it('shows owners what happened to their account, and operators everything', () =>
  withConsole(async ({ owner, operator, account, context }) => {
    await owner.post('/address-rules', { cidr: '203.0.113.7' });
    // The name of another account begins with the name of this one.
    const event = { actor: 'operator', action: 'account.change', before: null, after: null };
    await context.store.transaction((tx) => appendAudit(tx, { ...event, target: `${account.name}2` }));
    const own = (await owner.get('/audit')).body;
    expect(own.items[0]).toMatchObject({
      actor: `account:${account.name}`,
      action: 'address.add',
      target: `${account.name}/203.0.113.7/32`,
      before: null,
      after: { cidr: '203.0.113.7/32' },
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const all = (await operator.get('/audit')).body;
    expect(all.items[0].target).toBe(`${account.name}2`);
    expect(numbers(own)).toEqual(numbers(all).slice(1));

    const first = (await operator.get('/audit?limit=2')).body;
    const second = (await operator.get(`/audit?limit=200&cursor=${first.nextCursor}`)).body;
    expect([...numbers(first), ...numbers(second)]).toEqual(numbers(all));
    expect(second.nextCursor).toBeNull();

    expect((await operator.get('/audit/verification')).body).toMatchObject({
      kind: 'intact',
      events: all.items.length,
      lastHash: all.items[0].hash,
    });
    expect((await owner.get('/audit/verification')).body.code).toBe('operators-only');
  }));

it('does not show any account that an operator signed in, whatever its name', () =>
  withConsole(async ({ browser, operator, account, context }) => {
    await context.store.query("UPDATE postern.accounts SET name = 'console' WHERE id = $1", [account.id]);
    await browser({ adminToken });
    const [signIn] = (await operator.get('/audit?limit=1')).body.items;
    expect(signIn).toMatchObject({ actor: 'operator', action: 'console.sign-in', target: '(console)' });
    expect((await operator.get('/audit?account=console')).body.items).toEqual([]);
  }));

it('does not show an account what happened to an earlier one of its name', () =>
  withConsole(async ({ owner, account, context }) => {
    expect((await owner.get('/audit')).body.items).not.toEqual([]);
    await context.store.query('UPDATE postern.accounts SET created_at = clock_timestamp() WHERE id = $1', [
      account.id,
    ]);
    expect((await owner.get('/audit')).body.items).toEqual([]);
  }));

it('creates, lists, changes and deletes accounts', () =>
  withConsole(async ({ operator, account }) => {
    const name = uniqueName('zoo').replace('_', '-');
    const { backend, database, ownerRole } = account;
    const request = { name, backend, database, ownerRole, maxSessions: 7 };
    const created = await operator.post('/accounts', request);
    expect(created).toMatchObject({
      status: 201,
      body: { ...request, status: 'active', databaseAliases: [] },
    });
    expect((await operator.post('/accounts', request)).body).toMatchObject({
      status: 409,
      detail: `There is already an account named "${name}".`,
    });

    const first = (await operator.get('/accounts?limit=1')).body;
    const second = (await operator.get(`/accounts?limit=1&cursor=${first.nextCursor}`)).body;
    expect([first.items[0].name, second.items[0].name]).toEqual([account.name, name].sort());
    expect(second.nextCursor).toBeNull();

    const { etag } = (await operator.get(`/accounts/${name}`)).body;
    const change = { status: 'disabled', maxSessions: null, databaseAliases: ['old name'] };
    expect((await operator.patch(`/accounts/${name}`, change)).status).toBe(428);
    const changed = await operator.patch(`/accounts/${name}`, change, { 'if-match': etag });
    expect(changed).toMatchObject({ status: 200, body: { ...change, clientCertificate: 'required' } });
    expect((await operator.patch(`/accounts/${name}`, change, { 'if-match': etag })).status).toBe(412);

    expect((await operator.delete(`/accounts/${name}`, { 'if-match': etag })).status).toBe(412);
    expect((await operator.delete(`/accounts/${name}`)).status).toBe(204);
    expect((await operator.get(`/accounts/${name}`)).status).toBe(404);
  }));

it.each(['active', 'disabled'])(
  'deletes an account that is %s only as it was seen, also while it changes',
  (status) =>
    withConsole(async ({ operator, account: { name }, context: { store } }) => {
      await store.query('UPDATE postern.accounts SET status = $2 WHERE name = $1', [name, status]);
      const { etag } = (await operator.get(`/accounts/${name}`)).body;
      const isWaiting = async () => {
        const { rows } = await store.query('SELECT FROM pg_locks WHERE NOT granted');
        return rows.length > 0;
      };
      const deleting = await store.transaction(async (tx) => {
        await tx.query('UPDATE postern.accounts SET max_sessions = 3 WHERE name = $1', [name]);
        const asked = operator.delete(`/accounts/${name}`, { 'if-match': etag });
        const answered = asked.then(() => true);
        await pollUntil(() => Promise.race([answered, isWaiting()]));
        return { asked };
      });
      expect((await deleting.asked).status).toBe(412);
      expect((await operator.get(`/accounts/${name}`)).body).toMatchObject({ status, maxSessions: 3 });
    }),
);

it('refuses accounts that cannot be, with all that is wrong', () =>
  withConsole(async ({ operator, account }) => {
    const { body } = await operator.post('/accounts', {
      name: 'Ärger',
      backend: 'main',
      database: '',
      ownerRole: 'owner',
      databaseAliases: ['a\nb'],
      maxSessions: -1,
    });
    const paths = body.errors.map(({ path }: { path: string }) => path);
    expect(paths.sort()).toEqual([
      'body.database',
      'body.databaseAliases.0',
      'body.maxSessions',
      'body.name',
    ]);
    const renamed = await operator.patch(`/accounts/${account.name}`, { name: 'other' }, { 'if-match': '*' });
    expect(renamed.status).toBe(422);
  }));

it('keeps owners away from accounts', () =>
  withConsole(async ({ owner, account }) => {
    const refused = [
      await owner.get('/accounts'),
      await owner.get(`/accounts/${account.name}`),
      await owner.post('/accounts', {}),
      await owner.patch(`/accounts/${account.name}`, { maxSessions: 1 }, { 'if-match': '*' }),
      await owner.delete(`/accounts/${account.name}`),
      await owner.get('/instances'),
    ];
    expect(refused.map(({ body }) => body.code)).toEqual(refused.map(() => 'operators-only'));
  }));
