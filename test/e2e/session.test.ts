import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostern, type TestPostern } from '../support/postern.ts';

let postern: TestPostern;

beforeAll(async () => {
  postern = await startPostern();
});

afterAll(() => postern?.stop());

describe('a client with certificate, address and API key', () => {
  it('runs queries as the scoped role of its key', async () => {
    const client = await postern.connect();
    const { rows } = await client.query('SELECT current_user, count(*)::int FROM places.towns');
    expect(rows).toEqual([{ current_user: expect.stringMatching(/^postern_acc-/), count: 500 }]);
  });
});
