/** Changes, newest first: of the account that is acted for, or of all. */

import type { AuditEvent } from '../model.ts';
import { type Column, Listing } from '../parts/listing.tsx';
import { Moment } from '../parts/moment.tsx';
import { useList } from '../resource.ts';

type Row = AuditEvent & { readonly id: string };

const columns: readonly Column<Row>[] = [
  { title: 'When', cell: ({ at }) => <Moment at={at} /> },
  { title: 'What', cell: ({ action }) => <code>{action}</code> },
  { title: 'On', cell: ({ target }) => target },
  { title: 'By', cell: ({ actor }) => actor },
  { title: 'Number', cell: ({ number }) => number },
];

export function AuditList() {
  const list = useList<Row>('/audit', 25);
  return (
    <Listing caption="Changes" list={list} columns={columns} empty={<p>Nothing has been changed yet.</p>} />
  );
}
