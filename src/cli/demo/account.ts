/**
 * The account `demo` with everything that a client needs, made through the use cases like anybody else's. What is
 * there and works is kept; what is missing, lost, revoked or about to expire is made anew, so that the demo is as it
 * says it is at each start.
 */

import { createAccount, enableAccount, listAccounts } from '../../control/accounts.ts';
import { addAddressRule, listAddressRules } from '../../control/address-rules.ts';
import { createKey, listKeys, rotateKey } from '../../control/api-keys.ts';
import type { ControlContext, SealContext } from '../../control/context.ts';
import { reconcile } from '../../control/reconcile.ts';
import { hintOf } from '../../policy/key-text.ts';
import { backendName } from './configuration.ts';
import { ownerRole, readableSchemas } from './data-set.ts';
import { geographyDatabase } from './databases.ts';
import { type Place, readSecret, writeSecret } from './place.ts';

export const accountName = 'demo';

/** Their texts, which only their owner and the demo's directory know. */
export interface DemoKeys {
  readonly master: string;
  readonly reader: string;
}

const loopback = [
  { cidr: '127.0.0.0/8', label: 'This machine (IPv4)' },
  { cidr: '::1/128', label: 'This machine (IPv6)' },
];

const keepAccount = async (control: ControlContext): Promise<void> => {
  const account = (await listAccounts(control)).find(({ name }) => name === accountName);
  if (account === undefined) {
    await createAccount(control, {
      name: accountName,
      backend: backendName,
      database: geographyDatabase,
      ownerRole,
    });
  }
  await enableAccount(control, accountName);
};

const keepLoopback = async (control: ControlContext): Promise<void> => {
  const rules = await listAddressRules(control, accountName);
  for (const { cidr, label } of loopback) {
    if (rules.some((rule) => rule.cidr === cidr)) continue;
    await addAddressRule(control, accountName, { cidr, label, expiresAt: null });
  }
};

/** A key of this name whose text is known; another text when it was lost or rotated, another key when revoked. */
const keepKey = async (
  control: ControlContext,
  place: Place,
  request: { name: string; kind: 'master' | 'regular'; grants: readonly string[] },
): Promise<string> => {
  const { name } = request;
  const file = `${name}-key`;
  const key = (await listKeys(control, accountName)).find(
    (each) => each.name === name && each.state === 'active',
  );
  const kept = await readSecret(place, file);
  if (key !== undefined && kept !== null && hintOf(kept) === key.hint) return kept;
  const made =
    key === undefined
      ? await createKey(control, accountName, { ...request, expiresAt: null })
      : await rotateKey(control, accountName, name);
  await writeSecret(place, file, made.text);
  return made.text;
};

/** Account, address rules and keys. */
export const prepareAccount = async (
  control: ControlContext & SealContext,
  place: Place,
): Promise<DemoKeys> => {
  // A start that was killed may have left a key half-made.
  await reconcile(control);
  await keepAccount(control);
  await keepLoopback(control);
  return {
    master: await keepKey(control, place, { name: 'master', kind: 'master', grants: [] }),
    reader: await keepKey(control, place, {
      name: 'reader',
      kind: 'regular',
      grants: readableSchemas.map((schema) => `select on all in ${schema}`),
    }),
  };
};
