"""
The seven steps with psqlODBC by pyodbc, connecting as the guide shows it: PSQLODBC_BY a connection string (`string`) or
the name of a data source (`source`), which reads in portions by a cursor on the server.
"""

import os
from pathlib import Path

from contract import (
    again_and_again,
    cancelled_when_told,
    database,
    note,
    parameters,
    read_key,
    refusal,
    tell,
    wait,
    write_key,
)

here = Path.cwd()
# Debian's own registry of drivers makes them keep logs in /tmp.
os.environ["ODBCSYSINI"] = str(here)
(here / "odbcinst.ini").write_text("[PostgreSQL Unicode]\nDriver = psqlodbcw.so\n")

import pyodbc  # noqa: E402

# The driver manager's pool would keep connections for later.
pyodbc.pooling = False

files = {"sslcert": "client.crt", "sslkey": "client.key", "sslrootcert": "server_ca.pem"}
libpq_options = " ".join(f"{option}='{here / file}'" for option, file in files.items())

if os.environ["PSQLODBC_BY"] == "source":
    os.environ["ODBCINI"] = str(here / "odbc.ini")
    (here / "odbc.ini").write_text(
        f"""[Postern]
Driver = PostgreSQL Unicode
Servername = {parameters["host"]}
Port = {parameters["port"]}
Database = {database}
Username = {parameters["user"]}
SSLmode = verify-full
UseDeclareFetch = 1
Fetch = 1000
Pqopt = {libpq_options}
"""
    )
    connection_string = "DSN=Postern"
else:
    connection_string = (
        f"Driver={{PostgreSQL Unicode}};Server={parameters['host']};Port={parameters['port']};Database={database};"
        f"UID={parameters['user']};SSLmode=verify-full;Pqopt={{{libpq_options}}}"
    )


def connect(key):
    return pyodbc.connect(f"{connection_string};PWD={{{key}}}", autocommit=True)


def user_of(connection):
    return connection.cursor().execute("SELECT current_user").fetchone()[0]


def refused(action):
    return refusal(action, pyodbc.Error, lambda error: error.args)


reader = connect(read_key)
driver = reader.getinfo(pyodbc.SQL_DRIVER_VER)
tell("connect", version=f"psqlODBC {driver}, pyodbc {pyodbc.version}", user=user_of(reader))

# As the navigators of Excel and Power BI are filled: SQLTables.
tell("list", tables=[row.table_name for row in reader.cursor().tables(schema="places", tableType="TABLE")])

cursor = reader.cursor().execute("SELECT * FROM places.towns")
rows = total = 0
while portion := cursor.fetchmany(5000):
    rows += len(portion)
    total += sum(row.id for row in portion)
cursor.close()
tell("read", rows=rows, sum=total)


def write(connection):
    return connection.cursor().execute("INSERT INTO places.notes (text) VALUES (?)", note).rowcount


writer = connect(write_key)
tell("write", rows=write(writer))
writer.close()
tell("refuse", **refused(lambda: write(reader)))

sleeping = reader.cursor()

seen = cancelled_when_told(sleeping.cancel, lambda: refused(lambda: sleeping.execute("SELECT pg_sleep(60)")))
sleeping.close()
tell("cancel", **seen, user=user_of(reader))

wait()

session = refused(lambda: again_and_again(lambda: user_of(reader)))
tell("revoked", session=session["message"], message=refused(lambda: connect(read_key))["message"])

wait()
again = connect(read_key)
tell("reconnect", user=user_of(again))
again.close()
