import { expect, test } from 'vitest';
import { buildMd5Password } from '../../src/wire/md5-password.ts';
import { hex } from './feed.ts';

test('an md5 answer is what PostgreSQL computes', () => {
  // select 'md5' || md5(convert_to(md5('secret' || 'demo'), 'UTF8') || '\x01020304')
  expect(buildMd5Password('demo', 'secret', hex('01020304'))).toBe('md57e234717749475b5b8765110d05e1b36');
});
