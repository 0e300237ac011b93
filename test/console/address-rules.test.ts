import { expect, it } from 'vitest';
import { listAudit } from '../../src/store/audit.ts';
import { withConsole } from './console-fixture.ts';

it('adds, changes and removes single rules', () =>
  withConsole(async ({ owner, account, context }) => {
    const created = await owner.post('/address-rules', {
      cidr: '203.0.113.7',
      label: ' Office ',
      expiresIn: '8h',
    });
    expect(created).toMatchObject({
      status: 201,
      body: { cidr: '203.0.113.7/32', label: 'Office', createdBy: `account:${account.name}` },
    });
    const inMs = Date.parse(created.body.expiresAt) - Date.now();
    expect(inMs / 3_600_000).toBeCloseTo(8, 1);
    const { id, etag, accountId } = created.body;
    expect([accountId, created.headers.get('etag')]).toEqual([undefined, etag]);
    expect((await owner.get('/address-rules')).body).toEqual({ items: [created.body], nextCursor: null });
    const changed = await owner.patch(
      `/address-rules/${id}`,
      { label: 'Home', expiresAt: null },
      { 'if-match': etag },
    );
    expect(changed).toMatchObject({ status: 200, body: { id, label: 'Home', expiresAt: null } });
    const one = await owner.get(`/address-rules/${id}`);
    expect([one.body, one.headers.get('etag')]).toEqual([changed.body, changed.body.etag]);
    expect((await owner.delete(`/address-rules/${id}`, { 'if-match': etag })).status).toBe(412);
    expect((await owner.delete(`/address-rules/${id}`, { 'if-match': changed.body.etag })).status).toBe(204);
    expect((await owner.get(`/address-rules/${id}`)).body).toMatchObject({ code: 'not-found', status: 404 });
    const actions = (await listAudit(context.store, { limit: 3 })).map(({ action, actor }) => [
      action,
      actor,
    ]);
    expect(actions).toEqual(
      ['address.remove', 'address.change', 'address.add'].map((action) => [
        action,
        `account:${account.name}`,
      ]),
    );
  }));

it('of many who change the same rule at once exactly one succeeds, and the others learn of it', () =>
  withConsole(async ({ owner }) => {
    const { body: rule } = await owner.post('/address-rules', { cidr: '203.0.113.7' });
    const labels = Array.from({ length: 8 }, (_, index) => `Label ${index}`);
    const answers = await Promise.all(
      labels.map((label) => owner.patch(`/address-rules/${rule.id}`, { label }, { 'if-match': rule.etag })),
    );
    const [winner, ...others] = answers.filter(({ status }) => status === 200);
    expect(others).toEqual([]);
    expect(answers.filter(({ status }) => status === 412)).toHaveLength(7);
    expect((await owner.get(`/address-rules/${rule.id}`)).body).toEqual(winner?.body);
    const removals = await Promise.all(
      labels.map(() => owner.delete(`/address-rules/${rule.id}`, { 'if-match': winner?.body.etag })),
    );
    expect(removals.filter(({ status }) => status === 204)).toHaveLength(1);
    for (const { status } of removals) expect(status).toBeOneOf([204, 404, 409]);
  }));

it('changes nothing without If-Match, and what is not given stays', () =>
  withConsole(async ({ owner }) => {
    const { body: rule } = await owner.post('/address-rules', {
      cidr: '::1',
      label: 'Here',
      expiresIn: '1d',
    });
    const path = `/address-rules/${rule.id}`;
    expect((await owner.patch(path, { label: 'x' })).body).toMatchObject({
      status: 428,
      code: 'precondition-required',
    });
    expect((await owner.patch(path, {}, { 'if-match': `"other", ${rule.etag}` })).body).toEqual(rule);
    const { body: changed } = await owner.patch(path, { expiresIn: '2d' }, { 'if-match': '*' });
    expect(changed).toMatchObject({ label: 'Here' });
    expect(Date.parse(changed.expiresAt)).toBeGreaterThan(Date.parse(rule.expiresAt));
  }));

it.each([
  [{}, ['body.cidr']],
  [{ cidr: 'here' }, ['body.cidr']],
  [{ cidr: '203.0.113.7/33', label: 'x\u202ey', expiresIn: 'soon', more: 1 }, 4],
  [{ cidr: '203.0.113.7', label: 'x'.repeat(201) }, ['body.label']],
  [{ cidr: '203.0.113.7', expiresAt: '2020-01-01T00:00:00Z' }, ['body.expiresAt']],
  [{ cidr: '203.0.113.7', expiresAt: 'tomorrow' }, ['body.expiresAt']],
  [{ cidr: '203.0.113.7', expiresAt: '2099-01-01T00:00:00Z', expiresIn: '8h' }, ['body.expiresIn']],
  [{ cidr: '203.0.113.7', expiresAt: '9999-12-31T23:59:59-12:00' }, ['body.expiresAt']],
  [[{ cidr: '203.0.113.7' }], ['body']],
])('refuses %j with everything that is wrong with it', (body, expected) =>
  withConsole(async ({ owner }) => {
    const answer = await owner.post('/address-rules', body);
    expect(answer).toMatchObject({ status: 422, body: { code: 'invalid-request' } });
    const paths = answer.body.errors.map(({ path }: { path: string }) => path);
    if (typeof expected === 'number') expect(paths).toHaveLength(expected);
    else expect(paths).toEqual(expected);
    expect((await owner.get('/address-rules')).body.items).toEqual([]);
  }),
);

it('refuses what the present state does not allow: a rule that is there, and any address', () =>
  withConsole(async ({ owner, operator, account }) => {
    await owner.post('/address-rules', { cidr: '203.0.113.7' });
    const again = await owner.post('/address-rules', { cidr: '203.0.113.7/32' });
    expect(again.body).toMatchObject({ status: 409, code: 'conflict' });
    expect((await owner.post('/address-rules', { cidr: '0.0.0.0/0' })).body.detail).toContain(
      'means any address',
    );
    await operator.patch(`/accounts/${account.name}`, { anyAddressAllowed: true }, { 'if-match': '*' });
    expect((await owner.post('/address-rules', { cidr: '0.0.0.0/0' })).status).toBe(201);
  }));
