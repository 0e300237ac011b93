import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { decodeCursor, pageOf } from '../../src/console/pagination.ts';
import { withConsole } from './console-fixture.ts';

const rows = Array.from({ length: 7 }, (_, index) => ({
  id: `id-${index}`,
  // Some were made in the same millisecond.
  createdAt: new Date(1_000 + Math.floor(index / 2)),
}));

describe('pages', () => {
  it.each([1, 2, 3, 7, 50])('of %d hold every row once, in order, and end', (limit) => {
    const seen: string[] = [];
    let cursor: string | undefined;
    for (let pages = 0; pages < 8; pages += 1) {
      const page = pageOf(rows, { limit, cursor });
      seen.push(...page.items.map(({ id }) => id));
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(rows.map(({ id }) => id));
  });

  it('go on though the last row of the page before was removed', () => {
    const { nextCursor } = pageOf(rows, { limit: 4 });
    const left = rows.filter(({ id }) => id !== 'id-3');
    const { items } = pageOf(left, { limit: 50, cursor: nextCursor ?? '' });
    expect(items.map(({ id }) => id)).toEqual(expect.arrayContaining(['id-4', 'id-5', 'id-6']));
  });

  it.each([
    '',
    'x',
    'W10',
    Buffer.from('[1]').toString('base64url'),
    Buffer.from('[{},1]').toString('base64url'),
  ])('refuse the cursor %j', (text) => {
    expect(() => decodeCursor(text, z.tuple([z.number(), z.string()]))).toThrow('nextCursor');
  });
});

it('lists are given in pages of at most 200', () =>
  withConsole(async ({ owner }) => {
    for (let host = 1; host <= 5; host += 1)
      await owner.post('/address-rules', { cidr: `203.0.113.${host}` });
    const first = (await owner.get('/address-rules?limit=3')).body;
    const second = (await owner.get(`/address-rules?limit=3&cursor=${first.nextCursor}`)).body;
    expect([...first.items, ...second.items].map(({ cidr }) => cidr)).toEqual(
      [1, 2, 3, 4, 5].map((host) => `203.0.113.${host}/32`),
    );
    expect(second.nextCursor).toBeNull();
    for (const query of [
      'limit=0',
      'limit=201',
      'limit=1.5',
      'limit=x',
      'cursor=x',
      'more=1',
      'limit=1&limit=2',
    ]) {
      expect([query, (await owner.get(`/address-rules?${query}`)).status]).toEqual([query, 422]);
    }
  }));

it.each(['/address-rules', '/certificates', '/api-keys', '/attempts', '/audit', '/accounts'])(
  'cursors that %s never gave are refused',
  (list) =>
    withConsole(async ({ owner, operator }) => {
      const client = list === '/accounts' ? operator : owner;
      const madeUp = [['\u0000'], [1e30], [1.5], [-1], [null], [{}], [], ['x', 'y', 'z'], ['\ud800'], 'x'];
      const given = madeUp.map((parts) => Buffer.from(JSON.stringify(parts)).toString('base64url'));
      for (const cursor of [...given, Buffer.from('[1e999]').toString('base64url')]) {
        const { status, body } = await client.get(`${list}?cursor=${cursor}`);
        expect([cursor, status, body.errors?.[0].path]).toEqual([cursor, 422, 'query.cursor']);
      }
    }),
);
