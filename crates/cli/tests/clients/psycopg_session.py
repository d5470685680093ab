"""What psycopg 3 can do with Headwater. Run with a connection string; it fails by an exception."""

import asyncio
import datetime
import decimal
import sys
import uuid

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

DSN = sys.argv[1]

APPEND = """
insert into event (id, stream, type, data, tags, occurred_at, expected_revision)
values (%s, %s, %s, %s, %s, %s, %s) returning position, revision
"""


def account(name, expected=0):
    then = datetime.datetime(2026, 11, 20, 10, tzinfo=datetime.timezone.utc)
    data = Jsonb({"email": f"{name}@example.org", "name": name})
    return (uuid.uuid4(), f"account/{name}", "AccountOpened", data, Jsonb(["vip"]), then, expected)


def sync():
    with psycopg.connect(DSN, autocommit=True) as connection:
        assert "Headwater" in connection.info.parameter_status("server_version")
        assert connection.info.encoding == "utf-8"
        values = account("ada")
        position, revision = connection.execute(APPEND, values).fetchone()
        assert (position, revision) == (1, 1)
        # The same event with the same id is the same event.
        assert connection.execute(APPEND, values).fetchone() == (1, 1)
        try:
            connection.execute(APPEND, account("ada"))
            raise AssertionError("a stream that is there was taken for new")
        except psycopg.errors.SerializationFailure as failure:
            assert "found 1" in failure.diag.message_detail, failure.diag.message_detail
        rows = connection.cursor(row_factory=dict_row).execute(
            "select id, name, opened from account where email = %s", ["ada@example.org"]
        )
        row = rows.fetchone()
        assert row["id"] == "ada" and row["opened"].tzinfo is not None
        try:
            connection.execute("select nothing from account")
        except psycopg.errors.UndefinedColumn as failure:
            assert failure.diag.statement_position == "8"


def binary():
    with psycopg.connect(DSN, autocommit=True) as connection:
        cursor = connection.cursor(binary=True)
        given = (
            True,
            7,
            2**40,
            0.5,
            "ä",
            b"\x00\xff",
            uuid.UUID(int=5),
            datetime.date(2024, 2, 29),
            datetime.datetime(2024, 2, 29, 12, 30, 0, 5, tzinfo=datetime.timezone.utc),
            decimal.Decimal("-12345.6789"),
        )
        types = "bool int bigint float8 text bytea uuid date timestamptz numeric".split()
        columns = ", ".join(f"%b::{name}" for name in types)
        assert cursor.execute(f"select {columns}", given).fetchone() == given
        cursor.execute("select %b::jsonb", [Jsonb({"a": [1, None]})])
        assert cursor.fetchone() == ({"a": [1, None]},)
        assert cursor.execute("select null::int").fetchone() == (None,)
        span = datetime.timedelta(days=-3, hours=2, microseconds=5)
        words = ["a b", None, '"', ""]
        cursor.execute("select %b::interval, %b::text[], %b::bigint[]", [span, words, [2**40, -1]])
        assert cursor.fetchone() == (span, words, [2**40, -1])
        # The same statement often enough is prepared.
        for number in range(10):
            assert cursor.execute("select %b::int", [number]).fetchone() == (number,)


def transactions():
    with psycopg.connect(DSN) as connection:
        count = "select count(*) from event"
        before = connection.execute(count).fetchone()[0]
        plain = "insert into event (stream, type, data) values (%s, %s, %s)"
        opened = Jsonb({"email": "bob@example.org"})
        connection.execute(plain, ["account/bob", "AccountOpened", opened])
        assert connection.execute(count).fetchone()[0] == before
        with connection.transaction():
            connection.execute(plain, ["account/bob", "Renamed", Jsonb({"name": "Bob"})])
        try:
            with connection.transaction():
                connection.execute(plain, ["account/bob", "Lost", None])
                connection.execute("select 1 / 0")
        except psycopg.errors.DivisionByZero:
            pass
        connection.commit()
        assert connection.execute(count).fetchone()[0] == before + 2
        connection.rollback()


def cursors():
    with psycopg.connect(DSN) as connection:
        many = [(f"note/{number}", "Noted", Jsonb({"n": number})) for number in range(500)]
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into event (stream, type, data) values (%s, %s, %s)", many
            )
        connection.commit()
        query = "select (data ->> 'n')::int from event where category = 'note' order by position"
        with connection.cursor(name="notes") as cursor:
            cursor.itersize = 100
            cursor.execute(query)
            assert [row[0] for row in cursor] == list(range(500))
        with connection.cursor(name="notes", binary=True) as cursor:
            cursor.execute(query)
            assert cursor.fetchmany(3) == [(0,), (1,), (2,)]
        connection.rollback()
        with connection.cursor() as cursor:
            with cursor.copy(f"copy ({query} limit 3) to stdout") as copy:
                assert [row for row in copy.rows()] == [("0",), ("1",), ("2",)]


def pipeline():
    with psycopg.connect(DSN, autocommit=True) as connection:
        with connection.pipeline():
            cursors = [connection.execute("select %s::int", [number]) for number in range(20)]
            assert [cursor.fetchone()[0] for cursor in cursors] == list(range(20))
        try:
            with connection.pipeline():
                connection.execute("select 1 / 0")
                connection.execute("select 1")
        except psycopg.errors.DivisionByZero:
            pass
        assert connection.execute("select 1").fetchone() == (1,)


def notifications():
    with psycopg.connect(DSN, autocommit=True) as connection:
        connection.execute("listen bell")
        with psycopg.connect(DSN, autocommit=True) as other:
            ring = "insert into event (stream, type) values ('bell/1', 'Rang') returning position"
            position = other.execute(ring).fetchone()[0]
        told = next(connection.notifies(timeout=30))
        assert (told.channel, told.payload) == ("bell", str(position))


async def asynchronous():
    async with await psycopg.AsyncConnection.connect(DSN, autocommit=True) as connection:
        cursor = await connection.execute("select count(*) from account")
        assert (await cursor.fetchone())[0] >= 1
        long = """with recursive t (n) as (select 1 union all select n + 1 from t where n < 2000000000)
                  select count(*) from t"""
        running = asyncio.create_task(connection.execute(long))
        while not running.done():
            await connection.cancel_safe()
            await asyncio.sleep(0.02)
        try:
            await running
            raise AssertionError("the query was not called off")
        except psycopg.errors.QueryCanceled:
            pass
        cursor = await connection.execute("show headwater.position")
        assert int((await cursor.fetchone())[0]) > 0


def past():
    with psycopg.connect(DSN, autocommit=True) as connection:
        connection.execute("set headwater.at = '1'")
        assert connection.execute("select count(*) from account").fetchone() == (1,)


sync()
binary()
transactions()
cursors()
pipeline()
notifications()
asyncio.run(asynchronous())
past()
print("psycopg", psycopg.__version__, "done")
