/** Certificates: by what the account's computers prove who they are. */

import { useState } from 'react';
import type { AddressRule, Certificate } from '../model.ts';
import { type Column, Listing } from '../parts/listing.tsx';
import { Moment } from '../parts/moment.tsx';
import { Badge, Note, type Tone } from '../parts/note.tsx';
import { Section } from '../parts/section.tsx';
import { type List, useList } from '../resource.ts';
import { dateText, daysUntil, isPast, warnBeforeDays } from '../text/times.ts';
import { DownloadCertificate, type FreshCertificate } from './download-certificate.tsx';
import { NewCertificate } from './new-certificate.tsx';
import { RevokeCertificate } from './revoke-certificate.tsx';

const endsSoon = ({ status, notAfter }: Certificate): boolean =>
  status === 'active' && daysUntil(notAfter, Date.now()) < warnBeforeDays;

const tones: Readonly<Record<Certificate['status'], Tone>> = {
  active: 'good',
  expired: 'warn',
  revoked: 'bad',
};

const columns: readonly Column<Certificate>[] = [
  { title: 'Name', cell: ({ name }) => name },
  {
    title: 'Status',
    cell: (certificate) =>
      endsSoon(certificate) ? (
        <Badge tone="warn">expires soon</Badge>
      ) : (
        <Badge tone={tones[certificate.status]}>{certificate.status}</Badge>
      ),
  },
  { title: 'Created', cell: ({ createdAt }) => <Moment at={createdAt} /> },
  { title: 'Expires', cell: ({ notAfter }) => <Moment at={notAfter} /> },
  { title: 'Last used', cell: ({ lastUsedAt }) => <Moment at={lastUsedAt} /> },
];

type Opened =
  | { readonly kind: 'new' }
  | { readonly kind: 'download'; readonly fresh: FreshCertificate }
  | { readonly kind: 'revoke'; readonly certificate: Certificate };

export function Certificates({
  addresses,
  account,
}: {
  readonly addresses: List<AddressRule>;
  readonly account: string;
}) {
  const list = useList<Certificate>('/certificates');
  const [opened, setOpened] = useState<Opened>();
  const close = () => setOpened(undefined);
  const soon = list.items?.filter(endsSoon) ?? [];
  // Unknown counts as allowed: the console decides anyway.
  const hasAddress =
    addresses.items === undefined ||
    addresses.more !== null ||
    addresses.items.some(({ expiresAt }) => !isPast(expiresAt, Date.now()));
  return (
    <Section
      id="certificates"
      title="Certificates"
      lead="A certificate is the identity card of a computer. Make one for each computer, so that you can revoke one without stopping the others."
      action={
        <>
          <button
            type="button"
            className="main"
            disabled={!hasAddress}
            aria-describedby={hasAddress ? undefined : 'why-no-certificate'}
            onClick={() => setOpened({ kind: 'new' })}
          >
            NEW CERTIFICATE
          </button>
          {!hasAddress && (
            <p className="hint" id="why-no-certificate">
              Allow an address above first.
            </p>
          )}
        </>
      }
    >
      {soon.length > 0 && (
        <Note tone="warning">
          {soon.map(({ id, name, notAfter }) => (
            <p key={id}>
              <strong>
                “{name}” expires on {dateText(notAfter)}.
              </strong>{' '}
              Make a new certificate for this computer before then, or it can no longer connect.
            </p>
          ))}
        </Note>
      )}
      <Listing
        caption="Certificates"
        list={list}
        columns={columns}
        isFaded={({ status }) => status !== 'active'}
        empty={
          <p>
            <strong>There is no certificate yet.</strong> The first one takes a minute: name it after the
            computer that will use it, and download its files.
          </p>
        }
        actions={(certificate) =>
          certificate.status === 'active' && (
            <button
              type="button"
              className="quiet small"
              aria-label={`Revoke ${certificate.name}`}
              onClick={() => setOpened({ kind: 'revoke', certificate })}
            >
              Revoke
            </button>
          )
        }
      />
      {opened?.kind === 'new' && (
        <NewCertificate
          account={account}
          onCreated={(fresh) => {
            setOpened({ kind: 'download', fresh });
            void list.reload();
          }}
          onClose={close}
        />
      )}
      {opened?.kind === 'download' && <DownloadCertificate fresh={opened.fresh} onClose={close} />}
      {opened?.kind === 'revoke' && (
        <RevokeCertificate certificate={opened.certificate} onDone={list.reload} onClose={close} />
      )}
    </Section>
  );
}
