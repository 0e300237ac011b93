/**
 * A list of the API as a table, which becomes a stack of cards on narrow screens. Shows its own loading, empty, failed,
 * stale and there-is-more states, so that every list of the page behaves the same.
 */

import type { ReactNode } from 'react';
import type { List } from '../resource.ts';
import { useSubmit } from '../submit.ts';
import { ProblemNote } from './note.tsx';

export interface Column<T> {
  readonly title: string;
  readonly cell: (item: T) => ReactNode;
}

interface ListingProps<T> {
  /** For screen readers: what this is a list of. */
  readonly caption: string;
  readonly list: Pick<List<T>, 'items' | 'problem' | 'more' | 'reload'>;
  /** The first names the row. */
  readonly columns: readonly Column<T>[];
  readonly actions?: (item: T) => ReactNode;
  /** What to do when there is nothing. */
  readonly empty: ReactNode;
  readonly isFaded?: (item: T) => boolean;
}

export function Listing<T extends { readonly id: string }>(props: ListingProps<T>) {
  const { caption, list, columns, actions, empty, isFaded } = props;
  const { items, problem, reload } = list;
  const more = useSubmit(async () => list.more?.());
  const retry = () => void reload();
  if (items === undefined) {
    return problem === undefined ? (
      <Loading what={caption} />
    ) : (
      <ProblemNote problem={problem} retry={retry} />
    );
  }
  return (
    <>
      <ProblemNote problem={problem} retry={retry} />
      {items.length === 0 ? (
        <div className="empty">{empty}</div>
      ) : (
        <div className="fitted">
          <table className="listing">
            <caption className="unseen">{caption}</caption>
            <thead>
              <tr>
                {columns.map(({ title }) => (
                  <th key={title} scope="col">
                    {title}
                  </th>
                ))}
                {actions !== undefined && (
                  <th scope="col">
                    <span className="unseen">Actions</span>
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {items.map((item) => (
                <tr key={item.id} className={isFaded?.(item) ? 'faded' : undefined}>
                  {columns.map(({ title, cell }, index) =>
                    index === 0 ? (
                      <th key={title} scope="row">
                        {cell(item)}
                      </th>
                    ) : (
                      <td key={title} data-title={title}>
                        <div>{cell(item)}</div>
                      </td>
                    ),
                  )}
                  {actions !== undefined && <td className="actions">{actions(item)}</td>}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {list.more !== null && (
        <p className="more">
          <button type="button" className="quiet" disabled={more.pending} onClick={() => void more.run()}>
            {more.pending ? 'Loading…' : `Show more (${items.length} shown)`}
          </button>
        </p>
      )}
      <ProblemNote problem={more.problem} />
    </>
  );
}

/** Stands where something will be in a moment. */
export const Loading = ({ what }: { readonly what: string }) => (
  <div className="loading" role="status">
    <span className="unseen">Loading: {what}</span>
    <span aria-hidden="true" />
    <span aria-hidden="true" />
  </div>
);
