/**
 * All migrations in the order in which they are applied. New ones go to the end with the next number.
 * They are TypeScript so that the built program carries them without a copy step.
 */

import { policy } from './0001-policy.ts';
import { records } from './0002-records.ts';
import { changeFeed } from './0003-change-feed.ts';
import { privileges } from './0004-privileges.ts';
import { attemptsWritten } from './0005-attempts-written.ts';
import { rotation } from './0006-rotation.ts';
import { telling } from './0007-telling.ts';
import { auditTaken } from './0008-audit-taken.ts';
import type { Migration } from './migration.ts';

export const migrations: readonly Migration[] = [
  policy,
  records,
  changeFeed,
  privileges,
  attemptsWritten,
  rotation,
  telling,
  auditTaken,
];
