/** What a Postern with gate and console tells of itself while secrets of every kind go through it. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rotateKey } from '../../src/control/api-keys.ts';
import { createSealer } from '../../src/control/seal.ts';
import { createClient } from '../console/client.ts';
import { pollUntil } from '../support/poll.ts';
import { startPostern, type TestPostern } from '../support/postern.ts';

const adminToken = 'admin-token-of-this-test-0123456789';
const wrongToken = 'admin-token-that-nobody-was-given-42';
let postern: TestPostern;

beforeAll(async () => {
  postern = await startPostern({
    configure: (config) => ({
      ...config,
      console: { listen: { host: '127.0.0.1', port: 0 }, tls: null, trustedProxies: [], adminToken },
    }),
  });
});
afterAll(() => postern?.stop());

const sealedPasswords = async (): Promise<string[]> => {
  const { rows } = await postern.store.owner.query<{ id: string; text: string }>(
    'SELECT id, role_secret_sealed AS text FROM postern.api_keys',
  );
  const sealer = createSealer(postern.config.sealingKeys);
  return rows.flatMap(({ id, text }) => [text, sealer.open(text, id)]);
};

it('holds no secret, in the log, in the metrics and in the answers of its health', async () => {
  const console = `http://127.0.0.1:${postern.serving.consolePort}`;
  const as = (token: string) => createClient(console, { authorization: `Bearer ${token}` });
  const owner = as(postern.masterKey);

  const made = await owner.post('/api-keys', { name: 'made here' });
  expect(made.status).toBe(201);
  const certificate = await owner.post('/certificates', { name: 'made here' });
  expect(certificate.status).toBe(201);
  expect((await as(adminToken).get('/accounts')).status).toBe(200);
  expect((await as(wrongToken).get('/accounts')).status).toBe(401);
  const nobody = createClient(console, {});
  expect((await nobody.post('/sign-in', { adminToken: wrongToken })).status).toBe(401);
  const mistyped = { account: postern.account, key: `${postern.masterKey}x` };
  expect((await nobody.post('/sign-in', mistyped)).status).toBe(401);
  expect((await nobody.post('/sign-in', { ...mistyped, key: postern.masterKey })).status).toBe(200);
  await nobody.get(`/address-rules?key=${postern.masterKey}`);
  await nobody.get(`/${postern.masterKey}`);
  await (await postern.connect()).query(`SELECT '${postern.masterKey}'`);
  await expect(postern.connect({ password: wrongToken })).rejects.toThrow();
  const rotated = await sealedPasswords();
  await rotateKey(postern.context, postern.account, 'reader');

  const lines = () => postern.logLines();
  await pollUntil(
    () => lines().filter(({ msg, action }) => msg === 'audit' && action === 'key.rotate').length === 1,
  );
  const told = [readFileSync(join(postern.directory, 'postern.log'), 'utf8')];
  for (const path of ['metrics', 'readyz', 'livez']) {
    told.push(await (await fetch(`http://127.0.0.1:${postern.serving.telemetryPort}/${path}`)).text());
  }
  const secrets = [
    ...[adminToken, wrongToken, postern.masterKey, postern.readerKey],
    ...[...rotated, ...(await sealedPasswords())],
    ...postern.config.sealingKeys.flatMap(({ key }) => [key.toString('hex'), key.toString('base64')]),
    ...postern.files.key.split('\n').filter((line) => line.length > 40),
    made.body.text,
    'PRIVATE KEY',
    'postgresql://',
  ];
  for (const secret of secrets) expect(secret).toMatch(/^.{10}/);
  expect(secrets.filter((secret) => told.some((text) => text.includes(secret)))).toEqual([]);
  const kinds = new Set(lines().map(({ msg }) => msg));
  const expected = ['policy feed', 'connection', 'console request', 'console sign-in refused', 'audit'];
  expect(expected.filter((kind) => !kinds.has(kind))).toEqual([]);
});
