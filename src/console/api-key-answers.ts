/**
 * API keys as the API shows them, and finding the one that is meant: by id, among those of the account.
 */

import type { z } from 'zod';
import { listKeys } from '../control/api-keys.ts';
import { formatGrant } from '../policy/grants.ts';
import type { StoredKey } from '../store/api-keys.ts';
import type { apiKey } from './api-key-schemas.ts';
import type { ConsoleDependencies } from './dependencies.ts';
import { etagOf } from './etag.ts';
import { notFound } from './problem.ts';

const statusOf = ({ state, expiresAt }: StoredKey, nowMs: number) =>
  state === 'active' && expiresAt !== null && expiresAt.getTime() <= nowMs ? 'expired' : state;

export const shownKey = (key: StoredKey, nowMs: number): z.output<typeof apiKey> => ({
  ...key,
  status: statusOf(key, nowMs),
  grants: key.grants.map(formatGrant),
  grantItems: key.grants.map((grant) =>
    grant.kind === 'create' ? grant : { ...grant, permissions: [...grant.permissions] },
  ),
  etag: etagOf(key),
});

/** @throws Problem when the account has and had no such key */
export const existingKey = async (
  { control }: ConsoleDependencies,
  account: string,
  wanted: string,
): Promise<StoredKey> => {
  const found = (await listKeys(control, account)).find(({ id }) => id === wanted);
  if (found === undefined) throw notFound('such API key');
  return found;
};
