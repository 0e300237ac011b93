import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configUnderTest, least } from './config-fixture.ts';

const config = configUnderTest();
const withMain = (settings: string) => least.replace('{}', `{ main: { ${settings} } }`);
const mainOf = async (settings: string) => (await config.load(withMain(settings))).backends.get('main');

describe('the hosts of a backend', () => {
  it.each([
    ['one', 'host: db1', [{ host: 'db1', port: 5432 }]],
    [
      'several in their order, some with a port of their own',
      "port: 6000, host: [db1, 'db2:5433', 10.0.0.7, '10.0.0.7:1']",
      [
        { host: 'db1', port: 6000 },
        { host: 'db2', port: 5433 },
        { host: '10.0.0.7', port: 6000 },
        { host: '10.0.0.7', port: 1 },
      ],
    ],
    [
      'IPv6, in brackets where there is a port',
      "host: ['::1', '[::1]:5433', '[2001:db8::5]']",
      [
        { host: '::1', port: 5432 },
        { host: '::1', port: 5433 },
        { host: '2001:db8::5', port: 5432 },
      ],
    ],
    ['the directory of a socket', 'host: /run/postgresql', [{ host: '/run/postgresql', port: 5432 }]],
  ])('are %s', async (_name, settings, hosts) => {
    expect((await mainOf(settings))?.hosts).toEqual(hosts);
  });

  it.each([
    ['a list as in libpq', 'host: "db1,db2"', 'host.0', '"db1,db2" is not a host'],
    ['a port that is none', 'host: "db1:70000"', 'host.0', '"db1:70000" is not a host'],
    ['port 0', 'host: [db1, "db2:0"]', 'host.1', '"db2:0" is not a host'],
    ['IPv6 with a port and no brackets', 'host: "2001:db8::1:x"', 'host.0', 'is not a host'],
    ['a name in brackets', 'host: "[db1]:5432"', 'host.0', 'is not a host'],
    ['nothing', 'host: ""', 'host.0', '"" is not a host'],
    ['an empty list', 'host: []', 'host', 'name at least one host.'],
    ['a number', 'host: 7', 'host', 'write one host, or several as a list.'],
  ])('cannot be %s', async (_name, settings, setting, sentence) => {
    const problems = await config.problemsOf(withMain(settings));
    expect(problems).toEqual([expect.stringContaining(`backends.main.${setting}: `)]);
    expect(problems[0]).toContain(sentence);
  });

  it('have to be named, each once', async () => {
    expect(await config.problemsOf(withMain('port: 5432'))).toEqual([
      'backends.main.host: this setting is missing.',
    ]);
    expect(await config.problemsOf(withMain("host: [db1, '[::1]', 'db1:5432']"))).toEqual([
      'backends.main.host: db1:5432 is named twice.',
    ]);
  });

  it.each(['any', 'primary', 'standby'])('may be wanted as %s', async (attrs) => {
    expect(await mainOf(`host: db1, target_session_attrs: ${attrs}`)).toMatchObject({
      targetSessionAttrs: attrs,
    });
  });

  it('are wanted as any, unless something else is said that there is', async () => {
    expect(await mainOf('host: db1')).toMatchObject({ targetSessionAttrs: 'any' });
    expect(await config.problemsOf(withMain('host: db1, target_session_attrs: read-write'))).toEqual([
      expect.stringContaining('backends.main.target_session_attrs: '),
    ]);
  });
});

describe('the client certificate for a backend', () => {
  it('is a certificate and its key, found from where the configuration lies', async () => {
    const main = await mainOf('host: db1, certificate_file: tls/us.crt, key_file: tls/us.key');
    expect(main?.clientCertificate).toEqual({
      certificateFile: join(config.directory, 'tls/us.crt'),
      keyFile: join(config.directory, 'tls/us.key'),
    });
    expect(await mainOf('host: db1')).toMatchObject({ clientCertificate: null });
  });

  it.each(['certificate_file', 'key_file'])('is not %s alone', async (setting) => {
    expect(await config.problemsOf(withMain(`host: db1, ${setting}: x`))).toEqual([
      'backends.main.certificate_file and backends.main.key_file go together: set both or none.',
    ]);
  });

  it('has no use without TLS', async () => {
    const settings = 'host: db1, tls: disable, certificate_file: x, key_file: y';
    expect(await config.problemsOf(withMain(settings))).toEqual([
      expect.stringMatching(/^backends\.main\.certificate_file is shown inside TLS only: /),
    ]);
  });
});
