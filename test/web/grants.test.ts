import { describe, expect, it } from 'vitest';
import { parseGrants } from '../../src/policy/grants.ts';
import {
  describeGrant,
  type Grant,
  grantText,
  mayCreate,
  outdatedGrants,
  permissionsOn,
  toggleCreate,
  togglePermission,
} from '../../src/web/text/grants.ts';

const roads = { kind: 'table', schema: 'public', table: 'roads' } as const;
const gis = { kind: 'schema', schema: 'gis' } as const;

describe('the texts of grants', () => {
  const grants: readonly Grant[] = [
    { ...roads, permissions: ['select', 'update'] },
    { ...gis, permissions: ['select', 'insert', 'update', 'delete'] },
    { kind: 'create', schema: 'My "odd" schema' },
    { kind: 'table', schema: 'Größe', table: 'all.in', permissions: ['delete'] },
  ];

  it.each(grants)('are read by the server as they are meant: %j', (grant) => {
    expect(parseGrants([grantText(grant)])).toEqual([grant]);
  });

  it('are told in plain words', () => {
    expect(grants.slice(0, 3).map(describeGrant)).toEqual([
      'Read and change public.roads',
      'Everything with all tables in gis, future ones too',
      'Create tables in My "odd" schema',
    ]);
  });
});

describe('picking grants', () => {
  it('turns permissions on and off, in their own order', () => {
    const one = togglePermission([], roads, 'update');
    const two = togglePermission(one, roads, 'select');
    expect(permissionsOn(two, roads)).toEqual(['select', 'update']);
    expect(permissionsOn(two, { ...roads, schema: 'gis' })).toEqual([]);
    expect(togglePermission(togglePermission(two, roads, 'select'), roads, 'update')).toEqual([]);
  });

  it('keeps a schema apart from its tables and from creating in it', () => {
    const grants = toggleCreate(
      togglePermission(togglePermission([], gis, 'select'), roads, 'select'),
      'gis',
    );
    expect(permissionsOn(grants, gis)).toEqual(['select']);
    expect(permissionsOn(grants, roads)).toEqual(['select']);
    expect([mayCreate(grants, 'gis'), mayCreate(grants, 'public')]).toEqual([true, false]);
    expect(mayCreate(toggleCreate(grants, 'gis'), 'gis')).toBe(false);
  });

  it('finds grants on what is no longer there', () => {
    const schemas = [{ name: 'public', create: false, tables: [] }];
    const kept: Grant = { kind: 'schema', schema: 'public', permissions: ['select'] };
    const gone: readonly Grant[] = [
      { ...roads, permissions: ['select'] },
      { ...gis, permissions: ['select'] },
      { kind: 'create', schema: 'public' },
    ];
    expect(outdatedGrants([kept, ...gone], schemas)).toEqual(gone);
  });
});
