import { join, resolve } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { configPath } from '../../src/config/load.ts';
import { configUnderTest, least } from './config-fixture.ts';

const config = configUnderTest();

describe('a configuration', () => {
  it('with the least that is needed has defaults for the rest', async () => {
    expect(await config.load(least)).toMatchObject({
      store: { url: 'postgresql://store:hush@db/postern', ownerUrl: 'postgresql://store:hush@db/postern' },
      sealingKeys: [{ id: 'k1', key: Buffer.alloc(32, 7) }],
      public: { host: 'db.example.com', port: 6432 },
      gate: null,
      authority: null,
      limits: { sessions: 10_000, idleTimeoutMs: null },
      policy: { pollIntervalMs: 5_000, maxStalenessMs: 86_400_000 },
    });
  });

  it('has absolute paths from where its file lies, milliseconds, and normalised networks', async () => {
    const loaded = await config.load(`${least}
gate:
  listen: "[::]:7000"
  certificate_file: tls/server.crt
  key_file: /etc/server.key
  client_ca_file: ../ca.pem
  login_timeout: 500ms
  trusted_proxies: [10.1.2.3/8, "2001:DB8::1"]
limits: { idle_timeout: 8h }
`);
    expect(loaded.gate).toMatchObject({
      listen: { host: '::', port: 7000 },
      certificateFile: join(config.directory, 'tls/server.crt'),
      keyFile: '/etc/server.key',
      clientCaFile: resolve(config.directory, '../ca.pem'),
      loginTimeoutMs: 500,
      trustedProxies: ['10.0.0.0/8', '2001:db8::1/128'],
    });
    expect(loaded.limits.idleTimeoutMs).toBe(28_800_000);
    expect(Object.isFrozen(loaded)).toBe(true);
  });

  it('reads secrets from files and from the environment, also inside a text', async () => {
    vi.stubEnv('POSTERN_TEST_PASSWORD', 'p4ss');
    const loaded = await config.load(`
store: { url: "postgresql://store:\${env:POSTERN_TEST_PASSWORD}@db/postern" }
sealing_keys: [{ id: k1, key: "\${file:seal.key}" }]
public: { host: db.example.com }
backends:
  main: { host: pg, admin: { user: admin, password: "\${file:admin.password}" } }
`);
    expect(loaded.store.url).toBe('postgresql://store:p4ss@db/postern');
    expect(loaded.backends.get('main')).toMatchObject({
      tls: 'verify-full',
      hosts: [{ host: 'pg', port: 5432 }],
      admin: { user: 'admin', password: 's3cret' },
    });
  });

  it.each([
    [`postgresql://\${env:POSTERN_TEST_PASSWORD}@db/postern`, 'postgresql://a:b@db/postern'],
    [`postgresql://x:\${env:POSTERN_TEST_PASSWORD}@db:5432/a@b`, 'postgresql://x:a:b@db:5432/a@b'],
    ['postgresql://x@db:5432/postern', 'postgresql://x@db:5432/postern'],
  ])('may have an address like %s', async (written, read) => {
    vi.stubEnv('POSTERN_TEST_PASSWORD', 'a:b');
    const loaded = await config.load(least.replace(/\$\{env:.*\}(?=")/, () => written));
    expect(loaded.store.url).toBe(read);
  });
});

describe('the file to load', () => {
  it('is the one of the command line, else of the environment, else the usual one', () => {
    vi.stubEnv('POSTERN_CONFIG', '/etc/postern.yaml');
    expect(configPath('mine.yaml')).toBe(resolve('mine.yaml'));
    expect(configPath(undefined)).toBe('/etc/postern.yaml');
    vi.stubEnv('POSTERN_CONFIG', undefined);
    expect(configPath(undefined)).toBe(resolve('config/postern.yaml'));
  });
});
