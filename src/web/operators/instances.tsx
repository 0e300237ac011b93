/** The gates that run now or fell silent not long ago, and whether the policy that each decides by is the present one. */

import type { Instance, Instances as Listed } from '../model.ts';
import { type Column, Listing } from '../parts/listing.tsx';
import { Moment } from '../parts/moment.tsx';
import { Badge } from '../parts/note.tsx';
import { useEvery, useResource } from '../resource.ts';

const refreshMs = 5_000;

const columnsFor = (present: number): readonly Column<Instance>[] => [
  { title: 'Address', cell: ({ address }) => <code>{address}</code> },
  { title: 'Version', cell: ({ version }) => version },
  { title: 'Started', cell: ({ startedAt }) => <Moment at={startedAt} /> },
  {
    title: 'Last heartbeat',
    cell: ({ heartbeatAt, state }) => (
      <>
        <Moment at={heartbeatAt} /> {state === 'silent' && <Badge tone="warn">silent</Badge>}
      </>
    ),
  },
  {
    title: 'Policy',
    cell: ({ policyVersion }) => {
      if (policyVersion === null) return <Badge tone="warn">none yet</Badge>;
      const behind = present - policyVersion;
      return behind > 0 ? (
        <Badge tone="warn">{behind === 1 ? '1 change behind' : `${behind} changes behind`}</Badge>
      ) : (
        <Badge tone="good">up to date</Badge>
      );
    },
  },
];

export function Instances() {
  const { data, ...rest } = useResource<Listed>('/instances');
  useEvery(refreshMs, () => void rest.refresh());
  return (
    <Listing
      caption="Instances"
      list={{ ...rest, items: data?.items, more: null }}
      columns={columnsFor(data?.policyVersion ?? 0)}
      empty={<p>No gate is running.</p>}
    />
  );
}
