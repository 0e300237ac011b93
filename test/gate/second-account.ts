/** Another account beside the one of `startPostern`, with its own database, certificate and key. */

import { createAccount, deleteAccount } from '../../src/control/accounts.ts';
import { addAddressRule } from '../../src/control/address-rules.ts';
import { createKey } from '../../src/control/api-keys.ts';
import { createCertificate } from '../../src/control/certificates.ts';
import type { TestPostern } from '../support/postern.ts';
import { createDatabase, postgresUrl, runAsSuperuser, uniqueName } from '../support/postgres.ts';

export interface SecondAccount {
  readonly name: string;
  readonly tls: { readonly cert: string; readonly key: string };
  readonly masterKey: string;
  drop(): Promise<void>;
}

export const addSecondAccount = async ({ context }: TestPostern): Promise<SecondAccount> => {
  const running = new AsyncDisposableStack();
  const name = uniqueName('second').replace('_', '-');
  const ownerRole = uniqueName('owner');
  const database = await createDatabase();
  running.defer(async () => {
    await database.drop();
    await runAsSuperuser(postgresUrl(), `DROP ROLE IF EXISTS ${ownerRole}`);
  });
  await runAsSuperuser(
    database.url,
    `CREATE ROLE ${ownerRole} NOLOGIN`,
    `ALTER DATABASE ${database.name} OWNER TO ${ownerRole}`,
  );
  await createAccount(context, { name, backend: 'main', database: database.name, ownerRole });
  running.defer(() => deleteAccount(context, name));
  await addAddressRule(context, name, { cidr: '127.0.0.0/8', label: 'test', expiresAt: null });
  const { files } = await createCertificate(context, name, { name: 'laptop', days: null, csr: null });
  const file = (wanted: string) => String(files.find((found) => found.name === wanted)?.content);
  const key = await createKey(context, name, { name: 'master', kind: 'master', grants: [], expiresAt: null });
  return {
    name,
    tls: { cert: file('client.crt'), key: file('client.key') },
    masterKey: key.text,
    drop: () => running.disposeAsync(),
  };
};
