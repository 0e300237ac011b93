import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { configUnderTest, least, sealingKey } from './config-fixture.ts';

const config = configUnderTest();

describe('a configuration that cannot be used', () => {
  it('tells everything that is wrong with it at once', async () => {
    expect(
      await config.problemsOf(`
store: { url: "\${env:POSTERN_TEST_MISSING}", colour: blue }
sealing_keys: []
public: { host: db.example.com, port: 70000 }
backends:
  main: { host: pg, tls: perhaps, connect_timeout: soon }
gate: { listen: here, certificate_file: a, key_file: b, trusted_proxies: [10.0.0.0/40] }
nonsense: true
`),
    ).toEqual(
      expect.arrayContaining([
        'store.url: the environment variable POSTERN_TEST_MISSING is not set.',
        'store.colour: there is no such setting.',
        'nonsense: there is no such setting.',
        expect.stringMatching(/^sealing_keys: /),
        expect.stringMatching(/^public\.port: /),
        expect.stringMatching(/^backends\.main\.tls: /),
        'backends.main.connect_timeout: "soon" is not a duration: write one like 500ms, 30s, 15m, 8h or 90d.',
        'gate.listen: "here" is not a listen address: write one like 0.0.0.0:6432 or [::]:6432.',
        'gate.client_ca_file: this setting is missing.',
        expect.stringMatching(/^gate\.trusted_proxies\.0: "10\.0\.0\.0\/40" is not an address/),
      ]),
    );
  });

  it.each([
    ['an empty file', '', 'store: this setting is missing.'],
    ['a list', '- a', expect.stringMatching(/^the file: /)],
    ['no YAML', 'store: {', expect.stringContaining('postern.yaml: ')],
    ['a key that is named twice', 'store: 1\nstore: 2', expect.stringContaining('Map keys must be unique')],
  ])('is %s', async (_name, yaml, problem) => {
    expect(await config.problemsOf(yaml)).toContainEqual(problem);
  });

  it.each([
    ['a sealing key', least.replace(/\$\{file:.*\}(?=")/, sealingKey), 'sealing_keys.0.key'],
    ['a password in an address', least.replace(/\$\{env:.*\}(?=")/, 'postgresql://a:hush@db/x'), 'store.url'],
    [
      'a password in an address of which another part comes by reference',
      least.replace(/\$\{env:.*\}(?=")/, `postgresql://a:hush@\${file:admin.password}/x`),
      'store.url',
    ],
    [
      'a part of a password in an address',
      least.replace(/\$\{env:.*\}(?=")/, `postgresql://a:b@hush\${file:admin.password}@db/x`),
      'store.url',
    ],
    [
      "a part of an admin's password",
      least.replace('{}', `{ main: { host: pg, admin: { user: a, password: "hush\${file:seal.key}" } } }`),
      'backends.main.admin.password',
    ],
    [
      "an admin's password",
      least.replace('{}', '{ main: { host: pg, admin: { user: a, password: hush } } }'),
      'backends.main.admin.password',
    ],
  ])('has %s in clear, which is not repeated', async (_name, yaml, path) => {
    expect(await config.problemsOf(yaml)).toEqual([
      `${path}: a secret may not stand in the file; write \${file:PATH} or \${env:NAME}.`,
    ]);
  });

  it('refers to a file that is not there', async () => {
    expect(await config.problemsOf(least.replace('seal.key', 'none.key'))).toContainEqual(
      'sealing_keys.0.key: the file none.key cannot be read (ENOENT).',
    );
  });

  it('has a sealing key of another length, which is not repeated', async () => {
    await writeFile(join(config.directory, 'short.key'), Buffer.alloc(16).toString('base64'));
    const [problem, ...others] = await config.problemsOf(least.replace('seal.key', 'short.key'));
    expect(others).toEqual([]);
    expect(problem).toMatch(/^sealing_keys\.0\.key: 32 bytes in base64 are needed, 16 were found/);
  });

  it('is not there', () => {
    expect(() => loadConfig(join(config.directory, 'nowhere.yaml'))).toThrow(
      /cannot be read \(ENOENT\): give --config FILE/,
    );
  });
});

describe('a console', () => {
  const open = (settings: string) => `${least}console: { ${settings} }\n`;

  it.each([
    ['on loopback', 'listen: "127.0.0.1:8080"'],
    ['on loopback, IPv6', 'listen: "[::1]:8080"'],
    ['with a certificate', 'listen: "0.0.0.0:443", certificate_file: a, key_file: b'],
    ['behind a proxy that is named', 'listen: "0.0.0.0:80", trusted_proxies: [10.0.0.0/8]'],
    ['whose token comes by reference', `admin_token: "\${file:admin.token}"`],
  ])('may listen %s', async (_name, settings) => {
    await writeFile(join(config.directory, 'admin.token'), 't'.repeat(32));
    expect((await config.load(open(settings))).console).not.toBeNull();
  });

  it.each([
    [
      'everywhere without TLS',
      'listen: "0.0.0.0:8080"',
      /^console\.listen: 0\.0\.0\.0 can be reached from outside/,
    ],
    [
      'with half of TLS',
      'certificate_file: a',
      /^console\.certificate_file and console\.key_file go together/,
    ],
    [
      'with its token in the file',
      `admin_token: ${'t'.repeat(32)}`,
      /^console\.admin_token: a secret may not/,
    ],
    ['with a short token', `admin_token: "\${file:admin.password}"`, /^console\.admin_token: at least 24/],
  ])('may not be opened %s', async (_name, settings, problem) => {
    expect(await config.problemsOf(open(settings))).toEqual([expect.stringMatching(problem)]);
  });
});
