import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { buildZip } from '../../src/web/pki/zip.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-zip-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('makes a ZIP that unpacks to the same bytes, with permissions', () => {
  const key = Uint8Array.from({ length: 70_000 }, (_, index) => index % 251);
  const entries = [
    { name: 'readme.txt', mode: 0o644, content: new TextEncoder().encode('Grüße\n') },
    { name: 'client.key.pk8', mode: 0o600, content: key },
    { name: 'empty', mode: 0o644, content: new Uint8Array() },
  ];
  const file = join(folder, 'bundle.zip');
  writeFileSync(file, buildZip(entries, new Date('2026-03-01T12:34:56')));
  execFileSync('unzip', ['-q', file, '-d', folder]);
  for (const { name, mode, content } of entries) {
    expect(readFileSync(join(folder, name))).toEqual(Buffer.from(content));
    expect(statSync(join(folder, name)).mode & 0o777).toBe(mode);
  }
});
