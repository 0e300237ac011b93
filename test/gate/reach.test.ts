import { describe, expect, it, vi } from 'vitest';
import { Refusal } from '../../src/errors.ts';
import type { FailureCode } from '../../src/failures.ts';
import type { BackendHost } from '../../src/gate/backend/dial.ts';
import { Hosts } from '../../src/gate/backend/hosts.ts';
import { BackendRefused, reach } from '../../src/gate/backend/reach.ts';

const hostNamed = (host: string): BackendHost => ({
  host,
  port: 5432,
  tls: 'disable',
  ca: null,
  clientCertificate: null,
});

const backendWith = (...names: readonly string[]) => ({
  name: 'main',
  hosts: new Hosts(names.map(hostNamed), () => performance.now()),
  targetSessionAttrs: 'any' as const,
  connectTimeoutMs: 30,
});
const patient = new AbortController().signal;

const words = (sqlstate: string) =>
  new BackendRefused(sqlstate, Buffer.from(sqlstate), { reason: `${sqlstate} words` });
const because = (code: FailureCode, cause: string) => new Refusal(code, {}, { cause });

/** What each host does, by its name: throws, or stays silent. */
type Scene = Readonly<Record<string, Refusal | 'serves' | 'silent'>>;

const play = async (scene: Scene) => {
  const backend = backendWith(...Object.keys(scene));
  const tried: string[] = [];
  const outcome = await reach(backend, patient, async ({ host }, signal) => {
    tried.push(host);
    const does = scene[host];
    if (does instanceof Refusal) throw does;
    if (does === 'serves') return host;
    return new Promise<string>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  }).catch((error: unknown) => error);
  return { tried, outcome };
};

describe('the search for a host that serves', () => {
  it.each<[string, Refusal | 'silent']>([
    ['cannot be reached', because('backend-unreachable', 'connect ECONNREFUSED')],
    ['is silent', 'silent'],
    ['is no PostgreSQL', new Refusal('backend-misbehaved', { reason: 'it speaks HTTP' })],
    ['is starting up or shutting down', words('57P03')],
    ['is a standby where the primary is asked for', because('backend-no-primary', 'it is a standby')],
    ['is the primary where a standby is asked for', because('backend-no-standby', 'it is a primary')],
  ])('goes on where one %s', async (_name, first) => {
    expect(await play({ a: first, b: 'serves' })).toEqual({ tried: ['a', 'b'], outcome: 'b' });
  });

  it.each<[string, Refusal]>([
    ['there is no such database', words('3D000')],
    ['there are too many connections', words('53300')],
    ['a parameter is none', words('22023')],
    ['the role is not accepted', because('backend-rejected-role', '28P01')],
    ['something is wrong with Postern itself', new Refusal('internal')],
  ])('ends where a host says that %s', async (_name, answer) => {
    expect(await play({ a: answer, b: 'serves' })).toEqual({ tried: ['a'], outcome: answer });
  });

  it.each<[string, Scene, FailureCode]>([
    [
      'one cannot serve yet: its own words',
      { a: because('backend-unreachable', 'x'), b: words('57P03'), c: because('backend-no-primary', 'y') },
      'backend-refused',
    ],
    [
      'one is not what is asked for',
      { a: because('backend-unreachable', 'x'), b: because('backend-no-primary', 'y') },
      'backend-no-primary',
    ],
    [
      'one is no PostgreSQL',
      { a: 'silent', b: new Refusal('backend-misbehaved', { reason: 'it speaks HTTP' }) },
      'backend-misbehaved',
    ],
    ['none can be reached', { a: 'silent', b: because('backend-unreachable', 'x') }, 'backend-unreachable'],
  ])('tells the most when none serves and %s', async (_name, scene, code) => {
    const { outcome } = await play(scene);
    expect(outcome).toMatchObject({ code });
  });

  it('names what was wrong at each host, for the log', async () => {
    const { outcome } = await play({
      a: 'silent',
      b: because('backend-unreachable', 'connect ECONNREFUSED'),
      c: words('57P03'),
    });
    expect(outcome).toMatchObject({
      words: Buffer.from('57P03'),
      cause: {
        'a:5432': 'no answer within 30 ms',
        'b:5432': 'connect ECONNREFUSED',
        'c:5432': '57P03 words',
      },
    });
  });

  it('tells of a single host what it was', async () => {
    const refusal = because('backend-unreachable', 'connect ECONNREFUSED');
    expect((await play({ a: refusal })).outcome).toBe(refusal);
  });

  it('holds it against a host that clients have waited for, and left', async () => {
    const backend = backendWith('a');
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0);
    const searchThatIsLeftAfter = async (waitedMs: number) => {
      const leaving = new AbortController();
      const search = reach(backend, leaving.signal, async (_host, signal) => {
        clock.mockReturnValue(performance.now() + waitedMs);
        leaving.abort(new Refusal('client-gone'));
        signal.throwIfAborted();
      });
      await expect(search).rejects.toMatchObject({ code: 'client-gone' });
    };
    for (let time = 0; time < 5; time += 1) await searchThatIsLeftAfter(999);
    expect(backend.hosts.states()).toEqual([{ host: 'a:5432', up: true }]);
    for (let time = 0; time < 3; time += 1) await searchThatIsLeftAfter(1_000);
    expect(backend.hosts.states()).toEqual([{ host: 'a:5432', up: false }]);
    clock.mockRestore();
  });

  it('ends with the reason of whoever does not want it any more, and holds it against no host', async () => {
    const backend = backendWith('a', 'b');
    const leaving = new AbortController();
    const gone = new Refusal('client-gone');
    const search = reach(backend, leaving.signal, async (_host, signal) => {
      leaving.abort(gone);
      signal.throwIfAborted();
    });
    await expect(search).rejects.toBe(gone);
    expect(backend.hosts.states().every(({ up }) => up)).toBe(true);
    expect(backend.hosts.inTurn().next().value?.host).toBe('a');
  });
});
