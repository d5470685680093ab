//! `create table` and `create index`.

use std::sync::Arc;

use headwater_sql::{Catalog, Type, create_index, create_table};

use crate::database::Database;

#[test]
fn a_table_keeps_what_was_said() {
    let table = create_table(
        "create table Sale (id bigint primary key, \"Note\" text unique, amount double precision
         default -0.5, at timestamptz not null, who uuid, doc jsonb, raw bytea, ok boolean,
         constraint few check (amount < 100), unique (at, who))",
    )
    .unwrap();
    assert_eq!(table.name, "sale");
    let types: Vec<Type> = table.columns.iter().map(|column| column.ty).collect();
    let expected = [
        Type::BigInt,
        Type::Text,
        Type::Double,
        Type::Timestamptz,
        Type::Uuid,
        Type::Jsonb,
        Type::Bytea,
        Type::Bool,
    ];
    assert_eq!(types, expected);
    assert_eq!(table.column("Note"), Some(1));
    assert_eq!(table.column("note"), None);
    assert_eq!(table.primary_key, [0]);
    assert_eq!(table.primary_key_name, "sale_pkey");
    assert!(table.columns[0].not_null && table.columns[3].not_null && !table.columns[1].not_null);
    let unique: Vec<&str> = table
        .unique
        .iter()
        .map(|unique| unique.name.as_str())
        .collect();
    assert_eq!(unique, ["sale_Note_key", "sale_at_who_key"]);
    assert_eq!(table.checks[0].name, "few");
}

#[test]
fn an_integer_key_is_a_plain_column() {
    let database = Database::new(&["create table t (id bigint primary key, x int)"]);
    assert_eq!(database.failure("insert into t (x) values (1)"), "23502");
    assert_eq!(database.failure("insert into t values (null, 1)"), "23502");
}

#[test]
fn defaults_are_stored_as_their_type() {
    let database = Database::new(&["create table t (k text primary key, d double precision default 0.1,
        at timestamptz default '2026-01-01 01:00:00+01', j jsonb default '{\"b\":1,\"a\":2}',
        u uuid default '00000000-0000-0000-0000-00000000000A', b bytea default '\\xff', on_day date
        default '2026-02-03', n bigint default -7, quoted text default 'it''s', nothing int default null)"]);
    database.run("insert into t (k) values ('x')");
    assert_eq!(
        database.rows("select d, at, j, u, b, on_day, n, quoted, nothing from t"),
        [
            "0.1|2026-01-01 00:00:00+00|{\"a\": 2, \"b\": 1}|00000000-0000-0000-0000-00000000000a\
             |\\xff|2026-02-03|-7|it's|null"
        ]
    );
    assert_eq!(database.rows("select d = 0.1::float8 from t"), ["t"]);
}

#[test]
fn what_a_table_cannot_be_is_refused() {
    for (sql, state) in [
        ("create table t (a int, a text)", "42701"),
        ("create table t (a int, \"A\" text)", "0A000"),
        (
            "create table t (a int primary key, b int primary key)",
            "42P16",
        ),
        ("create table t (a int, primary key (b))", "42703"),
        ("create table t (a int not null null)", "42601"),
        ("create table t (a serial)", "0A000"),
        ("create table t (a varchar(10))", "0A000"),
        ("create table t (a numeric)", "0A000"),
        ("create table t (a int[])", "0A000"),
        ("create table t (a timestamp)", "0A000"),
        ("create table t (a json)", "0A000"),
        (
            "create table t (a text check ('t'::regclass is null))",
            "0A000",
        ),
        ("create table t (a jsonb primary key)", "0A000"),
        ("create table t (a int references u (id))", "0A000"),
        (
            "create table t (a int generated always as identity)",
            "0A000",
        ),
        (
            "create table t (a int generated always as (b * 2) stored, b int)",
            "0A000",
        ),
        ("create table t (a timestamptz default now())", "0A000"),
        ("create table t (a int default 1 + 1)", "0A000"),
        ("create table t (a int default 'x')", "22P02"),
        ("create table t (a int default true)", "42804"),
        ("create table t (a int check (b > 1))", "42703"),
        ("create table t (a int check (a))", "42804"),
        ("create table t (a int check (sum(a) > 1))", "42803"),
        ("create table t (a int check ((select 1) = a))", "0A000"),
        (
            "create table t (a int, constraint c check (a > 1), constraint c check (a < 9))",
            "42710",
        ),
        ("create table t (a int) without rowid", "0A000"),
        ("create table t (a int) with (fillfactor = 70)", "0A000"),
        ("create table t (a int) partition by range (a)", "0A000"),
        ("create table t (a int) inherits (u)", "0A000"),
        ("create table t (like u)", "0A000"),
        ("create table t as select 1", "0A000"),
        ("create table t ()", "0A000"),
        ("create table if not exists t (a int)", "0A000"),
        ("create or replace table t (a int)", "0A000"),
        ("create temporary table t (a int)", "0A000"),
        ("create unlogged table t (a int)", "0A000"),
        ("create table other.t (a int)", "0A000"),
        ("create table sqlite_t (a int)", "0A000"),
        ("create table user (a int)", "42601"),
        ("create table t (select int)", "42601"),
        ("create view t as select 1", "0A000"),
        ("drop table t", "0A000"),
    ] {
        match create_table(sql) {
            Err(error) => assert_eq!(error.sqlstate(), state, "{sql}: {error}"),
            Ok(table) => panic!("{sql} was accepted as {}", table.sqlite_ddl()),
        }
    }
}

#[test]
fn odd_names_are_quoted_all_the_way() {
    let database = Database::new(&[
        "create table \"select\" (\"a \"\"b\" int primary key, \"order\" text, \"user\" bool)",
    ]);
    database.run("insert into \"select\" values (1, 'x', true)");
    let sql = "select \"a \"\"b\", s.\"order\" from \"select\" s where s.\"user\"";
    assert_eq!(database.rows(sql), ["1|x"]);
}

#[test]
fn indexes_are_plain_or_unique() {
    let table = Arc::new(create_table("create table t (a int, b text, j jsonb)").unwrap());
    let mut catalog = Catalog::new();
    catalog.add(Some("models"), table).unwrap();
    let index = create_index("create index on t (b desc, a)", &catalog).unwrap();
    assert_eq!(index.name, "t_b_a_idx");
    assert_eq!(
        index.sqlite,
        "CREATE INDEX \"models\".\"t_b_a_idx\" ON \"t\" (\"b\" DESC, \"a\")"
    );
    assert_eq!(index.unique, None);
    let index = create_index("create unique index one on t using btree (a)", &catalog).unwrap();
    assert_eq!((index.name.as_str(), index.unique), ("one", Some(vec![0])));
    for (sql, state) in [
        ("create index on nope (a)", "42P01"),
        ("create index on t (nope)", "42703"),
        ("create index on t (lower(b))", "0A000"),
        ("create index on t (j)", "0A000"),
        ("create index on t using gin (j)", "0A000"),
        ("create index on t (a) where a > 1", "0A000"),
        ("create index on t (a) include (b)", "0A000"),
        ("create index concurrently on t (a)", "0A000"),
        ("create index if not exists i on t (a)", "0A000"),
    ] {
        let error = create_index(sql, &catalog).unwrap_err();
        assert_eq!(error.sqlstate(), state, "{sql}: {error}");
    }
}

#[test]
fn a_name_is_taken_in_any_case() {
    let mut catalog = Catalog::new();
    let table = |sql| Arc::new(create_table(sql).unwrap());
    catalog.add(None, table("create table t (a int)")).unwrap();
    let error = catalog
        .add(None, table("create table \"T\" (a int)"))
        .unwrap_err();
    assert_eq!(error.sqlstate(), "42P07");
}
