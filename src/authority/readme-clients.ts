/**
 * The sections of readme.txt that show, client by client, how to connect: one function per family. Pure. What bites
 * each of them is written down where it is avoided; `readme.ts` says how lines are laid out.
 */

import {
  bundledFiles,
  type Connection,
  filesIn,
  jdbcUrl,
  libpqParameters,
  odbcConnectionString,
  quoteForShell,
} from './connection-strings.ts';
import { pkcs12Password } from './pkcs12.ts';

/** A section's title, underlined, with an empty line before it. */
export const heading = (text: string): string => `\n${text}\n${'-'.repeat(text.length)}\n`;

/** Line breaks are as good as spaces within libpq's parameters, and a shell takes them inside quotes. */
const inLines = (parameters: readonly string[]): string => {
  const lines: string[] = [];
  for (const parameter of parameters) {
    const longer = `${lines.at(-1) ?? ''} ${parameter}`;
    if (lines.length > 0 && longer.length <= 66) lines[lines.length - 1] = longer;
    else lines.push(parameter);
  }
  return lines.join('\n    ');
};

export const psql = (connection: Connection): string => `${heading('psql and everything else on libpq')}
In the directory of these files (psql then asks for the API key):

  psql ${quoteForShell(inLines(libpqParameters(connection, bundledFiles)))}

or with the service file, on Linux and macOS:

  PGSERVICEFILE=pg_service.conf psql service=${connection.user}

and in a Windows command prompt:

  set PGSERVICEFILE=pg_service.conf
  psql service=${connection.user}

pg_service.conf says how to use it from other directories. To keep the API key
out of commands and scripts, put this line with your key into ~/.pgpass (mode
600), on Windows into %APPDATA%\\postgresql\\pgpass.conf:

  ${[connection.host, connection.port, connection.database, connection.user].map(pgpassValue).join(':')}:pst_...

On Windows write paths with forward slashes (C:/postern/client.key) and use a
folder without spaces: libpq takes a backslash in such a text for an escape.
`;

/** The separators of .pgpass are escaped with a backslash. */
const pgpassValue = (value: string | number): string => String(value).replaceAll(/[\\:]/g, '\\$&');

export const qgis = ({ user, host, port, database }: Connection): string => `${heading('QGIS')}
1. Settings > Options > Authentication > Manage Certificates > Authorities:
   import server_ca.pem. QGIS trusts this list and no other.
2. In the same place, under Configurations, add one of the type "PKI paths"
   with client.crt and client.key.
3. Layer > Data Source Manager > PostgreSQL > New:
   host ${host}, port ${port}, database ${database},
   SSL mode verify-full, and the configuration of step 2. The password is the
   API key. Whatever user you enter, QGIS sends the name in the certificate:
   it is ${user}, which is right.

Or enter only the service "${user}" there and let the environment variable
PGSERVICEFILE name pg_service.conf, with whole paths in it.
`;

export const jdbc = (connection: Connection, privateKey: 'included' | 'kept'): string => {
  const folder = filesIn('/path/to');
  const common = { sslcert: folder.certificate, sslrootcert: folder.authority };
  const packed = `
or with the PKCS#12 file, where sslpassword must be given:

${jdbcUrl(connection, { sslkey: '/path/to/client.p12', sslpassword: pkcs12Password, sslrootcert: folder.authority })}
`;
  return `${heading('JDBC (DBeaver, Tableau, Databricks, GeoServer, Java)')}
Replace /path/to; on Windows for example by C:/postern. The key is the .pk8,
which every version of the driver reads; none reads client.key.

${jdbcUrl(connection, { ...common, sslkey: `${folder.key}.pk8` })}
${privateKey === 'included' ? packed : ''}
The message "connection requires a valid client certificate" means that the
driver could not read one of the files. On a cluster each node needs them, on
a local disk with mode 600.
`;
};

export const odbc = (connection: Connection): string => `${heading('ODBC (Power BI, Excel, Access)')}
Install psqlODBC and use this as the connection string, or make a System DSN:
SSL mode verify-full, and the part in Pqopt={...} under Datasource > Page 3 >
LibPQ parameters. Whole paths, with forward slashes; PWD is the API key.

${odbcConnectionString(connection, filesIn('C:/postern'))};PWD=pst_...
`;

export const python = ({ host, port, database, user }: Connection): string => `${heading('Python (psycopg)')}
  import os, psycopg

  connection = psycopg.connect(
      host=${JSON.stringify(host)}, port=${port},
      dbname=${JSON.stringify(database)}, user=${JSON.stringify(user)},
      password=os.environ["PGPASSWORD"],  # the API key
      sslmode="verify-full", sslrootcert="server_ca.pem",
      sslcert="client.crt", sslkey="client.key",
  )
`;
