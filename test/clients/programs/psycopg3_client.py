"""The seven steps with psycopg 3, connecting as the guide for Python shows it."""

import os

import psycopg
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
    return psycopg.connect(
        **parameters,
        dbname=database,
        password=key,
        sslmode="verify-full",
        sslcert="client.crt",
        sslkey="client.key",
        sslrootcert="server_ca.pem",
        autocommit=True,
        **dict(pair.split("=") for pair in os.environ.get("POSTERN_MORE", "").split()),
    )


def user_of(connection):
    return connection.execute("SELECT current_user").fetchone()[0]


def refused(action):
    return refusal(action, psycopg.Error, lambda error: (error.sqlstate, str(error)))


reader = connect(read_key)
tell("connect", version=f"{psycopg.__version__}, libpq {psycopg.pq.version()}", user=user_of(reader))

tables = reader.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'places'")
tell("list", tables=[name for (name,) in tables])

with reader.transaction(), reader.cursor(name="towns") as cursor:
    cursor.itersize = 5000
    cursor.execute("SELECT * FROM places.towns")
    ids = [row[0] for row in cursor]
with reader.cursor().copy("COPY places.towns TO STDOUT") as copy:
    assert sum(1 for _ in copy.rows()) == len(ids)
tell("read", rows=len(ids), sum=sum(ids))

write = ("INSERT INTO places.notes (text) VALUES (%s)", (note,))
with connect(write_key) as writer:
    tell("write", rows=writer.execute(*write).rowcount)
tell("refuse", **refused(lambda: reader.execute(*write)))

seen = cancelled_when_told(reader.cancel, lambda: refused(lambda: reader.execute("SELECT pg_sleep(60)")))
tell("cancel", **seen, user=user_of(reader))

wait()

session = refused(lambda: again_and_again(lambda: reader.execute("SELECT 1")))
tell("revoked", session=session["message"], message=refused(lambda: connect(read_key))["message"])

wait()
with connect(read_key) as again:
    tell("reconnect", user=user_of(again))
