/**
 * What the page offers for pasting and downloading beside the guides. Pure. None of it holds a secret: the API key is
 * asked for by the client, and the key files are in the certificate's bundle.
 */

import {
  bundledFiles,
  type Connection,
  filesIn,
  jdbcUrl,
  libpqParameters,
  odbcConnectionString,
  quoteForShell,
} from '../../authority/connection-strings.ts';
import { buildServiceFile } from '../../authority/service-file.ts';

export interface Download {
  readonly fileName: string;
  readonly mediaType: string;
  readonly content: string;
}

export interface PasteReady {
  readonly downloads: Download[];
  readonly jdbcUrl: string;
  readonly odbcConnectionString: string;
  readonly psqlCommand: string;
}

/** Where the guides have people put the files; forward slashes mean the same to Java and libpq on Windows. */
const windowsFiles = filesIn('C:/postern');
const posixFiles = filesIn('/path/to');

/** JDBC parameters for programs that read them from a file: Tableau above all. No value of ours needs escaping. */
const propertiesFile = `\
# JDBC parameters for connections through Postern. Put your folder into the
# paths, with forward slashes. Host, port, database, user and password are
# given where the connection is made.
sslmode=verify-full
sslcert=${windowsFiles.certificate}
sslkey=${windowsFiles.key}.pk8
sslrootcert=${windowsFiles.authority}
`;

const mediaType = 'text/plain; charset=utf-8';

export const buildPasteReady = (connection: Connection): PasteReady => ({
  downloads: [
    { fileName: 'pg_service.conf', mediaType, content: buildServiceFile(connection) },
    { fileName: 'postern.properties', mediaType, content: propertiesFile },
  ],
  jdbcUrl: jdbcUrl(connection, {
    sslcert: posixFiles.certificate,
    sslkey: `${posixFiles.key}.pk8`,
    sslrootcert: posixFiles.authority,
  }),
  odbcConnectionString: odbcConnectionString(connection, windowsFiles),
  psqlCommand: `psql ${quoteForShell(libpqParameters(connection, bundledFiles).join(' '))}`,
});
