import { expect, it } from 'vitest';
import { buildZip } from '../../src/web/pki/zip.ts';
import { unzip } from '../authority/unzip.ts';

it('makes a ZIP that unpacks to the same bytes, with permissions', () => {
  const entries = [
    { name: 'readme.txt', mode: 0o644, content: new TextEncoder().encode('Grüße\n') },
    {
      name: 'client.key.pk8',
      mode: 0o600,
      content: Uint8Array.from({ length: 70_000 }, (_, index) => index % 251),
    },
    { name: 'empty', mode: 0o644, content: new Uint8Array() },
  ];
  const zip = Buffer.from(buildZip(entries, new Date('2026-03-01T12:34:56')));
  expect(unzip(zip)).toEqual(
    entries.map(({ name, mode, content }) => ({
      name,
      mode: 0o100000 | mode,
      content: Buffer.from(content),
    })),
  );
});
