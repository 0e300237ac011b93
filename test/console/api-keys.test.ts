import { expect, it } from 'vitest';
import { listAudit } from '../../src/store/audit.ts';
import { withConsole } from './console-fixture.ts';

it('makes a key, shows its text once, and never in a list, the audit or the store', () =>
  withConsole(async ({ owner, context, ownedStore }) => {
    const { status, body } = await owner.post('/api-keys', {
      name: ' QGIS ',
      grants: ['SELECT on public.roads', 'create in gis'],
      expiresIn: '90d',
    });
    expect([status, body.text]).toEqual([201, expect.stringMatching(/^pst_r_/)]);
    expect(body.key).toMatchObject({
      name: 'QGIS',
      kind: 'regular',
      status: 'active',
      hint: body.text.slice(-4),
      grants: ['create in gis', 'select on public.roads'],
      grantItems: [
        { kind: 'create', schema: 'gis' },
        { kind: 'table', schema: 'public', table: 'roads', permissions: ['select'] },
      ],
    });
    const listed = await owner.get('/api-keys');
    expect(listed.body.items.map(({ name }: { name: string }) => name)).toEqual(['master', 'QGIS']);
    expect((await owner.get(`/api-keys/${body.key.id}`)).body).toEqual(body.key);
    const { rows } = await ownedStore.query('SELECT to_jsonb(k)::text AS row FROM postern.api_keys k');
    const everything = `${listed.text}${JSON.stringify(await listAudit(context.store, { limit: 9 }))}${JSON.stringify(rows)}`;
    expect(everything).not.toContain(body.text);
    expect(listed.text).not.toMatch(/digest|sealed|scram/i);
  }));

it('changes grants only as they were seen, also when two do so at once', () =>
  withConsole(async ({ owner }) => {
    const { key } = (await owner.post('/api-keys', { name: 'k', grants: ['select on public.roads'] })).body;
    const path = `/api-keys/${key.id}/grants`;
    const wanted = ['select on all in gis', 'all on public.roads'];
    expect((await owner.put(path, { grants: wanted })).status).toBe(428);
    const answers = await Promise.all(
      wanted.map((grant) => owner.put(path, { grants: [grant] }, { 'if-match': key.etag })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
    const winner = answers.find(({ status }) => status === 200)?.body;
    expect((await owner.get(`/api-keys/${key.id}`)).body).toEqual(winner);
    const none = await owner.put(path, { grants: [] }, { 'if-match': winner.etag });
    expect(none.body).toMatchObject({ grants: [], grantsApplied: true });
  }));

it.each([
  [{ name: '' }, 422, 'body.name'],
  [
    { name: 'k', grants: ['select on roads', 'select on public.roads', 'drop public.roads'] },
    422,
    'body.grants.0',
  ],
  [{ name: 'k', kind: 'master', grants: ['select on public.roads'] }, 422, 'body.grants'],
  [{ name: 'k', kind: 'other' }, 422, 'body.kind'],
  [{ name: 'k', grants: ['select on foreign_land.gold'] }, 409, undefined],
  [{ name: 'master' }, 409, undefined],
])('refuses %j before anything is made', (body, status, path) =>
  withConsole(async ({ owner, keyRoles }) => {
    const roles = await keyRoles();
    const answer = await owner.post('/api-keys', body);
    expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([status, path]);
    expect((await owner.get('/api-keys')).body.items).toHaveLength(1);
    expect(await keyRoles()).toEqual(roles);
  }),
);

it('rotates and revokes the key that is meant, though another has its name by now', () =>
  withConsole(async ({ owner }) => {
    const first = (await owner.post('/api-keys', { name: 'k' })).body;
    const rotated = (await owner.post(`/api-keys/${first.key.id}/rotate`)).body;
    expect(rotated.text).not.toBe(first.text);
    expect(rotated.key.rotatedAt).not.toBeNull();
    const revoked = await owner.post(`/api-keys/${first.key.id}/revoke`, { reason: 'Leaked' });
    expect(revoked.body).toMatchObject({
      key: { status: 'revoked', revokeReason: 'Leaked' },
      unfinished: null,
    });
    const { key: second } = (await owner.post('/api-keys', { name: 'k' })).body;
    expect((await owner.post(`/api-keys/${first.key.id}/rotate`)).body.code).toBe('conflict');
    expect((await owner.post(`/api-keys/${first.key.id}/revoke`)).body).toEqual(revoked.body);
    expect((await owner.get(`/api-keys/${second.id}`)).body).toEqual(second);
  }));

it('shows keys that have run out as expired, and ends their own sessions with them', () =>
  withConsole(async ({ owner, operator, account, clock }) => {
    await owner.post('/api-keys', { name: 'k', expiresIn: '1h' });
    clock.aheadMs = 2 * 3_600_000;
    const { items } = (await operator.get(`/api-keys?account=${account.name}`)).body;
    expect(items.map(({ status }: { status: string }) => status)).toEqual(['active', 'expired']);
  }));

it('lists what can be granted, and nothing else of the database', () =>
  withConsole(async ({ owner }) => {
    const { body, text } = await owner.get('/grantable');
    expect(body.schemas.map(({ name }: { name: string }) => name)).toEqual(['gis', 'public']);
    expect(body.schemas[0]).toEqual({
      name: 'gis',
      create: true,
      tables: [
        { name: 'park_names', kind: 'view', permissions: ['select', 'insert', 'update', 'delete'] },
        { name: 'parks', kind: 'table', permissions: ['select', 'insert', 'update', 'delete'] },
      ],
    });
    expect(text).not.toMatch(/foreign_land|not_ours/);
  }));
