"""What SQLAlchemy sees of a server: reflection, core and the ORM. The connection is told by PGHOST
and its like."""

import datetime

import sqlalchemy as sa
from sqlalchemy import orm

engine = sa.create_engine("postgresql+psycopg://")


def reflection():
    seen = sa.inspect(engine)
    assert seen.default_schema_name == "public", seen.default_schema_name
    assert "account" in seen.get_table_names(), seen.get_table_names()
    assert seen.has_table("account") and not seen.has_table("nowhere")
    assert seen.get_schema_names() == ["information_schema", "public"], seen.get_schema_names()
    columns = {column["name"]: column for column in seen.get_columns("account")}
    assert list(columns) == ["id", "email", "name", "opened"], columns
    assert isinstance(columns["email"]["type"], sa.TEXT) and not columns["email"]["nullable"]
    assert isinstance(columns["name"]["type"], sa.TEXT) and columns["name"]["nullable"]
    assert isinstance(columns["opened"]["type"], sa.TIMESTAMP)
    assert columns["opened"]["type"].timezone
    assert seen.get_pk_constraint("account")["constrained_columns"] == ["id"]
    assert seen.get_foreign_keys("account") == []
    assert seen.get_indexes("account") == []
    metadata = sa.MetaData()
    metadata.reflect(engine)
    assert [column.name for column in metadata.tables["account"].primary_key] == ["id"]
    return metadata.tables["account"]


EVENT = sa.table(
    "event",
    sa.column("stream", sa.Text),
    sa.column("type", sa.Text),
    sa.column("data", sa.dialects.postgresql.JSONB),
    sa.column("position", sa.BigInteger),
)


def appending():
    with engine.begin() as connection:
        for name in ["ada", "bob", "eve"]:
            connection.execute(
                sa.insert(EVENT).values(
                    stream=f"account/{name}",
                    type="AccountOpened",
                    data={"email": f"{name}@example.org", "name": name.title()},
                )
            )
    # Those of a transaction get their positions together, when it is committed.
    alone = engine.execution_options(isolation_level="AUTOCOMMIT")
    with alone.connect() as connection:
        many = sa.insert(EVENT).returning(EVENT.c.position)
        renamed = {"stream": "account/eve", "type": "Renamed", "data": {"name": "Eva"}}
        assert connection.execute(many, renamed).scalar_one() == 4


def core(account):
    with engine.connect() as connection:
        rows = connection.execute(
            sa.select(account.c.id, sa.func.length(account.c.email))
            .where(account.c.id.in_(["ada", "eve"]), account.c.opened > datetime.datetime(2020, 1, 1))
            .order_by(account.c.id.desc())
        ).all()
        assert rows == [("eve", 15), ("ada", 15)], rows
        joined = (
            sa.select(account.c.name, sa.func.count(EVENT.c.position))
            .join(EVENT, EVENT.c.stream == "account/" + account.c.id)
            .group_by(account.c.name)
            .having(sa.func.count() > 1)
        )
        assert connection.execute(joined).all() == [("Eva", 2)]
        named = account.alias("named")
        newest = sa.select(sa.func.max(named.c.opened)).scalar_subquery()
        late = sa.select(sa.func.count()).select_from(account).where(account.c.opened >= newest)
        assert connection.scalar(late) >= 1
        ranked = sa.select(account.c.id, sa.func.row_number().over(order_by=account.c.id))
        assert connection.execute(ranked).all() == [("ada", 1), ("bob", 2), ("eve", 3)]
        page = sa.select(account.c.id).order_by(account.c.id).limit(1).offset(1)
        assert connection.scalars(page).all() == ["bob"]
        with_name = sa.case((account.c.name.ilike("%a"), "a"), else_="other")
        counted = sa.select(with_name, sa.func.count()).group_by(with_name).order_by(with_name)
        assert connection.execute(counted).all() == [("a", 2), ("other", 1)]
        streamed = connection.execution_options(yield_per=2).execute(sa.select(account.c.id))
        assert sorted(row.id for row in streamed) == ["ada", "bob", "eve"]


def mapped(account):
    class Base(orm.DeclarativeBase):
        pass

    class Account(Base):
        __table__ = account

    with orm.Session(engine) as session:
        ada = session.get(Account, "ada")
        assert ada.email == "ada@example.org" and ada.opened.tzinfo is not None
        found = session.scalars(sa.select(Account).filter_by(name="Eva")).one()
        assert found.id == "eve"


def refused(account):
    """A table is folded from events: who writes to it is told what to do instead."""
    with engine.connect() as connection:
        try:
            connection.execute(sa.update(account).values(name="nobody"))
            raise AssertionError("a table was written to")
        except sa.exc.NotSupportedError as error:
            assert error.orig.sqlstate == "0A000", error


appending()
table = reflection()
core(table)
mapped(table)
refused(table)
