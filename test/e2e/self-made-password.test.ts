/**
 * PostgreSQL lets every role change its own password, so whoever holds an API key can lock its other holders out; the
 * gate notices and has the role put back.
 */

import { afterAll, beforeAll, expect, it } from 'vitest';
import { pollUntil } from '../support/poll.ts';
import { startPostern, type TestPostern } from '../support/postern.ts';

let postern: TestPostern;

beforeAll(async () => {
  postern = await startPostern();
});

afterAll(() => postern?.stop());

it('a role that gave itself a password is told as 08006 once, and then works again', async () => {
  const holder = await postern.connect();
  await holder.query("ALTER ROLE CURRENT_USER PASSWORD 'mine'");
  await expect(postern.connect()).rejects.toMatchObject({
    code: '08006',
    message: "The database server behind Postern did not accept this API key's role.",
  });
  const again = await pollUntil(() => postern.connect(), { timeoutMs: 5_000, intervalMs: 50 });
  expect((await again.query('SELECT count(*)::int AS n FROM places.towns')).rows).toEqual([{ n: 500 }]);
});
