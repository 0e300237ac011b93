import { describe, expect, it } from 'vitest';
import { CancelElsewhere, type CancelElsewhereOptions } from '../../src/fleet/cancel-elsewhere.ts';
import type { CancelQueryOrder } from '../../src/store/orders.ts';

const key = { processId: 7, secret: Buffer.alloc(4) };

const asking = (changes: Partial<CancelElsewhereOptions> = {}) => {
  const sent: CancelQueryOrder[] = [];
  const failures: unknown[] = [];
  const elsewhere = new CancelElsewhere({
    digestOf: ({ processId }) => `digest of ${processId}`,
    send: async (order) => void sent.push(order),
    hasOthers: () => true,
    patienceMs: 60_000,
    perSecond: 3,
    stopped: new AbortController().signal,
    onFailed: (error) => failures.push(error),
    ...changes,
  });
  return { elsewhere, sent, failures };
};

describe('a cancel request for another instance', () => {
  it('waits for its own answer', async () => {
    const { elsewhere, sent } = asking();
    const outcomes: string[] = [];
    const asked = ['198.51.100.1', '198.51.100.2'].map((address) =>
      elsewhere.ask(key, address).then((outcome) => outcomes.push(`${address} ${outcome}`)),
    );
    expect(sent).toMatchObject([
      { kind: 'cancel-query', digest: 'digest of 7', address: '198.51.100.1' },
      { kind: 'cancel-query', digest: 'digest of 7', address: '198.51.100.2' },
    ]);
    elsewhere.answered('nobody asked this');
    elsewhere.answered(sent[1]?.request ?? '');
    await asked[1];
    expect(outcomes).toEqual(['198.51.100.2 elsewhere']);
    elsewhere.answered(sent[0]?.request ?? '');
    await asked[0];
    expect(outcomes).toHaveLength(2);
  });

  it('is unknown when nobody answers in time', async () => {
    expect(await asking({ patienceMs: 1 }).elsewhere.ask(key, '')).toBe('unknown');
  });

  it('is unknown, and not sent, when there is nobody to ask', async () => {
    const { elsewhere, sent } = asking({ hasOthers: () => false });
    expect(await elsewhere.ask(key, '')).toBe('unknown');
    expect(sent).toEqual([]);
  });

  it('is unknown when the store cannot be reached', async () => {
    const { elsewhere, failures } = asking({ send: () => Promise.reject(new Error('away')) });
    expect(await elsewhere.ask(key, '')).toBe('unknown');
    expect(failures).toHaveLength(1);
  });

  it('waits no longer when the instance closes', async () => {
    const closing = new AbortController();
    const { elsewhere, sent } = asking({ stopped: closing.signal });
    const asked = elsewhere.ask(key, '');
    closing.abort();
    expect(await asked).toBe('unknown');
    expect(await elsewhere.ask(key, '')).toBe('unknown');
    expect(sent).toHaveLength(1);
  });

  it('is not sent when there are too many within a second, whoever they are from', async () => {
    const { elsewhere, sent } = asking({ patienceMs: 1 });
    const asked = Array.from({ length: 10 }, (_, index) => elsewhere.ask(key, `198.51.100.${index}`));
    const outcomes = await Promise.all(asked);
    expect(outcomes.filter((outcome) => outcome === 'throttled')).toHaveLength(7);
    expect(sent).toHaveLength(3);
  });
});
