"""What Python's clients of PostgreSQL ask a server, one statement of JSON in a line.

    asks.py WHAT

The connection is told by PGHOST and its like. `WHAT` is a function below. Parameters are written into
the statements.
"""

import json
import sys

import psycopg
import sqlalchemy
from psycopg.types import TypeInfo
from psycopg.types.composite import CompositeInfo
from psycopg.types.enum import EnumInfo
from psycopg.types.multirange import MultirangeInfo
from psycopg.types.range import RangeInfo


class Telling(psycopg.Cursor):
    """A cursor that tells what it is asked to execute."""

    told = True

    def execute(self, query, params=None, **more):
        if Telling.told:
            text = psycopg.ClientCursor(self.connection).mogrify(query, params)
            print(json.dumps(text))
        return super().execute(query, params, **more)


psycopg.Cursor = Telling  # where psycopg makes one by itself


def connect():
    return psycopg.connect(cursor_factory=Telling)


def psycopg_types():
    with connect() as connection:
        TypeInfo.fetch(connection, "hstore")
        TypeInfo.fetch(connection, "uuid")
        RangeInfo.fetch(connection, "account")
        MultirangeInfo.fetch(connection, "account")


def psycopg_types_of_rows():
    with connect() as connection:
        CompositeInfo.fetch(connection, "account")
        EnumInfo.fetch(connection, "account")


def sqlalchemy_server():
    """What is asked of a server once."""
    engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=connect)
    engine.connect().close()
    return engine


def sqlalchemy_tables():
    Telling.told = False
    engine = sqlalchemy_server()
    Telling.told = True
    sqlalchemy.MetaData().reflect(engine)
    looking = sqlalchemy.inspect(engine)
    looking.get_schema_names()
    looking.get_view_names()
    looking.get_sequence_names()
    for table in looking.get_table_names():
        looking.has_table(table)
        looking.get_columns(table)
        looking.get_pk_constraint(table)
        looking.get_foreign_keys(table)
        looking.get_unique_constraints(table)
        looking.get_check_constraints(table)
        looking.get_indexes(table)
        looking.get_table_comment(table)
    looking.has_table("nope")


if __name__ == "__main__":
    globals()[sys.argv[1]]()
