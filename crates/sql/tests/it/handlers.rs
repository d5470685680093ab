//! Handlers: what a projection does to its tables.

use headwater_sql::{EnvelopeField, ParamSource, Type, Value, compile_handler};

use crate::database::{Database, Given, given, text};

const ACCOUNT: &str = "create table account (id text primary key, email text not null, name text,
    opened timestamptz not null, logins int not null default 0, active bool default true)";
const TALLY: &str = "create table tally (day date, kind text, n bigint not null default 0,
    primary key (day, kind), check (n >= 0))";
const PAIR: &str = "create table pair (x int, y int)";

fn accounts() -> Database {
    let database = Database::new(&[ACCOUNT]);
    for (id, email) in [("ada", "ada@x.org"), ("bob", "bob@x.org")] {
        let sql = "insert into account (id, email, name, opened)
            values (@key, :email, :name?, @recorded_at)";
        let given = given(&[
            ("@key", text(id)),
            (":email", text(email)),
            ("@recorded_at", Value::Timestamptz(1_000_000)),
        ]);
        database.handle(sql, &given).unwrap();
    }
    database
}

#[test]
fn an_insert_stores_fields_and_envelope() {
    assert_eq!(
        accounts().rows("select * from account order by id"),
        [
            "ada|ada@x.org|null|1970-01-01 00:00:01+00|0|t",
            "bob|bob@x.org|null|1970-01-01 00:00:01+00|0|t",
        ]
    );
}

#[test]
fn placeholders_are_typed_by_where_they_stand() {
    let database = Database::new(&[ACCOUNT]);
    let handler = compile_handler(
        "update account set logins = logins + :n, name = :label?, opened = @occurred_at
         where id = @key and active = :on",
        &database.catalog,
    )
    .unwrap();
    let types: Vec<Type> = handler.params.iter().map(|param| param.ty).collect();
    let expected = [
        Type::Int,
        Type::Text,
        Type::Timestamptz,
        Type::Text,
        Type::Bool,
    ];
    assert_eq!(types, expected);
    let label = ParamSource::Field {
        name: "label".to_owned(),
        optional: true,
    };
    assert_eq!(handler.params[1].source, label);
    let key = ParamSource::Envelope(EnvelopeField::Key);
    assert_eq!(handler.params[3].source, key);
    assert_eq!(handler.table, "account");
}

#[test]
fn one_field_may_be_stored_as_several_types() {
    let database = Database::new(&["create table pieces (n int, label text)"]);
    let sql = "insert into pieces values (:v, :v)";
    let handler = compile_handler(sql, &database.catalog).unwrap();
    let types: Vec<Type> = handler.params.iter().map(|param| param.ty).collect();
    assert_eq!(types, [Type::Int, Type::Text]);
}

#[test]
fn nested_data_is_read_with_json_operators() {
    let database = Database::new(&[PAIR]);
    let given = given(&[("@data", Value::Jsonb(r#"{"a": {"b": "7"}}"#.to_owned()))]);
    database
        .handle(
            "insert into pair values ((@data -> 'a' ->> 'b')::int, null)",
            &given,
        )
        .unwrap();
    assert_eq!(database.rows("select x from pair"), ["7"]);
}

#[test]
fn an_upsert_sees_the_row_and_what_was_kept_out() {
    let database = Database::new(&[TALLY]);
    let sql = "insert into tally values ('2026-01-01', 'login', :n)
        on conflict (kind, day) do update set n = tally.n + excluded.n
        where excluded.n > 0";
    for n in [2, 3, 0] {
        let given = given(&[(":n", Value::BigInt(n))]);
        database.handle(sql, &given).unwrap();
    }
    assert_eq!(database.rows("select * from tally"), ["2026-01-01|login|5"]);
}

#[test]
fn do_update_never_writes_a_row_twice() {
    let database = Database::new(&[TALLY]);
    let rows = "('2026-01-01', 'a', 1), ('2026-01-01', 'b', 1)";
    let update = "on conflict (day, kind) do update set n = tally.n + excluded.n";
    database.run(&format!("insert into tally values {rows} {update}"));
    database.run(&format!("insert into tally values {rows} {update}"));
    let twice = format!(
        "insert into tally values {rows}, ('2026-01-01', 'a', 9) on conflict (day, kind) do update set n = 0"
    );
    assert_eq!(database.failure(&twice), "21000");
    let selected = format!(
        "insert into tally select '2026-01-01', 'a', column1 from (values (1), (2)) v {update}"
    );
    assert_eq!(database.failure(&selected), "21000");
    assert_eq!(
        database.rows("select kind, n from tally order by 1"),
        ["a|2", "b|2"]
    );
}

#[test]
fn do_nothing_keeps_the_first() {
    let database = Database::new(&[TALLY]);
    let insert = "insert into tally values ('2026-01-01', 'a', 1) on conflict do nothing";
    assert_eq!(database.run(insert), 1);
    assert_eq!(database.run(insert), 0);
}

#[test]
fn a_unique_index_can_be_the_target_of_on_conflict() {
    let index = "create unique index on pair (y, x)";
    let database = Database::new(&[PAIR, index]);
    let insert = "insert into pair values (1, 2) on conflict (x, y) do nothing";
    database.run(insert);
    assert_eq!(database.run(insert), 0);
    let without = Database::new(&[PAIR]);
    assert_eq!(without.failure(insert), "42P10");
}

#[test]
fn constraints_fail_with_their_own_codes() {
    let database = Database::new(&[ACCOUNT, TALLY]);
    database.run("insert into tally values ('2026-01-01', 'a', 1)");
    for (sql, state) in [
        ("insert into tally values ('2026-01-01', 'a', 2)", "23505"),
        ("insert into tally values (null, 'a', 2)", "23502"),
        ("insert into tally values ('2026-01-02', 'a', -1)", "23514"),
        ("update tally set n = n - 5", "23514"),
        ("update tally set n = 1 / (n - 1)", "22012"),
        ("update tally set n = n + 9223372036854775807", "22003"),
        (
            "insert into account (id, opened) values ('x', '2026-01-01')",
            "23502",
        ),
    ] {
        assert_eq!(database.failure(sql), state, "{sql}");
    }
}

#[test]
fn an_update_sees_the_table_as_it_was() {
    let database = Database::new(&[PAIR]);
    database.run("insert into pair values (1, 10), (2, 20), (3, 30)");
    database.run("update pair set x = y, y = x");
    assert_eq!(
        database.rows("select * from pair order by x"),
        ["10|1", "20|2", "30|3"]
    );
    database.run("update pair set y = (select sum(p.y)::int from pair p where p.x <= pair.x)");
    assert_eq!(
        database.rows("select y from pair order by x"),
        ["1", "3", "6"]
    );
    database.run("delete from pair where exists (select 1 from pair p where p.x > pair.x)");
    assert_eq!(database.rows("select x from pair"), ["30"]);
}

#[test]
fn an_insert_from_its_own_table_ends() {
    let database = Database::new(&[PAIR]);
    database.run("insert into pair values (1, 1), (2, 2)");
    assert_eq!(database.run("insert into pair select x, y from pair"), 2);
}

#[test]
fn what_differs_between_folds_is_refused() {
    let database = Database::new(&[ACCOUNT]);
    for call in [
        "now()",
        "current_timestamp",
        "random()",
        "gen_random_uuid()",
    ] {
        let sql = format!("update account set name = {call}::text");
        let error = database.handle(&sql, &Given::new()).unwrap_err();
        assert_eq!(error.sqlstate(), "0A000", "{sql}");
        assert!(error.hint().unwrap().contains("@recorded_at"), "{error}");
    }
}

/// The connections of projections have no catalogs to look a name up in.
#[test]
fn names_of_the_catalogs_are_refused() {
    let database = Database::new(&[PAIR]);
    for condition in [
        "'pair'::regclass = 'pair'::regclass",
        "@key::regclass is null",
        "'int'::regtype is not null",
        "'public'::regnamespace is null",
        "0::oid::regproc is not null",
        "('{pair}'::regclass[])[1] is null",
        "concat(pg_typeof(@key)) = 'text'",
        "format_type(23, null) = 'integer'",
    ] {
        let sql = format!("delete from pair where {condition}");
        assert_eq!(database.failure(&sql), "0A000", "{sql}");
    }
}

#[test]
fn other_tables_and_statements_are_refused() {
    let database = Database::new(&[PAIR]);
    for (sql, state) in [
        ("insert into event (type) values ('x')", "42P01"),
        ("update sqlite_master set sql = ''", "42P01"),
        ("select 1", "0A000"),
        ("drop table pair", "0A000"),
        ("insert into pair values (1, 2) returning x", "0A000"),
        ("update pair set x = 1 from pair p", "0A000"),
        ("delete from pair using pair p", "0A000"),
        ("insert into pair values ($1, 2)", "42P02"),
        ("insert into pair values (@positon, 2)", "42P02"),
        ("delete from pair; delete from pair", "42601"),
    ] {
        assert_eq!(database.failure(sql), state, "{sql}");
    }
}

#[test]
fn positions_count_in_the_statement_as_written() {
    let database = Database::new(&[PAIR]);
    for sql in [
        "update pair set x = :a, y = :bee? where nope = @key",
        "update pair set x = 1, y = 2 where nope = 1",
        "-- ünï: @x ':q'\nupdate pair set x = :a where nope = 1",
    ] {
        let error = compile_handler(sql, &database.catalog).unwrap_err();
        let found = sql.chars().skip(error.position().unwrap() - 1);
        assert_eq!(found.take(4).collect::<String>(), "nope", "{sql}");
    }
}
