import { describe, expect, it } from 'vitest';
import type { BackendHost } from '../../src/gate/backend/dial.ts';
import { type HostChange, Hosts } from '../../src/gate/backend/hosts.ts';

const hostNamed = (host: string): BackendHost => ({
  host,
  port: 5432,
  tls: 'disable',
  ca: null,
  clientCertificate: null,
});

const hostsOf = (...names: readonly string[]) => {
  const all = names.map(hostNamed);
  const clock = { nowMs: 0 };
  const changes: HostChange[] = [];
  const hosts = new Hosts(
    all,
    () => clock.nowMs,
    (change) => changes.push(change),
  );
  /** What one login tries when none but `serving` serves; the others are silent. */
  const login = (...serving: readonly string[]): string[] => {
    const tried: string[] = [];
    for (const host of hosts.inTurn()) {
      tried.push(host.host);
      const served = serving.includes(host.host);
      hosts.note(host, served ? 'served' : 'silent', served ? undefined : 'no answer');
      if (served) break;
    }
    return tried;
  };
  return { hosts, clock, changes, login, all };
};

describe('the hosts of a backend', () => {
  it('are tried in their order, until one serves', () => {
    const { login } = hostsOf('a', 'b', 'c');
    expect(login('b', 'c')).toEqual(['a', 'b']);
  });

  it('are passed over once they have failed, until one login probes them again', () => {
    const { login, clock } = hostsOf('a', 'b');
    expect(login('b')).toEqual(['a', 'b']);
    clock.nowMs = 999;
    expect(login('b')).toEqual(['b']);
    clock.nowMs = 1_000;
    expect(login('b')).toEqual(['a', 'b']);
    clock.nowMs = 2_999;
    expect(login('b')).toEqual(['b']);
  });

  it('are preferred as before when they come back', () => {
    const { login, clock } = hostsOf('a', 'b');
    login('b');
    clock.nowMs = 1_000;
    expect(login('a', 'b')).toEqual(['a']);
    expect(login('a', 'b')).toEqual(['a']);
  });

  it('are probed by one login at a time', () => {
    const { hosts, login, clock } = hostsOf('a', 'b');
    login('b');
    clock.nowMs = 1_000;
    const probe = hosts.inTurn();
    const probed = probe.next().value;
    expect(probed?.host).toBe('a');
    expect(login('b')).toEqual(['b']);
    if (probed) hosts.note(probed, 'abandoned');
    expect(login('a')).toEqual(['a']);
  });

  it('are tried all the same when no other is left: one, which is due soonest', () => {
    const { login, clock } = hostsOf('a', 'b', 'c');
    clock.nowMs = 10;
    expect(login('c')).toEqual(['a', 'b', 'c']);
    clock.nowMs = 20;
    // c is silent too; of a and b, which failed at the same time, the first.
    expect(login()).toEqual(['c', 'a']);
    clock.nowMs = 30;
    expect(login()).toEqual(['b']);
    clock.nowMs = 40;
    expect(login('a')).toEqual(['a']);
  });

  it('never refuse anybody because there is only one', () => {
    const { login } = hostsOf('a');
    expect([login(), login(), login('a')]).toEqual([['a'], ['a'], ['a']]);
  });

  it('tell of each change once, with its reason', () => {
    const { login, clock, changes, hosts } = hostsOf('a', '::1');
    login('::1');
    login('::1');
    expect(hosts.states()).toEqual([
      { host: 'a:5432', up: false },
      { host: '[::1]:5432', up: true },
    ]);
    clock.nowMs = 1_000;
    login('a');
    expect(changes.map(({ host, to, error }) => [host, to.kind, error])).toEqual([
      ['a:5432', 'open', 'no answer'],
      ['a:5432', 'probing', undefined],
      ['a:5432', 'closed', undefined],
    ]);
    expect(hosts.states()[0]).toEqual({ host: 'a:5432', up: true });
  });
});
