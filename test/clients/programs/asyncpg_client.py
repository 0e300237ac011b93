"""The seven steps with asyncpg, which speaks the protocol itself and takes the files as an SSLContext."""

import asyncio
import ssl

import asyncpg
from contract import database, note, parameters, read_key, tell, wait, write_key


def connect(key):
    context = ssl.create_default_context(cafile="server_ca.pem")
    context.load_cert_chain("client.crt", "client.key")
    return asyncpg.connect(**parameters, database=database, password=key, ssl=context)


async def refusal(action):
    try:
        await action
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return {"message": str(error), "sqlstate": getattr(error, "sqlstate", None)}
    raise AssertionError("it was not refused")


def user_of(connection):
    return connection.fetchval("SELECT current_user")


async def main():
    reader = await connect(read_key)
    tell("connect", version=asyncpg.__version__, user=await user_of(reader))

    tables = await reader.fetch(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = $1", "places"
    )
    tell("list", tables=[row["table_name"] for row in tables])

    async with reader.transaction():
        ids = [row["id"] async for row in reader.cursor("SELECT * FROM places.towns", prefetch=5000)]
    tell("read", rows=len(ids), sum=sum(ids))

    write = ("INSERT INTO places.notes (text) VALUES ($1)", note)
    writer = await connect(write_key)
    status = await writer.execute(*write)
    await writer.close()
    tell("write", rows=int(status.split()[-1]))
    tell("refuse", **await refusal(reader.execute(*write)))

    # Who awaits a query gives up on it by its own time limit or by the task's end; asyncpg then cancels it on the
    # server and keeps the server's answer to itself.
    sleep = asyncio.create_task(reader.execute("SELECT pg_sleep(60)"))
    await asyncio.to_thread(wait)
    sleep.cancel()
    cancelled = (await asyncio.gather(sleep, return_exceptions=True))[0]
    assert isinstance(cancelled, asyncio.CancelledError)
    tell("cancel", user=await user_of(reader))

    await asyncio.to_thread(wait)
    # What the server says between two queries, asyncpg drops.
    session = await refusal(ask_when_ended(reader))
    tell("revoked", session=session["message"], message=(await refusal(connect(read_key)))["message"])

    await asyncio.to_thread(wait)
    again = await connect(read_key)
    tell("reconnect", user=await user_of(again))
    await again.close()


async def ask_when_ended(connection):
    # Asking just as the server says goodbye may end in an InternalClientError.
    while not connection.is_closed():
        await asyncio.sleep(0.01)
    await connection.execute("SELECT 1")


asyncio.run(main())
