/** How many files a worker may need, and how many it may have. */

import { describe, expect, it } from 'vitest';
import { filesAllowed, filesNeeded } from '../../src/compose/open-files.ts';

const limits = {
  halfOpen: 1_000,
  halfOpenPerAddress: 50,
  sessions: 10_000,
  sessionsPerAccount: 100,
  sessionsPerAddress: 100,
  idleTimeoutMs: null,
};

describe('open files', () => {
  it('are two for each session and three for each login, shared by the workers', () => {
    expect(filesNeeded(limits, 1)).toBe(23_064);
    expect(filesNeeded(limits, 4)).toBe(5_814);
  });

  it.each([
    [
      'Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 524288               files\n',
      1_024,
    ],
    ['Max open files            unlimited            unlimited            files\n', Number.POSITIVE_INFINITY],
    ['', Number.POSITIVE_INFINITY],
  ])('are read from what Linux says: %j', (text, allowed) => {
    expect(filesAllowed(text)).toBe(allowed);
  });
});
