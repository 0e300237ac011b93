import { expect, it } from 'vitest';
import { withConsole } from './console-fixture.ts';

it('adds, changes and removes single rules', () =>
  withConsole(async ({ owner, account }) => {
    const created = await owner.post('/address-rules', {
      cidr: '203.0.113.7',
      label: ' Office ',
      expiresIn: '8h',
    });
    expect(created).toMatchObject({
      status: 201,
      body: { cidr: '203.0.113.7/32', label: 'Office', createdBy: `account:${account.name}` },
    });
    const { id, etag, accountId } = created.body;
    expect(accountId).toBeUndefined();
    expect((await owner.get('/address-rules')).body).toEqual({ items: [created.body], nextCursor: null });
    const changed = await owner.patch(
      `/address-rules/${id}`,
      { label: 'Home', expiresAt: null },
      { 'if-match': etag },
    );
    expect(changed).toMatchObject({ status: 200, body: { id, label: 'Home', expiresAt: null } });
    expect((await owner.delete(`/address-rules/${id}`)).status).toBe(204);
    expect((await owner.get(`/address-rules/${id}`)).body).toMatchObject({ code: 'not-found', status: 404 });
  }));
