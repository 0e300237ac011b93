import { afterAll, beforeAll, expect, test } from 'vitest';
import { listBundledWithout, listIssuedByOthers } from '../../src/store/certificate-origins.ts';
import { revokeCertificate } from '../../src/store/certificates.ts';
import { createStore, type TestStore } from '../support/store.ts';
import { addAccount, addCertificate, dayMs } from './sample.ts';

const [oldCa, newCa, serverCa, nextServerCa] = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(64)) as [
  string,
  string,
  string,
  string,
];
let store: TestStore;

beforeAll(async () => {
  store = await createStore();
});

afterAll(() => store?.drop());

test('active certificates of a CA that goes are counted by account, those of unknown origin among them', async () => {
  const one = await addAccount(store.console, { name: 'one' });
  const two = await addAccount(store.console, { name: 'two' });
  const add = (account: typeof one, name: string, given: object) =>
    addCertificate(store.console, account, {
      name,
      issuerSha256: oldCa,
      trustedCasSha256: [serverCa],
      ...given,
    });
  await add(one, 'old', {});
  await add(one, 'new', { issuerSha256: newCa, trustedCasSha256: [serverCa, nextServerCa] });
  await add(one, 'expired', { notAfter: new Date(Date.now() - dayMs / 2) });
  await revokeCertificate(store.console, (await add(one, 'revoked', {})).id, null);
  const unknown = await add(two, 'from before', {});
  await store.owner.query(
    'UPDATE postern.certificates SET issuer_sha256 = NULL, trusted_cas_sha256 = NULL, last_used_at = $2 WHERE id = $1',
    [unknown.id, new Date(0)],
  );

  const expected = [
    { account: 'one', certificates: 1, lastUsedAt: null },
    { account: 'two', certificates: 1, lastUsedAt: new Date(0) },
  ];
  expect(await listIssuedByOthers(store.console, [newCa])).toEqual(expected);
  expect(await listBundledWithout(store.console, nextServerCa)).toEqual(expected);
  expect(await listIssuedByOthers(store.console, [newCa, oldCa])).toMatchObject([{ account: 'two' }]);
});
