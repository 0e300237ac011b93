/**
 * Instances: the running gates. Each one writes its own row, and says by a heartbeat that it still runs.
 */

import type { Queryable } from '../postgres/query.ts';
import { columnsOf } from './columns.ts';

export interface Instance {
  readonly id: string;
  /** Where it listens, for people. */
  readonly address: string;
  readonly version: string;
  readonly startedAt: Date;
  readonly heartbeatAt: Date;
  /** Of the policy that it decides by; null: it has none yet. */
  readonly policyVersion: number | null;
}

/** `silent`: it crashed, or is cut off from the store, and may serve on. */
export interface ListedInstance extends Instance {
  readonly state: 'alive' | 'silent';
  /** By the store's clock. */
  readonly heartbeatAgeSeconds: number;
}

/** An instance whose last heartbeat is older counts as gone; its sessions are no longer shown. */
export const heartbeatTimeoutSeconds = 30;

/** For so long it is still listed, as silent. */
const forgottenAfterSeconds = 3_600;

const columns = columnsOf('i', ['id', 'address', 'version', 'started_at', 'heartbeat_at', 'policy_version']);
const ageSeconds = "extract(epoch FROM greatest(now() - i.heartbeat_at, interval '0'))::float8";

export const isAlive = (alias: string): string =>
  `${alias}.heartbeat_at > now() - interval '${heartbeatTimeoutSeconds} seconds'`;

const isForgotten = (alias: string): string =>
  `${alias}.heartbeat_at < now() - interval '${forgottenAfterSeconds} seconds'`;

/**
 * Writes the instance's row, with the store's time as heartbeat. Returns true when the row was not there: the first
 * time, and after others forgot it; its sessions then have to be written again.
 */
export const beat = async (store: Queryable, instance: Omit<Instance, 'heartbeatAt'>): Promise<boolean> => {
  const values = [
    instance.id,
    instance.address,
    instance.version,
    instance.startedAt,
    instance.policyVersion,
  ];
  const { rowCount } = await store.query(
    `UPDATE postern.instances SET address = $2, version = $3, started_at = $4, policy_version = $5,
       heartbeat_at = now() WHERE id = $1`,
    values,
  );
  if (rowCount === 1) {
    return false;
  }
  await store.query(
    `INSERT INTO postern.instances (id, address, version, started_at, policy_version) VALUES ($1, $2, $3, $4, $5)`,
    values,
  );
  return true;
};

/** Those that are alive, and those that fell silent not long ago; oldest first. */
export const listInstances = async (store: Queryable): Promise<ListedInstance[]> => {
  const { rows } = await store.query<ListedInstance>(
    `SELECT ${columns}, CASE WHEN ${isAlive('i')} THEN 'alive' ELSE 'silent' END AS state,
       ${ageSeconds} AS "heartbeatAgeSeconds"
     FROM postern.instances i WHERE NOT ${isForgotten('i')} ORDER BY started_at, id`,
  );
  return rows;
};

export interface ServingInstance extends Instance {
  /** false: it crashed, or it is cut off from the store and may still serve. */
  readonly alive: boolean;
}

/**
 * Those that may admit somebody, oldest first: an instance that has not been heard of for longer than
 * `policy.max_staleness` does not.
 */
export const listServingInstances = async (
  store: Queryable,
  maxStalenessMs: number,
): Promise<ServingInstance[]> => {
  const { rows } = await store.query<ServingInstance>(
    `SELECT ${columns}, ${isAlive('i')} AS alive FROM postern.instances i
      WHERE heartbeat_at > now() - $1 * interval '1 millisecond' ORDER BY started_at, id`,
    [maxStalenessMs],
  );
  return rows;
};

/** Whether another one than this is alive. */
export const hasOtherInstances = async (store: Queryable, id: string): Promise<boolean> => {
  const { rows } = await store.query<{ found: boolean }>(
    `SELECT EXISTS (SELECT FROM postern.instances i WHERE id <> $1 AND ${isAlive('i')}) AS found`,
    [id],
  );
  return rows[0]?.found === true;
};

/** At shutdown, with the instance's sessions. */
export const deleteInstance = async (store: Queryable, id: string): Promise<void> => {
  await store.query('DELETE FROM postern.instances WHERE id = $1', [id]);
};

/** Rows of instances that have been silent for long; any gate may clear them away. */
export const deleteForgottenInstances = async (store: Queryable): Promise<number> => {
  const { rowCount } = await store.query(`DELETE FROM postern.instances i WHERE ${isForgotten('i')}`);
  return rowCount;
};
