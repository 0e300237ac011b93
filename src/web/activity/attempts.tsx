/** Recent attempts to connect. A refusal says why; an address that was refused can be allowed on the spot. */

import { useId, useState } from 'react';
import { useConsole } from '../context.ts';
import type { AddressRule, Attempt } from '../model.ts';
import { Address } from '../parts/address.tsx';
import { type Column, Listing } from '../parts/listing.tsx';
import { Moment } from '../parts/moment.tsx';
import { Badge, ProblemNote } from '../parts/note.tsx';
import type { List } from '../resource.ts';
import { useCreate, useSubmit } from '../submit.ts';
import { shortCidr } from '../text/addresses.ts';
import { durationText, isPast } from '../text/times.ts';
import { useAttempts } from './attempts-feed.ts';

/** Whose hint asks for what the button beside it does. */
const addressRefused = 'address-refused';

const columns: readonly Column<Attempt>[] = [
  { title: 'When', cell: ({ at }) => <Moment at={at} /> },
  {
    title: 'Outcome',
    cell: ({ outcome, reason, title, hint, durationMs }) => (
      <>
        <Badge tone={outcome === 'admitted' ? 'good' : 'bad'}>{outcome}</Badge>{' '}
        {title ??
          reason ??
          (durationMs !== null && <span className="soft">for {durationText(durationMs)}</span>)}
        {outcome === 'refused' && reason !== addressRefused && hint !== null && (
          <span className="soft second">{hint}</span>
        )}
      </>
    ),
  },
  { title: 'Address', cell: ({ address }) => <Address of={address ?? 'unknown'} /> },
  {
    title: 'With',
    cell: ({ certificate, key, applicationName }) =>
      [applicationName, certificate, key].filter((each) => each).join(' · ') || (
        <span className="soft">nothing</span>
      ),
  },
];

const modes = {
  stream: 'New attempts appear as they end.',
  polling: 'New attempts appear every few seconds.',
  paused: 'Paused.',
} as const;

export function Attempts({ addresses }: { readonly addresses: List<AddressRule> }) {
  const { say } = useConsole();
  const create = useCreate();
  const [outcome, setOutcome] = useState('');
  const [isPaused, setIsPaused] = useState(false);
  const { list, mode } = useAttempts(outcome, isPaused);
  const id = useId();
  const allowing = useSubmit(async (address: string) => {
    await create('/address-rules', { cidr: address, label: 'Allowed after a refused attempt' });
    say(`${address} may connect now.`);
    await addresses.reload();
  });
  const isAllowed = (address: string) =>
    addresses.items?.some(
      ({ cidr, expiresAt }) => shortCidr(cidr) === address && !isPast(expiresAt, Date.now()),
    );
  return (
    <>
      <h3>Recent attempts</h3>
      <div className="toolbar">
        <label htmlFor={id}>Show</label>
        <select id={id} value={outcome} onChange={(event) => setOutcome(event.target.value)}>
          <option value="">all attempts</option>
          <option value="refused">refused ones</option>
          <option value="admitted">admitted ones</option>
        </select>
        <button type="button" className="quiet small" onClick={() => setIsPaused(!isPaused)}>
          {isPaused ? 'Go on' : 'Pause'}
        </button>
        <span className="soft">{modes[mode]}</span>
      </div>
      <ProblemNote problem={allowing.problem} />
      <Listing
        caption="Recent attempts"
        list={list}
        columns={columns}
        empty={<p>Nobody has tried to connect yet. Try it with your program: what happens shows up here.</p>}
        actions={({ reason, address }) => {
          if (reason !== addressRefused || address === null) return null;
          if (isAllowed(address)) return <Badge tone="good">allowed now</Badge>;
          return (
            <button
              type="button"
              className="main small"
              aria-label={`Allow this address: ${address}`}
              disabled={allowing.pending}
              onClick={() => void allowing.run(address)}
            >
              Allow this address
            </button>
          );
        }}
      />
    </>
  );
}
