/**
 * How an instance shows itself to the others through the store: its heartbeat, and a mirror of its live sessions; and
 * whether there are others. Runs beside the gate, never in its way: when the store is away it tries again with the next
 * beat.
 */

import type { Database } from '../postgres/database.ts';
import {
  beat,
  deleteForgottenInstances,
  deleteInstance,
  hasOtherInstances,
  type Instance,
} from '../store/instances.ts';
import { deleteSessions, insertSessions, replaceSessions, type StoredSession } from '../store/sessions.ts';

export interface PresenceOptions {
  readonly database: Database;
  readonly instance: Omit<Instance, 'address' | 'heartbeatAt' | 'policyVersion'>;
  readonly intervalMs: number;
  readonly policyVersion: () => Promise<number | null>;
  readonly sessions: () => Iterable<StoredSession>;
  readonly onFailed: (error: unknown) => void;
}

export class Presence {
  readonly #options: PresenceOptions;
  #address = '';
  #timer: NodeJS.Timeout | undefined;
  #mirrored = new Set<string>();
  #beating: Promise<void> | null = null;
  #hasOthers = true;
  #heardOf = 0;

  constructor(options: PresenceOptions) {
    this.#options = options;
  }

  /** @param address where the instance listens, for people */
  begin(address: string): void {
    this.#address = address;
    this.#timer = setInterval(() => void this.beatOnce(), this.#options.intervalMs);
    void this.beatOnce();
  }

  /** As of the last beat that reached the store, or of what was heard since; before the first there may be others. */
  get hasOthers(): boolean {
    return this.#hasOthers;
  }

  /** Another instance says that it is there, and has its row in the store. */
  heardOfAnother(): void {
    this.#heardOf += 1;
    this.#hasOthers = true;
  }

  /** One heartbeat and whatever changed among the sessions; joins the one under way. Never rejects. */
  beatOnce(): Promise<void> {
    this.#beating ??= this.#beat()
      .catch(this.#options.onFailed)
      .finally(() => {
        this.#beating = null;
      });
    return this.#beating;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
    await deleteInstance(this.#options.database, this.#options.instance.id).catch(this.#options.onFailed);
  }

  async #beat(): Promise<void> {
    const { database, instance, policyVersion, sessions } = this.#options;
    const isNew = await beat(database, {
      ...instance,
      address: this.#address,
      policyVersion: await policyVersion(),
    });
    const live = [...sessions()];
    const liveIds = new Set(live.map(({ id }) => id));
    if (isNew) {
      await deleteForgottenInstances(database);
      await database.transaction((tx) => replaceSessions(tx, instance.id, live));
    } else {
      await deleteSessions(database, instance.id, [...this.#mirrored.difference(liveIds)]);
      await insertSessions(
        database,
        instance.id,
        live.filter(({ id }) => !this.#mirrored.has(id)),
      );
    }
    this.#mirrored = liveIds;
    const heardOf = this.#heardOf;
    const hasOthers = await hasOtherInstances(database, instance.id);
    // What was looked up before somebody was heard of may be older than that.
    if (heardOf === this.#heardOf) this.#hasOthers = hasOthers;
  }
}
