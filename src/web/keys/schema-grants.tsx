/** One schema of the picker: all its tables at once, future ones too, or one by one; and creating tables in it. */

import { useRef } from 'react';
import { Choice } from '../parts/field.tsx';
import { countText } from '../text/counts.ts';
import {
  type Grant,
  type GrantableSchema,
  type GrantTarget,
  mayCreate,
  permissions,
  permissionsOn,
  permissionWords,
  toggleCreate,
  togglePermission,
} from '../text/grants.ts';

export function SchemaGrants({
  schema,
  grants,
  onChange,
  canCreate,
  isOpen,
}: {
  readonly schema: GrantableSchema;
  readonly grants: readonly Grant[];
  readonly onChange: (grants: readonly Grant[]) => void;
  readonly canCreate: boolean;
  /** Unfolds it; it is folded up again by people only. */
  readonly isOpen: boolean;
}) {
  const wasOpen = useRef(isOpen);
  wasOpen.current ||= isOpen;
  const { name } = schema;
  const whole: GrantTarget = { kind: 'schema', schema: name };
  const ofAll = permissionsOn(grants, whole);
  const creates = mayCreate(grants, name);

  /** What the whole schema has, its tables have too. */
  const row = (target: GrantTarget, title: string, given: readonly string[]) => (
    <tr key={title}>
      <th scope="row">{title}</th>
      {permissions.map((permission) => {
        const implied = target.kind === 'table' && ofAll.includes(permission);
        return (
          <td key={permission}>
            <input
              type="checkbox"
              aria-label={`${permissionWords[permission]}: ${target.kind === 'table' ? `${name}.${title}` : `all tables in ${name}, present and future`}`}
              checked={implied || permissionsOn(grants, target).includes(permission)}
              disabled={implied || !given.includes(permission)}
              onChange={() => onChange(togglePermission(grants, target, permission))}
            />
          </td>
        );
      })}
    </tr>
  );
  return (
    <details open={wasOpen.current}>
      <summary>
        <strong>{name}</strong> <span className="soft">{countText(schema.tables.length, 'table')}</span>
      </summary>
      <table>
        <thead>
          <tr>
            <th scope="col">
              <span className="unseen">Table</span>
            </th>
            {permissions.map((permission) => (
              <th key={permission} scope="col" title={permission.toUpperCase()}>
                {permissionWords[permission]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {row(whole, 'All tables, present and future', permissions)}
          {schema.tables.map((table) =>
            row({ kind: 'table', schema: name, table: table.name }, table.name, table.permissions),
          )}
        </tbody>
      </table>
      {canCreate && schema.create && (
        <Choice
          type="checkbox"
          label={`Create tables in ${name}`}
          hint={
            creates ? (
              <strong>
                This trusts the key’s holder like the account’s owner: what the key creates runs with the
                rights of whoever uses it.
              </strong>
            ) : (
              'For programs that write results of their own.'
            )
          }
          checked={creates}
          onChange={() => onChange(toggleCreate(grants, name))}
        />
      )}
    </details>
  );
}
