/**
 * Further accounts of a Postern under test, each with its own rule, certificate and keys, on the same database. They
 * are deleted when the test that added them is over.
 */

import pg, { type ClientConfig } from 'pg';
import { onTestFinished } from 'vitest';
import { createAccount, deleteAccount } from '../../src/control/accounts.ts';
import { addAddressRule } from '../../src/control/address-rules.ts';
import { createKey } from '../../src/control/api-keys.ts';
import type { ClientFiles, TestPostern } from '../support/postern.ts';
import { uniqueName } from '../support/postgres.ts';

export interface AnotherAccount {
  readonly account: string;
  readonly port: number;
  readonly files: ClientFiles;
  /** May do everything. */
  readonly masterKey: string;
  readonly readerKey: string;
  connect(options?: ClientConfig): Promise<pg.Client>;
}

export interface AnotherAccountOptions {
  /** A name in the configuration; default `main`. */
  readonly backend?: string;
  readonly allow?: readonly string[];
  readonly addressesExpireAt?: Date;
  readonly readerExpiresAt?: Date;
  readonly maxSessions?: number;
}

/** Names in it: certificate `laptop`, keys `master` and `reader`. */
export const addAccount = async (
  postern: TestPostern,
  {
    allow = ['127.0.0.1'],
    addressesExpireAt,
    readerExpiresAt,
    maxSessions,
    backend = 'main',
  }: AnotherAccountOptions = {},
): Promise<AnotherAccount> => {
  const { context, database, ownerRole, port } = postern;
  const account = uniqueName('acc').replace('_', '-');
  await createAccount(context, {
    name: account,
    backend,
    database,
    ownerRole,
    ...(maxSessions === undefined ? {} : { maxSessions }),
  });
  const clients: pg.Client[] = [];
  onTestFinished(async () => {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
    await deleteAccount(context, account);
  });
  for (const cidr of allow) {
    await addAddressRule(context, account, { cidr, label: '', expiresAt: addressesExpireAt ?? null });
  }
  const files = await postern.createCertificate('laptop', account);
  const master = await createKey(context, account, {
    name: 'master',
    kind: 'master',
    grants: [],
    expiresAt: null,
  });
  const reader = await createKey(context, account, {
    name: 'reader',
    kind: 'regular',
    grants: ['select on places.towns'],
    expiresAt: readerExpiresAt ?? null,
  });
  await postern.caughtUp();
  const connect = async (options: ClientConfig = {}): Promise<pg.Client> => {
    const client = new pg.Client({
      ...postern.clientConfig(),
      user: account,
      database: account,
      password: reader.text,
      ssl: { ca: files.serverCa, cert: files.certificate, key: files.key },
      ...options,
    });
    client.on('error', () => undefined);
    await client.connect();
    clients.push(client);
    return client;
  };
  return { account, port, files, masterKey: master.text, readerKey: reader.text, connect };
};
