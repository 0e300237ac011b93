/** Locks that every session may take keep nobody from managing keys: Postern does not wait for any of them. */

import { describe, expect, it } from 'vitest';
import { setKeyGrants } from '../../src/control/key-grants.ts';
import { pollUntil } from '../support/poll.ts';
import { neighboursUnderTest } from './under-test.ts';
import { versions } from './versions.ts';

describe.each(versions)('on $name', (version) => {
  const { missing } = version;
  const neighbours = neighboursUnderTest(version);
  const { superuser } = neighbours;

  it.skipIf(missing)('a change of a key takes no advisory lock where keys could hold it', async () => {
    const { id } = await neighbours.newKey('changed', ['select on alpha_land.towns']);
    // Keeps the change waiting in the midst of its transaction, as owners can.
    const master = await (await neighbours.key('alpha', 'master')).connect();
    await master.query('BEGIN; GRANT SELECT ON alpha_land.towns TO PUBLIC');
    const changing = setKeyGrants(neighbours.control, 'alpha', { id }, ['insert on alpha_land.towns']);
    const waiting = () =>
      superuser(
        "SELECT pid FROM pg_stat_activity WHERE usename = 'postern_admin' AND wait_event_type = 'Lock'",
      );
    await pollUntil(async () => (await waiting()).length === 1);
    expect(await superuser("SELECT FROM pg_locks WHERE locktype = 'advisory'")).toEqual([]);
    await master.query('ROLLBACK');
    expect(await changing).toMatchObject({ id, state: 'active' });
  });
});
