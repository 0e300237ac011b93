/**
 * One of everything that an account can have, and all that the store holds, to see that nothing of it changed.
 */

import { randomUUID } from 'node:crypto';
import { addAddressRule } from '../../src/control/address-rules.ts';
import { createKey } from '../../src/control/api-keys.ts';
import { createCertificate } from '../../src/control/certificates.ts';
import type { Database } from '../../src/postgres/database.ts';
import { appendAttempts } from '../../src/store/attempts.ts';
import { beat } from '../../src/store/instances.ts';
import { insertSessions } from '../../src/store/sessions.ts';
import type { ConsoleFixture } from './console-fixture.ts';

export interface Things {
  readonly ruleId: string;
  readonly certificateId: string;
  readonly certificateName: string;
  readonly keyId: string;
  readonly sessionId: string;
  readonly instanceId: string;
}

export const createThings = async ({
  context,
  account,
  ownedStore: store,
}: Pick<ConsoleFixture, 'context' | 'account' | 'ownedStore'>): Promise<Things> => {
  const rule = await addAddressRule(context, account.name, {
    cidr: '10.0.0.0/8',
    label: 'All',
    expiresAt: null,
  });
  const { certificate } = await createCertificate(context, account.name, {
    name: 'laptop',
    days: null,
    csr: null,
  });
  const { key } = await createKey(context, account.name, {
    name: 'reader',
    kind: 'regular',
    grants: ['select on public.roads'],
    expiresAt: null,
  });
  const [instanceId, sessionId] = [randomUUID(), 'session-1'];
  await beat(store, {
    id: instanceId,
    address: '127.0.0.1:6432',
    version: '0.1.0',
    startedAt: new Date(),
    policyVersion: 1,
  });
  const facts = {
    address: '10.0.0.1',
    certificateId: certificate.id,
    keyId: key.id,
    applicationName: 'QGIS',
  };
  await insertSessions(store, instanceId, [
    { id: sessionId, accountId: account.id, startedAt: new Date(), ...facts },
  ]);
  await appendAttempts(store, [
    {
      id: 'attempt-1',
      at: new Date(),
      accountId: account.id,
      account: account.name,
      outcome: 'refused',
      reason: 'key-wrong',
      sqlstate: '28P01',
      database: null,
      instanceId,
      durationMs: 5,
      ...facts,
    },
  ]);
  return {
    ruleId: rule.id,
    certificateId: certificate.id,
    certificateName: certificate.name,
    keyId: key.id,
    sessionId,
    instanceId,
  };
};

const tables = ['accounts', 'address_rules', 'certificates', 'api_keys', 'sessions', 'attempts'];

/** Every row of what accounts have; without audit events, which signing in writes. */
export const storedRows = async (store: Database): Promise<unknown> =>
  Object.fromEntries(
    await Promise.all(
      tables.map(async (table) => {
        const { rows } = await store.query(`SELECT to_jsonb(t) AS row FROM postern.${table} t ORDER BY id`);
        return [table, rows] as const;
      }),
    ),
  );
