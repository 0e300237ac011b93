/**
 * Where a client connects to, written the way each family of clients wants it. Pure. Values are quoted for the
 * format they go into, so that no name can add a parameter; the API key is never among them.
 */

/** How clients reach the gate, and as whom. */
export interface Connection {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** The account's name, which is the certificate's CN. */
  readonly user: string;
}

/** The files that a client needs, as names or paths with forward slashes. */
export interface ClientFiles {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
}

/** The files by their names in a bundle. */
export const bundledFiles: ClientFiles = {
  certificate: 'client.crt',
  key: 'client.key',
  authority: 'server_ca.pem',
};

/** The bundle's files in a folder, written with forward slashes. */
export const filesIn = (folder: string): ClientFiles => ({
  certificate: `${folder}/${bundledFiles.certificate}`,
  key: `${folder}/${bundledFiles.key}`,
  authority: `${folder}/${bundledFiles.authority}`,
});

const plain = /^[\w.:/~-]+$/;

/** libpq's keyword/value format: quotes around what is not plain, backslashes before quotes and backslashes. */
export const conninfoValue = (value: string): string =>
  plain.test(value) ? value : `'${value.replaceAll(/['\\]/g, '\\$&')}'`;

const conninfo = (parameters: Readonly<Record<string, string>>): string[] =>
  Object.entries(parameters).map(([keyword, value]) => `${keyword}=${conninfoValue(value)}`);

const tlsParameters = (files: ClientFiles): Record<string, string> => ({
  sslcert: files.certificate,
  sslkey: files.key,
  sslrootcert: files.authority,
});

/** libpq: one `keyword=value` each, to be joined with spaces or line breaks. */
export const libpqParameters = (connection: Connection, files: ClientFiles): readonly string[] =>
  conninfo({
    host: connection.host,
    port: String(connection.port),
    dbname: connection.database,
    user: connection.user,
    sslmode: 'verify-full',
    ...tlsParameters(files),
  });

/** IPv6 addresses need brackets in a URL. */
export const urlHost = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** pgjdbc; `parameters` go beyond user and sslmode: the files, or those of a PKCS#12 file. */
export const jdbcUrl = (connection: Connection, parameters: Readonly<Record<string, string>>): string => {
  // File names keep their slashes: legal in a query (RFC 3986 §3.4), and a person has to edit them.
  const query = Object.entries({ user: connection.user, sslmode: 'verify-full', ...parameters })
    .map(
      ([name, value]) => `${name}=${encodeURIComponent(value).replaceAll('%2F', '/').replaceAll('%3A', ':')}`,
    )
    .join('&');
  return `jdbc:postgresql://${urlHost(connection.host)}:${connection.port}/${encodeURIComponent(connection.database)}?${query}`;
};

/** ODBC's attribute format: braces around what is not plain, closing braces doubled. */
export const odbcValue = (value: string): string =>
  plain.test(value) ? value : `{${value.replaceAll('}', '}}')}}`;

/**
 * psqlODBC, without PWD. It has no fields for certificates: Pqopt hands them to libpq, which parses it as
 * keyword/value text and therefore eats single backslashes in Windows paths.
 */
export const odbcConnectionString = (connection: Connection, files: ClientFiles): string =>
  [
    'Driver={PostgreSQL Unicode}',
    `Server=${odbcValue(connection.host)}`,
    `Port=${connection.port}`,
    `Database=${odbcValue(connection.database)}`,
    `UID=${odbcValue(connection.user)}`,
    'SSLmode=verify-full',
    `Pqopt={${conninfo(tlsParameters(files)).join(' ')}}`,
  ].join(';');

/**
 * One argument of a command line, in double quotes where those mean the same to POSIX shells, PowerShell and
 * cmd.exe; what they would expand goes into the single quotes of POSIX shells.
 */
export const quoteForShell = (text: string): string =>
  /["$`\\%!]/.test(text) ? `'${text.replaceAll("'", "'\\''")}'` : `"${text}"`;
