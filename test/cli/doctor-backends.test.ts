/** What `postern doctor` says about the hosts of a backend: of stand-ins for what it may see, and of a real pair. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgeHosts, judgeTimeouts, type SeenHost } from '../../src/cli/doctor/backend-hosts.ts';
import { examineBackends } from '../../src/cli/doctor/backends.ts';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { openBackend } from '../../src/compose/backend-admin.ts';
import type { BackendConfig, TargetSessionAttrs } from '../../src/config/backend.ts';
import type { Config } from '../../src/config/config.ts';
import { placeText } from '../../src/place.ts';
import { freePort } from '../support/free-port.ts';
import { ownServersMissing, type PostgresPair, startPair } from '../support/postgres-server.ts';

type Roles = readonly SeenHost['role'][];

const judged = (targetSessionAttrs: TargetSessionAttrs, ...roles: Roles): Finding =>
  judgeHosts(
    { name: 'main', targetSessionAttrs },
    roles.map((role, index) => ({ place: `db${index + 1}:5432`, role })),
  );

describe('hosts of which', () => {
  it.each<[string, TargetSessionAttrs, Roles, Finding['outcome'], RegExp]>([
    ['the only one is the primary', 'any', ['primary'], 'ok', /^db1:5432 is the primary\.$/],
    [
      'each is what it may be',
      'standby',
      ['primary', 'standby'],
      'ok',
      /^db1:5432 is the primary, db2:5432 is a standby\.$/,
    ],
    [
      'none is the primary that sessions want',
      'primary',
      ['standby', 'standby'],
      'failed',
      /add it to backends\.main\.host\.$/,
    ],
    [
      'none is the primary that roles are created on',
      'any',
      ['standby'],
      'failed',
      /Roles are created on the primary/,
    ],
    [
      'all are standbys, as sessions want',
      'standby',
      ['standby'],
      'failed',
      /add it to backends\.main\.host; no session is opened there\.$/,
    ],
    ['none is the standby that sessions want', 'standby', ['primary'], 'failed', /there is none/],
    ['two are primaries', 'any', ['primary', 'primary'], 'failed', /another cluster is another backend/],
    ['one does not say', 'primary', ['primary', null], 'warning', /db2:5432 does not say/],
  ])('%s', (_name, attrs, roles, outcome, words) => {
    const finding = judged(attrs, ...roles);
    expect(finding).toMatchObject({ check: 'backend main hosts', outcome });
    expect(`${finding.seen} ${finding.advice ?? ''}`.trim()).toMatch(words);
  });

  it('there are more than a login has time for', () => {
    const hosts = [
      { host: 'a', port: 1 },
      { host: 'b', port: 1 },
    ] as const;
    const backend = { name: 'main', hosts, connectTimeoutMs: 5_000 } as unknown as BackendConfig;
    expect(judgeTimeouts(backend, 10_000)).toEqual({
      check: 'backend main connect_timeout',
      outcome: 'warning',
      seen: 'To try all 2 hosts may take 10 s, and gate.login_timeout is 10 s.',
      advice: 'Lower backends.main.connect_timeout.',
    });
    expect(judgeTimeouts(backend, 10_001)).toBeNull();
    expect(judgeTimeouts(backend, undefined)).toBeNull();
    expect(judgeTimeouts({ ...backend, hosts: [hosts[0]] }, 1)).toBeNull();
  });
});

describe.skipIf(ownServersMissing)('a primary and its standby', () => {
  const running = new AsyncDisposableStack();
  let pair: PostgresPair;
  let gone: { host: string; port: number };
  beforeAll(async () => {
    pair = await startPair(running);
    gone = { host: '127.0.0.1', port: await freePort() };
  }, 60_000);
  afterAll(() => running.disposeAsync());

  const placeOf = (which: 'primary' | 'standby') => ({ host: '127.0.0.1', port: pair[which].port });
  const configWith = (
    hosts: BackendConfig['hosts'],
    targetSessionAttrs: TargetSessionAttrs = 'any',
    admin: BackendConfig['admin'] = { user: 'postgres', password: 'postgres' },
  ): Config => {
    const main: BackendConfig = {
      name: 'main',
      hosts,
      targetSessionAttrs,
      tls: 'disable',
      caFile: null,
      clientCertificate: null,
      connectTimeoutMs: 2_000,
      admin,
    };
    return { backends: new Map([['main', main]]), gate: null, limits: { sessions: 10 } } as unknown as Config;
  };
  const outcomes = (findings: readonly Finding[]) =>
    findings.map(({ check, outcome }) => `${check}: ${outcome}`);

  it('are in order, each in a line of its own, and the rest is asked of the primary', async () => {
    const findings = await examineBackends(
      configWith([placeOf('standby'), placeOf('primary')], 'primary'),
      [],
    );
    expect(outcomes(findings)).toEqual([
      `backend main host ${placeText(placeOf('standby'))}: ok`,
      `backend main host ${placeText(placeOf('primary'))}: ok`,
      'backend main hosts: ok',
      'backend main server: ok',
      'backend main admin: ok',
      'backend main password_encryption: ok',
      'backend main max_connections: ok',
    ]);
  });

  it('are not enough where a host of the list is down', async () => {
    const findings = await examineBackends(configWith([gone, placeOf('primary')]), []);
    expect(findings[0]).toMatchObject({ outcome: 'failed', seen: expect.stringContaining('ECONNREFUSED') });
    expect(findings.find(({ check }) => check === 'backend main hosts')).toMatchObject({
      outcome: 'warning',
    });
    expect(findings.find(({ check }) => check === 'backend main admin')).toMatchObject({ outcome: 'ok' });
  });

  it('say of the standby alone that roles cannot be created there', async () => {
    const findings = await examineBackends(configWith([placeOf('standby')], 'standby'), []);
    const failures = findings.filter(({ outcome }) => outcome === 'failed');
    expect(failures.map(({ check }) => check)).toEqual(['backend main hosts', 'backend main admin']);
    expect(failures[0]?.advice).toBe(
      'Roles are created on the primary: add it to backends.main.host; no session is opened there.',
    );
  });

  it('are both fine for a gate alone, which does not ask', async () => {
    const findings = await examineBackends(configWith([placeOf('standby')], 'standby', null), []);
    expect(outcomes(findings)).toEqual(['backend main: ok', 'backend main admin: ok']);
  });

  it('tell in one sentence what was found at each host when none is the primary', async () => {
    await expect(openBackend(configWith([gone, placeOf('standby')]), 'main', 'postgres')).rejects.toThrow(
      `The backend "main" has no primary among its hosts: ${placeText(gone)} cannot be reached: the connection was refused; ${placeText(placeOf('standby'))} is a standby.`,
    );
  });
});
