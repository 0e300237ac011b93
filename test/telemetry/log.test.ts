import { closeSync, openSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createLog } from '../../src/telemetry/log.ts';

it('loses lines on a full disk, and nothing else', () => {
  const full = openSync('/dev/full', 'w');
  const log = createLog('info', full);
  expect(() => log.info({}, 'one')).not.toThrow();
  expect(() => log.error({ error: new Error('two') }, 'two')).not.toThrow();
  closeSync(full);
});
