/** Your addresses: from where the account's clients may come. */

import { useState } from 'react';
import type { AddressRule } from '../model.ts';
import { Address } from '../parts/address.tsx';
import { type Column, Listing } from '../parts/listing.tsx';
import { Moment } from '../parts/moment.tsx';
import { Badge } from '../parts/note.tsx';
import { Section } from '../parts/section.tsx';
import { type List, useEvery } from '../resource.ts';
import { isPast } from '../text/times.ts';
import { AddAddresses } from './add-addresses.tsx';
import { EditAddress } from './edit-address.tsx';
import { RemoveAddress } from './remove-address.tsx';

const columns: readonly Column<AddressRule>[] = [
  { title: 'Address', cell: ({ cidr }) => <Address of={cidr} /> },
  { title: 'Label', cell: ({ label }) => label || <span className="soft">none</span> },
  {
    title: 'Expires',
    cell: ({ expiresAt }) =>
      isPast(expiresAt, Date.now()) ? (
        <>
          <Badge tone="warn">expired</Badge> <Moment at={expiresAt} />
        </>
      ) : (
        <Moment at={expiresAt} />
      ),
  },
];

type Opened = { readonly kind: 'edit' | 'remove'; readonly rule: AddressRule };

export function Addresses({ list }: { readonly list: List<AddressRule> }) {
  const [opened, setOpened] = useState<Opened>();
  const close = () => setOpened(undefined);
  // So that what expires is shown as expired.
  const [, tick] = useState(0);
  useEvery(30_000, () => tick((count) => count + 1));
  return (
    <Section
      id="addresses"
      title="Your addresses"
      lead="Only computers at these internet addresses may connect. Everybody else is turned away, whatever they know."
    >
      <AddAddresses onAdded={list.reload} />
      <Listing
        caption="Allowed addresses"
        list={list}
        columns={columns}
        isFaded={({ expiresAt }) => isPast(expiresAt, Date.now())}
        empty={
          <p>
            <strong>No address is allowed yet, so nobody can connect.</strong> Start with the one you are at:
            choose “Get your IP address”, then “Allow”.
          </p>
        }
        actions={(rule) => (
          <>
            <button
              type="button"
              className="quiet small"
              aria-label={`Edit ${rule.cidr}`}
              onClick={() => setOpened({ kind: 'edit', rule })}
            >
              Edit
            </button>
            <button
              type="button"
              className="quiet small"
              aria-label={`Remove ${rule.cidr}`}
              onClick={() => setOpened({ kind: 'remove', rule })}
            >
              Remove
            </button>
          </>
        )}
      />
      {opened?.kind === 'edit' && <EditAddress rule={opened.rule} onDone={list.reload} onClose={close} />}
      {opened?.kind === 'remove' && <RemoveAddress rule={opened.rule} onDone={list.reload} onClose={close} />}
    </Section>
  );
}
