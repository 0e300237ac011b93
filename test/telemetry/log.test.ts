import fs, { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { createLog } from '../../src/telemetry/log.ts';

it('loses lines on a full disk, and nothing else', () => {
  const full = openSync('/dev/full', 'w');
  const log = createLog('info', full);
  expect(() => log.info({}, 'one')).not.toThrow();
  expect(() => log.error({ error: new Error('two') }, 'two')).not.toThrow();
  closeSync(full);
});

it('says when a line was not written that must not get lost', () => {
  const full = openSync('/dev/full', 'w');
  expect(() => createLog('error', full).record({}, 'one')).toThrow('ENOSPC');
  closeSync(full);
});

it('keeps no more than a megabyte of lines in memory while the disk is full', () => {
  const directory = mkdtempSync(join(tmpdir(), 'postern-log-'));
  const path = join(directory, 'log');
  const descriptor = openSync(path, 'w');
  const log = createLog('info', descriptor);
  const full = vi.spyOn(fs, 'writeSync').mockImplementation(() => {
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  });
  const pad = 'x'.repeat(1_000);
  for (let line = 0; line < 3_000; line += 1) log.info({ pad }, 'line');
  full.mockRestore();
  log.info({}, 'there is room again');
  closeSync(descriptor);
  const written = readFileSync(path, 'utf8');
  rmSync(directory, { recursive: true });
  expect(written).toContain('there is room again');
  expect(written.length).toBeGreaterThan(500_000);
  expect(written.length).toBeLessThan(1_100_000);
});
