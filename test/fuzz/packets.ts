/** What strangers send: packets as they should be and as they should not, with fields that were chosen to be awkward. */

import { buildSslRequest } from '../../src/wire/frontend-messages.ts';
import { gssRequest, message, packet } from '../support/raw-messages.ts';
import type { Random } from './random.ts';

export const sslRequest = buildSslRequest();
export { gssRequest };

const text = (value: string | Buffer): Buffer =>
  typeof value === 'string' ? Buffer.from(value, 'latin1') : value;

/** StartupMessage, with the terminator unless it is to be left out. */
export const startup = (
  version: number,
  parameters: readonly (readonly [string | Buffer, string | Buffer])[],
  terminator = Buffer.of(0),
): Buffer => {
  const nul = Buffer.of(0);
  const fields = parameters.flatMap(([name, value]) => [text(name), nul, text(value), nul]);
  return packet(version, Buffer.concat([...fields, terminator]));
};

const versions: readonly (readonly [number, number])[] = [
  [40, 0x0003_0000],
  [12, 0x0003_0002],
  [6, 0x0003_0001],
  [6, 0x0003_0003],
  [6, 0x0003_270f],
  [4, 0x0003_ffff],
  [4, 0x0002_0000],
  [4, 0x0001_0000],
  [4, 0x0004_0000],
  [4, 0x0000_0000],
  [4, 0x04d2_1600],
];

const names = [
  ...[
    'database',
    'application_name',
    'client_encoding',
    'options',
    'replication',
    'DateStyle',
    'search_path',
  ],
  ...[
    '_pq_.test',
    '_pq_.',
    '_pq_',
    '_pq_.x.y',
    'User',
    'USER',
    'no_such_setting',
    'is_superuser',
    'x.y',
    ' ',
    ',',
  ],
  ...['user', '\xff\xfe', 'a'.repeat(64), 'role', 'session_authorization', 'server_version'],
];

const valuesFor = (user: string): readonly string[] => [
  ...[
    user,
    '',
    'postgres',
    'nobody',
    `${user} `,
    user.toUpperCase(),
    `${user}\n`,
    '\xc3\xa9',
    '\xc3\x28',
    '\xff',
  ],
  ...[
    'true',
    'false',
    'database',
    'off',
    '0',
    '1',
    'on',
    'maybe',
    'UTF8',
    'LATIN1',
    'nonsense',
    '-c',
    '%s%n',
  ],
  ...['-c statement_timeout=5', '-c no_such=1', '"', "'; DROP TABLE x", 'x'.repeat(63), 'y'.repeat(64)],
  ...['z'.repeat(1_000)],
];

/** How a startup packet comes from the user himself, with odd things beside. */
export const anyStartup = (random: Random, user: string): Buffer => {
  const values = valuesFor(user);
  const parameters: [string, string][] = random.chance(85) ? [['user', user]] : [];
  if (random.chance(15)) parameters.push(['user', random.pick(values)]);
  if (random.chance(40)) parameters.push(['database', random.chance(70) ? user : random.pick(values)]);
  for (let left = random.below(4); left > 0; left -= 1) {
    parameters.push([random.pick(names), random.pick(values)]);
  }
  if (random.chance(2)) parameters.push(['options', 'w'.repeat(9_000 + random.below(1_200))]);
  const terminator = random.weighted([
    [92, Buffer.of(0)],
    [2, Buffer.alloc(0)],
    [2, Buffer.of(0, 0)],
    [2, Buffer.of(0, 0x78)],
    [2, Buffer.from('dangling')],
  ]);
  return startup(random.weighted(versions), parameters, terminator);
};

const secretLengths = [0, 1, 3, 4, 5, 32, 255, 256, 257, 300];

export const anyCancel = (random: Random): Buffer => {
  const secret = random.bytes(random.chance(50) ? 4 : random.pick(secretLengths));
  const processId = Buffer.alloc(4);
  // Beyond every pid, so that no process of the PostgreSQL is ever meant.
  processId.writeInt32BE(0x7000_0000 + random.below(0xffff));
  return packet(
    80_877_102,
    random.chance(95) ? Buffer.concat([processId, secret]) : random.bytes(random.below(4)),
  );
};

/** Of other protocols. */
const strangers = [
  Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
  Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'),
  Buffer.from('EHLO x\r\n'),
  Buffer.from('PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n'),
  Buffer.from('160301', 'hex'),
  Buffer.from('1603010200010001fc0303', 'hex'),
  Buffer.from('0300002f2ae00000000000436f6f6b69653a', 'hex'),
  message('Q', Buffer.from('SELECT 1\0')),
  message('p', Buffer.from('password\0')),
  message('X', Buffer.alloc(0)),
];

export const anyStranger = (random: Random): Buffer =>
  random.chance(70) ? random.pick(strangers) : random.bytes(1 + random.below(40));
