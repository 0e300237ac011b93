/**
 * Sessions: a mirror of what each gate holds in memory, so that they can be listed from anywhere. Each gate writes only
 * those of its own instance, whose row must be there first (`beat`). Never asked by a gate to decide anything.
 */

import type { Queryable } from '../postgres/query.ts';
import { isAlive } from './instances.ts';

export interface StoredSession {
  /** The connection's id. */
  readonly id: string;
  readonly accountId: string;
  readonly address: string;
  readonly certificateId: string | null;
  readonly keyId: string;
  readonly applicationName: string;
  readonly startedAt: Date;
}

export interface ListedSession extends StoredSession {
  readonly instanceId: string;
  /** Names, for people; null when the row is gone. */
  readonly account: string | null;
  readonly certificate: string | null;
  readonly key: string | null;
}

const longestApplicationName = 256;

/** One statement for the batch; ids that are already there are left as they are. */
export const insertSessions = async (
  store: Queryable,
  instanceId: string,
  batch: readonly StoredSession[],
): Promise<void> => {
  if (batch.length === 0) {
    return;
  }
  await store.query(
    `INSERT INTO postern.sessions (instance_id, id, account_id, address, certificate_id, key_id, application_name,
       started_at)
     SELECT $1, * FROM unnest($2::text[], $3::uuid[], $4::text[], $5::uuid[], $6::uuid[], $7::text[],
       $8::timestamptz[])
     ON CONFLICT DO NOTHING`,
    [
      instanceId,
      batch.map(({ id }) => id),
      batch.map(({ accountId }) => accountId),
      batch.map(({ address }) => address),
      batch.map(({ certificateId }) => certificateId),
      batch.map(({ keyId }) => keyId),
      batch.map(({ applicationName }) =>
        applicationName.replaceAll('\0', '').slice(0, longestApplicationName),
      ),
      batch.map(({ startedAt }) => startedAt),
    ],
  );
};

export const deleteSessions = async (
  store: Queryable,
  instanceId: string,
  ids: readonly string[],
): Promise<void> => {
  if (ids.length > 0) {
    await store.query('DELETE FROM postern.sessions WHERE instance_id = $1 AND id = ANY ($2)', [
      instanceId,
      ids,
    ]);
  }
};

/** Makes the instance's sessions exactly these; call it in a transaction. */
export const replaceSessions = async (
  tx: Queryable,
  instanceId: string,
  sessions: readonly StoredSession[],
): Promise<void> => {
  await tx.query('DELETE FROM postern.sessions WHERE instance_id = $1', [instanceId]);
  await insertSessions(tx, instanceId, sessions);
};

/** Of one account, or of all for null; those of instances that are alive, longest first. */
export const listSessions = async (store: Queryable, accountId: string | null): Promise<ListedSession[]> => {
  const { rows } = await store.query<ListedSession>(
    `SELECT s.id, s.instance_id AS "instanceId", s.account_id AS "accountId", a.name AS account, s.address,
       s.certificate_id AS "certificateId", c.name AS certificate, s.key_id AS "keyId", k.name AS key,
       s.application_name AS "applicationName", s.started_at AS "startedAt"
     FROM postern.sessions s
     JOIN postern.instances i ON i.id = s.instance_id AND ${isAlive('i')}
     LEFT JOIN postern.accounts a ON a.id = s.account_id
     LEFT JOIN postern.certificates c ON c.id = s.certificate_id
     LEFT JOIN postern.api_keys k ON k.id = s.key_id
     WHERE $1::uuid IS NULL OR s.account_id = $1
     ORDER BY s.started_at, s.id`,
    [accountId],
  );
  return rows;
};
