/**
 * The text of pg_service.conf: one service with the parameters of this certificate. Pure. Lines end with LF only:
 * libpq before PostgreSQL 13 takes a CR for a part of the value. No password in it, ever.
 */

import { type Connection, bundledFiles as files } from './connection-strings.ts';

/** A service is called like the account, so that the services of several accounts fit into one file. */
export const buildServiceFile = (connection: Connection): string => `\
# A connection service for programs that are built on libpq: psql, QGIS, GDAL,
# psycopg and many others. With this file in the current directory:
#
#   PGSERVICEFILE=pg_service.conf psql service=${connection.user}
#
# The names of the files below are relative. libpq looks for them in the
# directory in which the program was started and expands neither ~ nor
# variables. So they work from within the directory of this file; for
# everything else (QGIS for example) write whole paths:
#
#   Linux, macOS   sslkey=/home/ann/postern/${files.key}
#   Windows        sslkey=C:/postern/${files.key}
#
# No spaces around "=", no quotes around values. The password is an API key
# and does not belong here: keep it in .pgpass (see readme.txt).

[${connection.user}]
host=${connection.host}
port=${connection.port}
dbname=${connection.database}
user=${connection.user}
sslmode=verify-full
sslcert=${files.certificate}
sslkey=${files.key}
sslrootcert=${files.authority}
`;
