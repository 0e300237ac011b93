/** The gates that run now. */

import type { Instance } from '../model.ts';
import { type Column, Listing } from '../parts/listing.tsx';
import { Moment } from '../parts/moment.tsx';
import { Badge } from '../parts/note.tsx';
import { useEvery, useList } from '../resource.ts';

const refreshMs = 5_000;

const columns: readonly Column<Instance>[] = [
  { title: 'Address', cell: ({ address }) => <code>{address}</code> },
  { title: 'Version', cell: ({ version }) => version },
  { title: 'Started', cell: ({ startedAt }) => <Moment at={startedAt} /> },
  { title: 'Last heartbeat', cell: ({ heartbeatAt }) => <Moment at={heartbeatAt} /> },
  {
    title: 'Policy',
    cell: ({ policyVersion }) =>
      policyVersion === null ? <Badge tone="warn">none yet</Badge> : `version ${policyVersion}`,
  },
];

export function Instances() {
  const list = useList<Instance>('/instances');
  useEvery(refreshMs, () => void list.reload());
  return <Listing caption="Instances" list={list} columns={columns} empty={<p>No gate is running.</p>} />;
}
