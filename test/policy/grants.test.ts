import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RequestError } from '../../src/errors.ts';
import {
  formatGrant,
  type Grant,
  grantsFromJson,
  parseGrant,
  parseGrants,
  tablePermissions,
} from '../../src/policy/grants.ts';

const table = (
  schema: string,
  name: string,
  ...permissions: ('select' | 'insert' | 'update' | 'delete')[]
) => ({
  kind: 'table',
  schema,
  table: name,
  permissions,
});

describe('parseGrant understands', () => {
  it.each([
    ['select on public.roads', table('public', 'roads', 'select')],
    ['insert ,select on public.roads', table('public', 'roads', 'select', 'insert')],
    ['SELECT,Select ON Public.ROADS', table('public', 'roads', 'select')],
    ['all on gis.x$1', table('gis', 'x$1', ...tablePermissions)],
    ['select on "Gis" . "my ""roads"""', table('Gis', 'my "roads"', 'select')],
    ['select on gis.Straße', table('gis', 'straße', 'select')],
    ['select on gis.ÄÖ', table('gis', 'ÄÖ', 'select')],
    ['select on all.in', table('all', 'in', 'select')],
    ['select on "a; drop table b; --".c', table('a; drop table b; --', 'c', 'select')],
    ['delete on all in gis', { kind: 'schema', schema: 'gis', permissions: ['delete'] }],
    ['all on all in "All"', { kind: 'schema', schema: 'All', permissions: tablePermissions }],
    [' create  in\tstaging ', { kind: 'create', schema: 'staging' }],
    ['create in "in"', { kind: 'create', schema: 'in' }],
    [`select on s.${'a'.repeat(63)}`, table('s', 'a'.repeat(63), 'select')],
  ])('%s', (text, grant) => {
    expect(parseGrant(text)).toEqual(grant);
  });
});

describe('parseGrant refuses, telling what was seen and the three forms:', () => {
  it.each([
    ['', 'it is empty'],
    ['   ', 'it is empty'],
    ['truncate on a.b', 'a permission was expected instead of "truncate"'],
    ['select, on a.b', 'a permission was expected instead of "on"'],
    ['select', '"on" was expected instead of the end'],
    ['select insert on a.b', '"on" was expected instead of "insert"'],
    ['select on roads', 'the table roads needs its schema in front, as in public.roads'],
    ['select on a.b.c', 'nothing was expected after the name, but there is "."'],
    ['select on a.b; drop table c', '";" is out of place'],
    ['select on "a.b', 'a double quote is not closed'],
    ['select on "".b', 'instead of an empty name'],
    ['select on a.', 'a table was expected instead of the end'],
    ['select on all in', 'a schema was expected instead of the end'],
    ['create on staging', '"in" was expected instead of "on"'],
    ['create in a b', 'but there is "b"'],
    ['"select" on a.b', 'a permission was expected instead of select'],
    [`select on s.${'ä'.repeat(32)}`, 'has 64 bytes, PostgreSQL allows 63'],
    ['select on s."a\0b"', 'a character that no name can have'],
    ['select on s."\ud800"', 'a character that no name can have'],
  ])('%j', (text, reason) => {
    expect(() => parseGrant(text)).toThrow(RequestError);
    expect(() => parseGrant(text)).toThrow(reason);
    expect(() => parseGrant(text)).toThrow('Write "select, insert on schema.table"');
  });

  it('never throws anything else, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          parseGrant(text);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(RequestError);
        }
      }),
    );
  });
});

const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 15 })
  .filter((text) => !text.includes('\0') && Buffer.byteLength(text) <= 63);
const permissions = fc.subarray([...tablePermissions], { minLength: 1 });
const anyGrant: fc.Arbitrary<Grant> = fc.oneof(
  fc.record({ kind: fc.constant('table' as const), schema: name, table: name, permissions }),
  fc.record({ kind: fc.constant('schema' as const), schema: name, permissions }),
  fc.record({ kind: fc.constant('create' as const), schema: name }),
);

it('formatGrant writes what parseGrant reads, for every name', () => {
  fc.assert(
    fc.property(anyGrant, (grant) => {
      expect(parseGrant(formatGrant(grant))).toEqual(grant);
    }),
  );
});

it('parseGrants merges what names the same thing and puts it in one order', () => {
  const texts = [
    'update on b.t',
    'create in b',
    'select on b.t',
    'select on all in b',
    'all on a.z',
    'create in b',
  ];
  const expected = ['all on a.z', 'create in b', 'select on all in b', 'select, update on b.t'];
  expect(parseGrants(texts).map(formatGrant)).toEqual(expected);
  expect(parseGrants(texts.toReversed()).map(formatGrant)).toEqual(expected);
});

describe('grantsFromJson', () => {
  it('gives back what was stored', () => {
    fc.assert(
      fc.property(fc.array(anyGrant), (grants) => {
        const canonical = parseGrants(grants.map(formatGrant));
        expect(grantsFromJson(JSON.parse(JSON.stringify(canonical)))).toEqual(canonical);
      }),
    );
  });

  it.each([
    null,
    {},
    ['select on a.b'],
    [{ kind: 'create' }],
    [{ kind: 'drop', schema: 'a' }],
    [{ kind: 'schema', schema: 'a', permissions: [] }],
    [{ kind: 'schema', schema: 'a', permissions: ['truncate'] }],
    [{ kind: 'table', schema: 'a', permissions: ['select'] }],
    [{ kind: 'table', schema: 'a', table: '', permissions: ['select'] }],
  ])('refuses %j', (value) => {
    expect(() => grantsFromJson(value)).toThrow(RequestError);
  });
});
