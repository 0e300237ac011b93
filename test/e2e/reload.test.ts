import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { createAuthority, createServerCertificate } from '../../src/authority/create.ts';
import { loadAuthority } from '../../src/authority/files.ts';
import { keepControl } from '../../src/compose/control.ts';
import type { Config } from '../../src/config/config.ts';
import { orderReload } from '../../src/control/reload.ts';
import { buildSslRequest } from '../../src/wire/frontend-messages.ts';
import { gateUnderTest, gateWith } from '../gate/gate-fixture.ts';
import { backendWith } from '../gate/stub-backend.ts';
import { pollUntil } from '../support/poll.ts';
import type { RawClient } from '../support/raw-client.ts';
import { logIn, query } from '../support/raw-login.ts';
import { startup } from '../support/raw-messages.ts';

const gate = gateUnderTest({
  configure: (config) => ({
    ...config,
    console: {
      listen: { host: '127.0.0.1', port: 0 },
      // Any pair will do.
      tls: config.gate && { certificateFile: config.gate.certificateFile, keyFile: config.gate.keyFile },
      trustedProxies: [],
      adminToken: null,
    },
  }),
});
const at = (name: string) => join(gate.postern.directory, name);
const reload = () => gate.postern.serving.reload('test');

/** Writes another certificate of the same authority with its key. @returns its fingerprint */
const makeCertificate = async (directory: string): Promise<string> => {
  const authority = await loadAuthority({
    certificateFile: at('server_ca.pem'),
    keyFile: at('server_ca.key'),
  });
  const pair = await createServerCertificate({ authority, names: ['localhost', '127.0.0.1'], validDays: 7 });
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'tls.crt'), pair.certificatePem);
  await writeFile(join(directory, 'tls.key'), pair.privateKeyPem);
  return new X509Certificate(pair.certificatePem).fingerprint256;
};

const serveFrom = (directory: string) =>
  gate.postern.rewrite(
    gateWith({ certificateFile: join(directory, 'tls.crt'), keyFile: join(directory, 'tls.key') }),
  );

const shownTo = (client: RawClient) => client.tls.getPeerX509Certificate()?.fingerprint256;
const shownNow = async () => shownTo(await gate.secured());
const reloads = (outcome: string) => gate.gauge(`postern_reloads_total\\{outcome="${outcome}"\\}`);
const expiryOf = (certificate: string) =>
  gate.gauge(`postern_certificate_expiry_timestamp_seconds\\{certificate="${certificate}"\\}`);
const lastLine = (message: string) => gate.postern.logLines().findLast(({ msg }) => msg === message);

/** From the startup packet on; SCRAM is bound to the certificate that this client was shown. */
const logInBound = (client: RawClient) => {
  client.send(startup({ user: gate.postern.account }));
  return logIn(client, gate.postern.readerKey, { binding: 'plus' });
};

let original: Config;
beforeAll(() => {
  original = gate.postern.config;
});

const backToOriginal = async () => {
  gate.postern.rewrite(() => original);
  expect(await reload()).toBe('applied');
};

describe('a new server certificate', () => {
  it('is shown from then on; sessions stay', async () => {
    const { client } = await gate.loggedIn();
    const fingerprint = await makeCertificate(at('second'));
    serveFrom(at('second'));
    const applied = await reloads('applied');
    const expiryBefore = await expiryOf('server');
    expect(await shownNow()).not.toBe(fingerprint);
    expect(await reload()).toBe('applied');
    expect(await shownNow()).toBe(fingerprint);
    const shown = new X509Certificate(await readFile(join(at('second'), 'tls.crt')));
    expect(await expiryOf('server')).toBe(shown.validToDate.getTime() / 1_000);
    expect(await expiryOf('server')).toBeLessThan(expiryBefore);
    // The console's is another one.
    expect(await expiryOf('console')).toBe(expiryBefore);
    expect(await query(client, 'SELECT 1')).toEqual([['1']]);
    expect(await reloads('applied')).toBe(applied + 1);
    expect(lastLine('reloaded')).toMatchObject({ cause: 'test' });
    await backToOriginal();
  });

  it('comes with its own binding data, for connections in whatever state', async () => {
    const accepted = await gate.plain();
    const negotiated = await gate.plain();
    negotiated.send(buildSslRequest());
    await negotiated.read(1);
    const secured = await gate.secured();
    const greeted = await gate.greeted();
    await makeCertificate(at('third'));
    serveFrom(at('third'));
    expect(await reload()).toBe('applied');
    await negotiated.upgrade(gate.tlsOptions());
    await accepted.requestTls(gate.tlsOptions());
    for (const client of [accepted, negotiated, secured]) await logInBound(client);
    await logIn(greeted, gate.postern.readerKey, { binding: 'plus' });
    await backToOriginal();
  });

  it('never meets the binding data of another, however often it changes during logins', async () => {
    for (const name of ['even', 'odd']) await makeCertificate(at(name));
    let done = false;
    const swap = async () => {
      for (let turn = 0; !done; turn += 1) {
        serveFrom(at(turn % 2 === 0 ? 'even' : 'odd'));
        expect(await reload()).toBe('applied');
      }
    };
    const shown = new Set<string | undefined>();
    const logInAgain = async () => {
      for (let time = 0; time < 15; time += 1) {
        const client = await gate.secured();
        shown.add(shownTo(client));
        await logInBound(client);
        client.close();
      }
    };
    const swapping = swap();
    try {
      await Promise.all([logInAgain(), logInAgain(), logInAgain()]);
    } finally {
      done = true;
      await swapping;
    }
    expect(shown.size).toBeGreaterThan(1);
    await backToOriginal();
  });

  it('is noticed by itself where a link is turned, as certificate managers do', async () => {
    const [first, second] = [await makeCertificate(at('v1')), await makeCertificate(at('v2'))];
    await symlink('v1', at('current'));
    serveFrom(at('current'));
    expect(await reload()).toBe('applied');
    expect(await shownNow()).toBe(first);
    await symlink('v2', at('next'));
    await rename(at('next'), at('current'));
    await pollUntil(async () => (await shownNow()) === second, { timeoutMs: 15_000, intervalMs: 100 });
    expect(lastLine('reloaded')).toMatchObject({ cause: 'certificate files have changed' });
    await backToOriginal();
  });
});

describe('a new certificate of the console', () => {
  const shownByConsole = async () => {
    const port = gate.postern.serving.consolePort ?? 0;
    const stream = connect({
      port,
      host: '127.0.0.1',
      servername: 'localhost',
      ca: gate.postern.files.serverCa,
    });
    await once(stream, 'secureConnect');
    const fingerprint = stream.getPeerX509Certificate()?.fingerprint256;
    stream.destroy();
    return fingerprint;
  };

  it('is shown from then on, unless it cannot be used', async () => {
    const fingerprint = await makeCertificate(at('console'));
    const tls = { certificateFile: at('console/tls.crt'), keyFile: at('console/tls.key') };
    gate.postern.rewrite((config) => ({ ...config, console: config.console && { ...config.console, tls } }));
    expect(await reload()).toBe('applied');
    expect(await shownByConsole()).toBe(fingerprint);
    await writeFile(at('console/tls.key'), 'nonsense');
    expect(await reload()).toBe('failed');
    expect(await shownByConsole()).toBe(fingerprint);
    await backToOriginal();
  });
});

it('what the use cases reach backends by follows the configuration', async () => {
  const { config, database } = gate.postern;
  await using running = new AsyncDisposableStack();
  const control = keepControl(config);
  running.defer(control.close);
  const before = await control.backendAdmin('main', database);
  control.setBackends({ ...config, backends: new Map() });
  await expect(control.backendAdmin('main', database)).rejects.toThrow('There is no backend "main"');
  // Whoever works with it may finish.
  expect((await before.query('SELECT 1')).rowCount).toBe(1);
  control.setBackends(config);
  expect(await control.backendAdmin('main', database)).not.toBe(before);
});

describe('what cannot be used changes nothing', () => {
  it.each<[string, () => Promise<unknown>, RegExp]>([
    [
      'a certificate that is none',
      () => writeFile(at('bad/tls.crt'), 'nonsense'),
      /no readable PEM certificate/,
    ],
    [
      'the key of another certificate',
      async () => writeFile(at('bad/tls.key'), await readFile(at('server.key'))),
      /does not belong to the certificate/,
    ],
    [
      'a client CA that is none',
      async () => {
        await writeFile(at('empty.pem'), '');
        gate.postern.rewrite(gateWith({ clientCaFile: at('empty.pem') }));
      },
      /gate\.client_ca_file.* no readable PEM certificate/,
    ],
    [
      'no gate any more',
      async () => gate.postern.rewrite((config) => ({ ...config, gate: null })),
      /no section "gate"/,
    ],
  ])('%s', async (_, spoil, problem) => {
    await makeCertificate(at('bad'));
    serveFrom(at('bad'));
    gate.postern.rewrite((config) => ({ ...config, limits: { ...config.limits, sessions: 1 } }));
    await spoil();
    const [before, failed] = [await shownNow(), await reloads('failed')];
    expect(await reload()).toBe('failed');
    expect(await reloads('failed')).toBe(failed + 1);
    expect(lastLine('not reloaded, everything stays as it was')).toMatchObject({
      level: 'error',
      cause: 'test',
      problem: expect.stringMatching(problem),
    });
    expect(await shownNow()).toBe(before);
    await gate.loggedIn();
    await gate.loggedIn();
    await backToOriginal();
  });
});

describe('a reload also takes over', () => {
  const refusalNow = async () => (await gate.greeted()).refusal();

  it('the client CA', async () => {
    const stranger = await createAuthority({ commonName: 'Another client CA', validDays: 1 });
    await writeFile(at('another_ca.pem'), stranger.certificatePem);
    gate.postern.rewrite(gateWith({ clientCaFile: at('another_ca.pem') }));
    expect(await reload()).toBe('applied');
    expect(await refusalNow()).toMatchObject({ sqlstate: '28000' });
    await backToOriginal();
    await gate.loggedIn();
  });

  it('limits, for whoever comes afterwards', async () => {
    await gate.atRest();
    const { client } = await gate.loggedIn();
    await gate.loggedIn();
    gate.postern.rewrite((config) => ({ ...config, limits: { ...config.limits, sessionsPerAccount: 1 } }));
    await reload();
    const third = await gate.greeted();
    await expect(logIn(third, gate.postern.readerKey)).rejects.toThrow();
    expect(await gate.logged({ reason: 'account-sessions' })).toMatchObject({ sqlstate: '53300' });
    expect(await query(client, 'SELECT 1')).toEqual([['1']]);
    await backToOriginal();
  });

  it.runIf(process.platform === 'linux')('limits beyond what the system gives, and says so', async () => {
    const sessions = 1e9;
    expect(lastLine('limits.sessions is more than open files allow')).toBeUndefined();
    gate.postern.rewrite((config) => ({ ...config, limits: { ...config.limits, sessions } }));
    expect(await reload()).toBe('applied');
    const line = lastLine('limits.sessions is more than open files allow');
    expect(line).toMatchObject({ level: 'warn', needed: expect.any(Number), allowed: expect.any(Number) });
    expect(line?.['needed']).toBeGreaterThan(2 * sessions);
    await backToOriginal();
  });

  it('trusted proxies', async () => {
    gate.postern.rewrite(gateWith({ trustedProxies: ['127.0.0.0/8'] }));
    await reload();
    const client = await gate.secured({}, '127.9.9.9');
    await logInBound(client);
    await backToOriginal();
  });

  it('backends, and leaves sessions on the old one, whose queries can still be cancelled', async () => {
    const { client } = await gate.loggedIn();
    gate.postern.rewrite(backendWith({ port: 1 }));
    await reload();
    const refused = await gate.greeted();
    await expect(logIn(refused, gate.postern.readerKey)).rejects.toThrow();
    expect(await gate.logged({ reason: 'backend-unreachable' })).toMatchObject({ backend: 'main' });
    expect(await query(client, 'SELECT 1')).toEqual([['1']]);
    await backToOriginal();
    await gate.loggedIn();
  });

  it('the log level', async () => {
    const endOfOne = async () => {
      const { client } = await gate.loggedIn();
      client.close();
      await gate.atRest();
    };
    const connections = () => gate.postern.logLines().filter(({ msg }) => msg === 'connection').length;
    await gate.atRest();
    gate.postern.rewrite((config) => ({
      ...config,
      telemetry: { ...config.telemetry, logLevel: 'error' },
    }));
    await reload();
    const before = connections();
    await endOfOne();
    expect(connections()).toBe(before);
    await backToOriginal();
    await endOfOne();
    await pollUntil(() => connections() > before);
  });
});

it('a reload names what takes a restart', async () => {
  gate.postern.rewrite((config) => ({
    ...config,
    store: { ...config.store, url: 'postgresql://elsewhere/store' },
    sealingKeys: [],
    policy: { ...config.policy, maxStalenessMs: 1 },
    gate: config.gate && { ...config.gate, listen: { host: '0.0.0.0', port: 1 }, loginTimeoutMs: 9_000 },
    console: config.console && { ...config.console, tls: null, adminToken: 'another one, and long enough' },
    telemetry: { ...config.telemetry, listen: { host: '127.0.0.1', port: 1 } },
  }));
  expect(await reload()).toBe('applied');
  expect(lastLine('these settings have changed and take a restart')?.['settings']).toEqual([
    'store.url',
    'sealing_keys',
    'gate.listen',
    'console.tls',
    'console.admin_token',
    'policy.max_staleness',
    'telemetry.listen',
  ]);
  await gate.loggedIn();
  await backToOriginal();
});

it('an order reaches the gate', async () => {
  const applied = await reloads('applied');
  const instances = await orderReload(gate.postern.context);
  expect(instances).toMatchObject([{ address: `127.0.0.1:${gate.postern.port}` }]);
  await pollUntil(async () => (await reloads('applied')) === applied + 1);
  expect(lastLine('reloaded')).toMatchObject({ cause: 'order of test' });
});
