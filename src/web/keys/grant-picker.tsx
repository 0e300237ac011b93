/** Chooses what a key may do, out of what the account owns: schema by schema, table by table. */

import { useId, useState } from 'react';
import type { Grantable } from '../model.ts';
import { Loading } from '../parts/listing.tsx';
import { ProblemNote } from '../parts/note.tsx';
import { useResource } from '../resource.ts';
import { describeGrant, type Grant, outdatedGrants } from '../text/grants.ts';
import { SchemaGrants } from './schema-grants.tsx';

/** From so many tables on one can search. */
const manyTables = 12;

export function GrantPicker({
  grants,
  onChange,
  canCreate,
}: {
  readonly grants: readonly Grant[];
  readonly onChange: (grants: readonly Grant[]) => void;
  /** Keys of this kind can be let create tables. */
  readonly canCreate: boolean;
}) {
  const { data, problem, reload } = useResource<Grantable>('/grantable');
  const [sought, setSought] = useState('');
  const id = useId();
  if (data === undefined) {
    return problem === undefined ? (
      <Loading what="your tables" />
    ) : (
      <ProblemNote problem={problem} retry={() => void reload()} />
    );
  }
  const { schemas } = data;
  const outdated = outdatedGrants(grants, schemas);
  const isMany = schemas.reduce((count, { tables }) => count + tables.length, 0) > manyTables;
  const matches = (name: string) => name.toLowerCase().includes(sought.trim().toLowerCase());
  const shown = schemas
    .map((schema) => ({
      ...schema,
      tables: matches(schema.name) ? schema.tables : schema.tables.filter(({ name }) => matches(name)),
    }))
    .filter(({ name, tables }) => tables.length > 0 || matches(name));
  return (
    <fieldset className="picker">
      <legend>What it may do</legend>
      {schemas.length === 0 && (
        <p className="empty">The account owns no tables yet, so there is nothing to grant.</p>
      )}
      {isMany && (
        <div className="field">
          <label htmlFor={id}>Find a table</label>
          <input id={id} type="search" value={sought} onChange={(event) => setSought(event.target.value)} />
        </div>
      )}
      {outdated.length > 0 && (
        <div className="note warning">
          <p>No longer there, or no longer yours to give. Remove before saving:</p>
          <ul>
            {outdated.map((grant) => (
              <li key={describeGrant(grant)}>
                {describeGrant(grant)}{' '}
                <button
                  type="button"
                  className="link"
                  aria-label={`Remove: ${describeGrant(grant)}`}
                  onClick={() => onChange(grants.filter((each) => each !== grant))}
                >
                  Remove
                </button>
              </li>
            ))}
          </ul>
        </div>
      )}
      {shown.map((schema) => (
        <SchemaGrants
          key={schema.name}
          schema={schema}
          grants={grants}
          onChange={onChange}
          canCreate={canCreate}
          isOpen={
            schemas.length === 1 ||
            sought.trim() !== '' ||
            grants.some((grant) => grant.schema === schema.name)
          }
        />
      ))}
      {schemas.length > 0 && shown.length === 0 && <p className="empty">No table is called like that.</p>}
      <p className="hint" role="status">
        {grants.length === 0
          ? 'Nothing is granted yet.'
          : `Granted: ${grants.map(describeGrant).join('; ')}.`}
      </p>
    </fieldset>
  );
}
