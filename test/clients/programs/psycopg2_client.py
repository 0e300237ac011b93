"""The seven steps with psycopg 2, connecting as the guide for Python shows it."""

import psycopg2
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


def connect(key):
    connection = psycopg2.connect(
        **parameters,
        dbname=database,
        password=key,
        sslmode="verify-full",
        sslcert="client.crt",
        sslkey="client.key",
        sslrootcert="server_ca.pem",
    )
    connection.autocommit = True
    return connection


def ask(connection, *query):
    with connection.cursor() as cursor:
        cursor.execute(*query)
        return cursor.fetchall() if cursor.description else cursor.rowcount


def user_of(connection):
    return ask(connection, "SELECT current_user")[0][0]


def refused(action):
    return refusal(action, psycopg2.Error, lambda error: (error.pgcode, str(error)))


reader = connect(read_key)
libpq = psycopg2.extensions.libpq_version()
tell("connect", version=f"{psycopg2.__version__.split()[0]}, libpq {libpq}", user=user_of(reader))

tables = ask(reader, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'places'")
tell("list", tables=[name for (name,) in tables])

ids = []
reader.autocommit = False
with reader, reader.cursor(name="towns") as cursor:
    cursor.itersize = 5000
    cursor.execute("SELECT * FROM places.towns")
    ids.extend(row[0] for row in cursor)
reader.autocommit = True
tell("read", rows=len(ids), sum=sum(ids))

write = ("INSERT INTO places.notes (text) VALUES (%s)", (note,))
writer = connect(write_key)
tell("write", rows=ask(writer, *write))
writer.close()
tell("refuse", **refused(lambda: ask(reader, *write)))

seen = cancelled_when_told(reader.cancel, lambda: refused(lambda: ask(reader, "SELECT pg_sleep(60)")))
tell("cancel", **seen, user=user_of(reader))

wait()

# What the server says between two queries, psycopg 2 drops.
session = refused(lambda: again_and_again(lambda: ask(reader, "SELECT 1")))
tell("revoked", session=session["message"], message=refused(lambda: connect(read_key))["message"])

wait()
tell("reconnect", user=user_of(connect(read_key)))
