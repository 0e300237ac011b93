/**
 * Every audit event as one line of the log, whoever made it and wherever: at one of the instances that run on the store.
 * With the rights of a gate where there is one; it takes no more than what stands in the line.
 */

import type { Config } from '../config/config.ts';
import { openDatabase } from '../postgres/database.ts';
import { type StreamedAuditEvent, streamAudit } from '../store/audit-stream.ts';
import { pause } from '../store/pause.ts';
import { consoleRole, gateRole } from '../store/roles.ts';
import type { AdjustableLog } from '../telemetry/log.ts';

const lookEveryMs = 1_000;

/** @returns stops it; resolves when nothing is under way */
export const startAuditStream = (config: Config, log: AdjustableLog): (() => Promise<void>) => {
  const stopping = new AbortController();
  const stopped = stopping.signal;
  const store = openDatabase({
    url: config.store.url,
    role: config.gate ? gateRole : consoleRole,
    applicationName: 'postern audit stream',
    connectTimeoutMs: 5_000,
    statementTimeoutMs: 30_000,
    maxConnections: 1,
  });
  const write = ({ hash, ...event }: StreamedAuditEvent) =>
    log.record({ ...event, hash: hash.toString('hex') }, 'audit');

  const follow = async (): Promise<void> => {
    for (let failing = false; !stopped.aborted; ) {
      try {
        while (!stopped.aborted && (await streamAudit(store, write)));
        failing = false;
      } catch (error) {
        if (!failing)
          log.warn({ error }, 'audit events do not get from the store to the log; will try again');
        failing = true;
      }
      await pause(lookEveryMs, stopped);
    }
  };

  const following = follow();
  return async () => {
    stopping.abort();
    await following;
    await store.close();
  };
};
