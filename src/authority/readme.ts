/**
 * The text of readme.txt: what each file of a bundle is for and how to connect with the usual clients. Pure.
 * Prose stays within 78 columns; only what must be pasted in one piece, and long names, go beyond. Lines end with
 * CR LF: the Notepad of older Windows shows a text without CR as one line, and every other program copes.
 */

import type { Connection } from './connection-strings.ts';
import type { IssuedCertificate } from './issue.ts';
import { pkcs12Password } from './pkcs12.ts';
import { heading, jdbc, odbc, psql, python, qgis } from './readme-clients.ts';
import { dateText } from './validity.ts';

export interface ReadmeFacts {
  readonly issued: IssuedCertificate;
  readonly certificateName: string;
  readonly connection: Connection;
  /** `kept`: the certificate was made from a signing request, and the bundle holds no key. */
  readonly privateKey: 'included' | 'kept';
}

const facts = ({ issued, certificateName, connection }: ReadmeFacts): string => `\
Connect to ${connection.database}
===========${'='.repeat(connection.database.length)}

  Host          ${connection.host}
  Port          ${connection.port}
  Database      ${connection.database}
  User          ${connection.user}
  Password      an API key of this account (pst_...), which is not in here

  Certificate   ${certificateName}
  Serial        ${issued.serial}
  Valid until   ${dateText(issued.notAfter)}

Three things open the door: this certificate, an API key as the password, and
an address that is on the account's allowlist. Certificates, API keys and
addresses are managed under Settings > Connections; an error message of the
server says which of the three is missing.
`;

const includedFiles = `${heading('The files')}
  client.crt        the certificate: PEM
  client.key        its private key: PEM (PKCS#1), for psql, QGIS, GDAL,
                    Python, R, ODBC and most other clients
  client.key.pk8    the same key: DER (PKCS#8), for JDBC
  client.p12        certificate and key in one file (PKCS#12, alias "user",
                    password "${pkcs12Password}"), for programs that want it so
  server_ca.pem     what the server's certificate is checked against
  pg_service.conf   all the parameters below as a service, for libpq clients
  readme.txt        this text

The three files with the key are secret: whoever has them holds a part of what
opens your data. The server keeps no copy. If they get into wrong hands,
revoke the certificate under Settings > Connections and create another.

On Linux and macOS only you may be able to read them, or clients refuse them:

  chmod 600 client.key client.key.pk8 client.p12

The keys have no passphrase, because several clients cannot ask for one. The
password of client.p12 is not a secret either: Java and the import dialogs of
operating systems insist on one. The file uses AES-256 and SHA-256, which Java
reads since 8u301 and 11.0.12; with an older Java use client.key.pk8.
`;

const keptFiles = `${heading('The files')}
  client.crt        the certificate: PEM
  server_ca.pem     what the server's certificate is checked against
  pg_service.conf   all the parameters below as a service, for libpq clients
  readme.txt        this text

There is no private key here: the certificate was made from a signing request,
and the key stayed with its owner. Wherever "client.key" stands below, put the
file of your own key. On Linux and macOS only you may be able to read it, or
clients refuse it:

  chmod 600 client.key

JDBC wants the key as DER (PKCS#8), without a passphrase:

openssl pkcs8 -topk8 -nocrypt -outform DER -in client.key -out client.key.pk8
chmod 600 client.key.pk8
`;

const modes = (connection: Connection): string => `${heading('sslmode')}
require, verify-ca and verify-full all work. Use verify-full: only this mode
makes sure that the server at the other end is ${connection.host}.
`;

export const buildReadme = (readme: ReadmeFacts): string =>
  [
    facts(readme),
    readme.privateKey === 'included' ? includedFiles : keptFiles,
    modes(readme.connection),
    psql(readme.connection),
    qgis(readme.connection),
    jdbc(readme.connection, readme.privateKey),
    odbc(readme.connection),
    python(readme.connection),
  ]
    .join('')
    .replaceAll('\n', '\r\n');
