/**
 * The files of a new certificate, for the only time. A key that was made in this browser is put beside the server's
 * files here, with the permissions that clients ask for.
 */

import type { CreatedCertificate } from '../model.ts';
import { bytesOfBase64, download } from '../parts/download.ts';
import { Note } from '../parts/note.tsx';
import { OnceDialog } from '../parts/once-dialog.tsx';
import type { OwnKey } from '../pki/own-key.ts';
import { buildZip } from '../pki/zip.ts';

export interface FreshCertificate {
  readonly created: CreatedCertificate;
  /** null: the key is in the server's ZIP, or with its owner. */
  readonly ownKey: OwnKey | null;
}

function zipOf({ created, ownKey }: FreshCertificate): Uint8Array<ArrayBuffer> {
  if (ownKey === null) return bytesOfBase64(created.zip);
  const encoder = new TextEncoder();
  const files = created.files.map(({ name, mode, encoding, content }) => ({
    name,
    mode: Number.parseInt(mode, 8),
    content: encoding === 'base64' ? bytesOfBase64(content) : encoder.encode(content),
  }));
  const keys = [
    { name: 'client.key', mode: 0o600, content: encoder.encode(ownKey.pkcs1Pem) },
    { name: 'client.key.pk8', mode: 0o600, content: ownKey.pkcs8Der },
  ];
  return buildZip([...files, ...keys], new Date());
}

export function DownloadCertificate({
  fresh,
  onClose,
}: {
  readonly fresh: FreshCertificate;
  readonly onClose: () => void;
}) {
  const { certificate, fileName } = fresh.created;
  const holdsKey = certificate.issuedFrom === 'key' || fresh.ownKey !== null;
  return (
    <OnceDialog
      title="Download your certificate"
      action="Download"
      again="Download again"
      first="Download the files first: they cannot be had again later."
      use={async () => download(fileName, 'application/zip', zipOf(fresh))}
      onClose={onClose}
    >
      <p>
        <strong>“{certificate.name}”</strong> is ready. The ZIP holds the certificate,{' '}
        {holdsKey ? 'its private key, ' : ''}the server’s authority, settings and a <code>readme.txt</code>{' '}
        that explains them.
      </p>
      {holdsKey ? (
        <Note tone="advice">
          {fresh.ownKey === null
            ? 'The private key is in this download and nowhere else: Postern keeps no copy. '
            : 'The private key was made in this browser and is in this download alone. '}
          Put the files where only you can read them.
        </Note>
      ) : (
        <Note tone="advice">Your private key stays where it is: put these files beside it.</Note>
      )}
      <p>
        <code>{fileName}</code>
      </p>
    </OnceDialog>
  );
}
