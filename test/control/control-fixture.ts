/**
 * Everything that the use cases need, real: a store, a backend with an account, an authority, a sealing key.
 * `crashingAfter` gives the same context as a process has it that dies after so many statements.
 */

import { randomBytes } from 'node:crypto';
import { createAuthority } from '../../src/authority/create.ts';
import { createAccount } from '../../src/control/accounts.ts';
import type { ControlContext, SealContext } from '../../src/control/context.ts';
import { createSealer, type Sealer, type SealingKey } from '../../src/control/seal.ts';
import type { Database } from '../../src/postgres/database.ts';
import type { Queryable } from '../../src/postgres/query.ts';
import { dropAccount } from '../../src/provision/account.ts';
import type { Account } from '../../src/store/accounts.ts';
import { loadSealedRoleSecret } from '../../src/store/role-secrets.ts';
import {
  type BackendFixture,
  type BackendFixtureOptions,
  connectAsCustomer,
  withBackend,
} from '../provision/backend-fixture.ts';
import { createStore } from '../support/store.ts';

type FullContext = ControlContext & SealContext;

export interface ControlFixture {
  readonly context: FullContext;
  readonly account: Account;
  /** The store as its owner, for what gates write. */
  readonly ownedStore: Database;
  readonly backend: BackendFixture;
  readonly sealer: Sealer;
  readonly sealingKey: SealingKey;
  readonly backendDown: FullContext;
  /** Statement number `statements + 1` and all after it fail, on the store and on the backend. */
  crashingAfter(statements: number): FullContext & { readonly crashed: () => boolean };
  /** Names of the roles of keys that exist on the backend. */
  keyRoles(): Promise<readonly string[]>;
}

const createTestAuthority = () => createAuthority({ commonName: 'Test client CA', validDays: 100 });
let authority: ReturnType<typeof createTestAuthority> | undefined;

export async function withControl<T>(
  work: (control: ControlFixture) => Promise<T>,
  options?: BackendFixtureOptions,
): Promise<T> {
  authority ??= createTestAuthority();
  const clientAuthority = {
    authority: await authority,
    serverCaPem: 'server CA',
    defaultDays: 30,
    maximumDays: 60,
    host: 'gate.example',
    port: 6432,
  };
  return withBackend(async (backend) => {
    const store = await createStore();
    const sealingKey = { id: 'k1', key: randomBytes(32) };
    const sealer = createSealer([sealingKey]);
    const context: FullContext = {
      store: store.console,
      actor: 'test',
      now: Date.now,
      backendAdmin: async () => backend.admin,
      seal: sealer.seal,
      sealer,
      clientAuthority,
    };
    try {
      await dropAccount(backend.admin, backend.account);
      const { name, database, ownerRole } = backend.account;
      const account = await createAccount(context, { name, backend: 'b1', database, ownerRole });
      return await work({
        context,
        account,
        ownedStore: store.owner,
        backend,
        sealer,
        sealingKey,
        backendDown: { ...context, backendAdmin: () => Promise.reject(new Error('connect ECONNREFUSED')) },
        crashingAfter: (statements) => crashing(context, statements),
        keyRoles: async () => {
          const rows = await backend.superuser(
            `SELECT rolname::text AS role FROM pg_roles WHERE rolname ~ '^postern_${name}_[0-9a-f]{12}$' ORDER BY 1`,
          );
          return rows.map(({ role }) => String(role));
        },
      });
    } finally {
      await store.drop();
    }
  }, options);
}

/** A request for a key. */
export const regular = (name: string, ...grants: string[]) => ({
  name,
  kind: 'regular' as const,
  grants,
  expiresAt: null,
});

/** Logs in to the backend as the gate would: with the opened password of the key's role. */
export async function asRole(
  { context, backend, sealer }: ControlFixture,
  id: string,
  roleName: string,
  sql: string,
) {
  const url = new URL(backend.adminUrl);
  url.username = encodeURIComponent(roleName);
  url.password = encodeURIComponent(sealer.open(await loadSealedRoleSecret(context.store, id), id));
  const connection = await connectAsCustomer(url.href);
  try {
    return (await connection.query(sql)).rows;
  } finally {
    await connection.end();
  }
}

function crashing(context: FullContext, statements: number) {
  let left = statements;
  const step = () => {
    left -= 1;
    if (left < 0) throw new Error('crashed');
  };
  const countedQueries = (inner: Queryable): Queryable => ({
    query: async (text, values) => {
      step();
      return inner.query(text, values);
    },
  });
  const counted = (inner: Database): Database => ({
    ...inner,
    ...countedQueries(inner),
    transaction: (fn, mode) =>
      inner.transaction(async (tx) => {
        const result = await fn(countedQueries(tx));
        // Dying right before COMMIT; dying right after it is the next statement's failure.
        step();
        return result;
      }, mode),
  });
  return {
    ...context,
    store: counted(context.store),
    backendAdmin: async (backend: string, database: string) =>
      counted(await context.backendAdmin(backend, database)),
    crashed: () => left < 0,
  };
}
