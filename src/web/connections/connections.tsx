/** The page "Connections": everything an account's people need to get in, from top to bottom in the order of need. */

import { Activity } from '../activity/activity.tsx';
import { Addresses } from '../addresses/addresses.tsx';
import { Certificates } from '../certificates/certificates.tsx';
import { Connect } from '../connect/connect.tsx';
import { Keys } from '../keys/keys.tsx';
import type { AddressRule } from '../model.ts';
import { useList } from '../resource.ts';

const sections = [
  ['addresses', 'Your addresses'],
  ['certificates', 'Certificates'],
  ['keys', 'API keys'],
  ['connect', 'Connect'],
  ['activity', 'Activity'],
] as const;

export function Connections({ account }: { readonly account: string }) {
  const addresses = useList<AddressRule>('/address-rules');
  return (
    <div className="columns">
      <nav className="contents" aria-label="On this page">
        <ul>
          {sections.map(([id, title]) => (
            <li key={id}>
              <a href={`#${id}`}>{title}</a>
            </li>
          ))}
        </ul>
      </nav>
      <main id="content" tabIndex={-1}>
        <h1>Connections</h1>
        <p className="lead">
          Work on your own data with QGIS, Tableau, psql and the like. Three things let a computer in: an
          address that you allow, a certificate, and an API key.
        </p>
        <Addresses list={addresses} />
        <Certificates addresses={addresses} account={account} />
        <Keys />
        <Connect />
        <Activity addresses={addresses} />
      </main>
    </div>
  );
}
