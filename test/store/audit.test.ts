import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { appendAudit, listAudit, type NewAuditEvent, verifyAudit } from '../../src/store/audit.ts';
import { createStore, type TestStore } from '../support/store.ts';

describe('the audit chain', () => {
  let store: TestStore;

  beforeEach(async () => {
    store = await createStore();
  });

  afterEach(() => store.drop());

  const event = (given: Partial<NewAuditEvent> = {}): NewAuditEvent => ({
    actor: 'operator',
    action: 'account.update',
    target: 'demo',
    before: { z: 1.5, a: [true, null, 'é\u2028"\\'], nested: { y: 1e21, x: -0 } },
    after: { createdAt: new Date('2026-01-02T03:04:05.678Z'), gone: undefined },
    ...given,
  });

  const append = (given: Partial<NewAuditEvent> = {}) =>
    store.console.transaction((tx) => appendAudit(tx, event(given)));

  test('an empty one is intact', async () => {
    expect(await verifyAudit(store.console)).toEqual({ kind: 'intact', events: 0, lastHash: null });
  });

  test('events that are appended at once by many get consecutive numbers and stay verifiable', async () => {
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => append({ target: `t${index}`, before: null })),
    );
    const last = await append();

    expect(await verifyAudit(store.console)).toEqual({
      kind: 'intact',
      events: 21,
      lastHash: last.hash.toString('hex'),
    });
    const page = await listAudit(store.console, { limit: 3, before: 20 });
    expect(page.map(({ number }) => number)).toEqual([19, 18, 17]);
    expect(await listAudit(store.console, { limit: 3, target: 'demo' })).toMatchObject([
      { number: 21, before: { z: 1.5 }, after: { createdAt: '2026-01-02T03:04:05.678Z' } },
    ]);
  });

  test('an event whose transaction fails leaves no gap', async () => {
    await append();
    await expect(
      store.console.transaction(async (tx) => {
        await appendAudit(tx, event());
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    await append();

    expect(await verifyAudit(store.console)).toMatchObject({ kind: 'intact', events: 2 });
  });

  test.each([
    ['another actor', `UPDATE postern.audit_events SET actor = 'somebody' WHERE number = 3`, 3],
    ['another moment', `UPDATE postern.audit_events SET at = at + interval '1 ms' WHERE number = 2`, 2],
    ['another content', `UPDATE postern.audit_events SET after = '{}' WHERE number = 4`, 4],
    ['another hash', `UPDATE postern.audit_events SET hash = sha256('x') WHERE number = 5`, 5],
    ['an event cut out', 'DELETE FROM postern.audit_events WHERE number = 2', 2],
    [
      'an event cut out and the rest renumbered',
      `DELETE FROM postern.audit_events WHERE number = 2;
       UPDATE postern.audit_events SET number = number + 100 WHERE number > 2;
       UPDATE postern.audit_events SET number = number - 101 WHERE number > 100`,
      2,
    ],
  ])('%s is found out', async (_, tampering, number) => {
    for (let index = 0; index < 5; index += 1) {
      await append();
    }
    await store.owner.query(tampering);

    expect(await verifyAudit(store.console)).toEqual({ kind: 'broken', number });
  });
});
