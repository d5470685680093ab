//! Queries: their columns, parameters and tables, and answers that SQLite alone would give otherwise.

use std::sync::Arc;

use headwater_sql::{Catalog, Query, Type, Value, compile_query, event_table};

use crate::database::{Database, text};

const ITEM: &str = "create table item (id int primary key, name text, price double precision,
    sold bool, n bigint, at timestamptz)";
const PART: &str = "create table part (item int, amount int)";

fn items() -> Database {
    let database = Database::new(&[ITEM, PART]);
    database.run(
        "insert into item values (1, 'Ada', 1.5, true, 10, '2026-01-01'),
         (2, 'bob', null, false, null, null), (3, null, -2, null, 30, '2025-06-01 12:00:00+02')",
    );
    database.run("insert into part values (1, 5), (1, 7), (2, null), (9, 1)");
    database
}

fn compiled(sql: &str) -> Query {
    let database = Database::new(&[ITEM, PART]);
    compile_query(sql, &database.catalog, &[]).unwrap_or_else(|error| panic!("{sql}: {error:?}"))
}

#[test]
fn columns_are_named_and_typed_as_postgresql_does() {
    let query = compiled(
        "select id, i.name as \"Label\", 1, 'x', true, id::bigint, '1'::int, count(*) over (),
         case when sold then 1 end, case when sold then 1 else n end, coalesce(n, 0),
         (select amount from part), exists (select 1), lower(name), null, 1.5, price * 2
         from item i",
    );
    let columns: Vec<String> = query
        .columns
        .iter()
        .map(|column| format!("{} {}", column.name, column.ty))
        .collect();
    assert_eq!(
        columns,
        [
            "id integer",
            "Label text",
            "?column? integer",
            "?column? text",
            "?column? boolean",
            "id bigint",
            "int4 integer",
            "count bigint",
            "case integer",
            "n bigint",
            "coalesce bigint",
            "amount integer",
            "exists boolean",
            "lower text",
            "?column? text",
            "?column? numeric",
            "?column? double precision",
        ]
    );
    assert_eq!(query.tables, ["item", "part"]);
}

#[test]
fn parameters_are_typed_by_where_they_stand() {
    let query = compiled(
        "select $2 from item where id = $1 and name like $3 and $4 and n > $5 + 1 limit $6",
    );
    let expected = [
        Type::Int,
        Type::Text,
        Type::Text,
        Type::Bool,
        Type::Int,
        Type::BigInt,
    ];
    assert_eq!(query.params, expected);
    let typed = compile_query("select $1 = $1", &Catalog::new(), &[Some(Type::Uuid)]).unwrap();
    assert_eq!(typed.params, [Type::Uuid]);
}

#[test]
fn parameters_that_nothing_types_or_types_twice_are_refused() {
    let database = Database::new(&[ITEM]);
    assert_eq!(database.refusal("select $2::int").sqlstate(), "42P18");
    assert_eq!(
        database.refusal("select $1 is null, $0").sqlstate(),
        "42601"
    );
    let twice = "select 1 from item where id = $1 and name = $1";
    assert_eq!(database.refusal(twice).sqlstate(), "42883");
}

#[test]
fn a_parameter_is_bound_once_for_all_its_places() {
    let rows = items().query(
        "select $1 || '!', id from item where name = $1 or id = $2 order by id",
        &[text("Ada"), Value::Int(3)],
    );
    assert_eq!(rows.unwrap(), ["Ada!|1", "Ada!|3"]);
}

/// Each line is a query that SQLite, asked as it stands, answers otherwise than PostgreSQL.
#[test]
fn answers_are_postgresqls_and_not_sqlites() {
    let database = items();
    for (sql, rows) in [
        ("select name from item order by name", "Ada,bob,null"),
        ("select name from item order by name desc", "null,bob,Ada"),
        ("select id from item where name like 'a%'", ""),
        ("select 7 / 2, -7 / 2, 7.0 / 2", "3|-3|3.5000000000000000"),
        ("select greatest(1, null, 3), least(null::int, 2)", "3|2"),
        ("select 'a' || 1", "a1"),
        ("select avg(id) from item", "2.0000000000000000"),
        ("select sum(n) from item where false", "null"),
        ("select sold from item order by id", "t,f,null"),
        ("select 1 union select 2 intersect select 3", "1"),
        (
            "values (1), (1), (2) except all values (1) order by 1",
            "1,2",
        ),
        (
            "select column1 from (values (2), (1)) v order by 1 desc",
            "2,1",
        ),
        (
            "select length('añb'), upper('x'), substring('hello' from 2 for 3)",
            "3|X|ell",
        ),
        (
            "select id from item order by n nulls first, id limit null",
            "2,1,3",
        ),
        (
            "select '5'::int + 1, 2147483647::bigint + 1",
            "6|2147483648",
        ),
        ("select max(name) filter (where sold) from item", "Ada"),
        ("select 5, count(*) from item group by 1", "5|3"),
        (
            "select name from item where sold is not true order by id",
            "bob,null",
        ),
        (
            "select id from item full join (values (3), (4)) v(id) using (id) order by id",
            "1,2,3,4",
        ),
        (
            "select rank() over (order by n desc nulls last) from item order by 1",
            "1,2,3",
        ),
    ] {
        assert_eq!(database.rows(sql).join(","), rows, "{sql}");
    }
}

#[test]
fn errors_of_running_queries_have_their_codes() {
    let database = items();
    for (sql, state) in [
        ("select (select amount from part)", "21000"),
        ("select 1 / (id - 1) from item", "22012"),
        ("select id * 2147483647 from item", "22003"),
        ("select name::int from item", "22P02"),
        ("select ntile(0) over () from item", "22014"),
        ("select nth_value(id, 0) over () from item", "22016"),
        ("select 1 limit $1", "2201W"),
        ("select 1 offset $1", "2201X"),
    ] {
        let params = match sql.contains('$') {
            true => vec![Value::BigInt(-1)],
            false => Vec::new(),
        };
        let error = database.query(sql, &params).unwrap_err();
        assert_eq!(error.sqlstate(), state, "{sql}: {error}");
    }
}

#[test]
fn correlated_and_nested_queries_find_their_columns() {
    let database = items();
    assert_eq!(
        database.rows(
            "with p as (select item, sum(amount) as total from part group by item)
             select i.name, (select total from p where p.item = i.id) from item i order by i.id"
        ),
        ["Ada|12", "bob|null", "null|null"]
    );
    assert_eq!(
        database.rows(
            "with recursive up(n, path) as (
                 select 1, '1' union all select n + 1, path || '/' || (n + 1) from up where n < 4)
             select path from up where n in (select id + 1 from item) order by n desc limit 1"
        ),
        ["1/2/3/4"]
    );
}

#[test]
fn long_chains_of_operators_are_fine_and_longer_ones_are_named() {
    let database = items();
    let chain = |count: usize| {
        let terms: Vec<String> = (0..count).map(|n| format!("id <> {}", n + 10)).collect();
        format!("select count(*) from item where {}", terms.join(" and "))
    };
    assert_eq!(database.rows(&chain(200)), ["3"]);
    assert_eq!(database.refusal(&chain(1_000)).sqlstate(), "54001");
    let many: Vec<String> = (0..5_000).map(|n| n.to_string()).collect();
    let list = format!(
        "select id from item where id in ({}) order by id",
        many.join(", ")
    );
    assert_eq!(database.rows(&list), ["1", "2", "3"]);
    let unions = vec!["select 1"; 100].join(" union all ");
    assert_eq!(database.rows(&unions).len(), 100);
    let deep = format!("select {}1{}", "(".repeat(10_000), ")".repeat(10_000));
    assert_eq!(database.refusal(&deep).sqlstate(), "54001");
}

#[test]
fn operands_that_are_asked_for_twice_do_not_grow_without_end() {
    let database = items();
    let nested = |begin: &str, end: &str| {
        let levels = 10;
        format!("select {}1{}", begin.repeat(levels), end.repeat(levels))
    };
    let forms = [
        ("((", " between symmetric 1 and 3)::integer)"),
        ("nullif(nullif(", ", 1), 2)"),
        (
            "case ",
            " when 1 then 2 when 3 then 4 when 5 then 6 when 7 then 8 end",
        ),
    ];
    for (begin, end) in forms {
        let error = database.refusal(&nested(begin, end));
        assert_eq!(error.sqlstate(), "54001", "{begin}");
        assert!(error.message().contains("copies"), "{}", error.message());
    }
    let many = vec!["id between symmetric 9 and 1"; 150].join(" and ");
    let many = format!("select count(*) from item where {many}");
    assert_eq!(database.rows(&many), ["3"]);
}

#[test]
fn blanks_and_open_brackets_cost_no_more_than_their_number() {
    let database = items();
    let blanks = format!("select 1{}+ 1", " ".repeat(1_000_000));
    assert_eq!(database.rows(&blanks), ["2"]);
    let trims = "trim(leading ".repeat(4_900);
    let open = format!("select {trims}{}", ",".repeat(900_000));
    assert_eq!(database.refusal(&open).sqlstate(), "54001");
}

#[test]
fn the_log_is_a_table() {
    let mut catalog = Catalog::new();
    catalog.add(None, Arc::new(event_table())).unwrap();
    let query = compile_query(
        "select type, count(*) from event where position > $1 and data @> '{\"a\": 1}' group by type",
        &catalog,
        &[],
    )
    .unwrap();
    assert_eq!(query.tables, ["event"]);
    assert_eq!(query.params, [Type::BigInt]);
}

#[test]
fn an_aggregate_that_holds_too_much_is_refused() {
    let database = items();
    let many = |aggregate: &str| {
        format!(
            "with recursive n (i) as (select 1 union all select i + 1 from n where i < 400)
             select {aggregate} from n"
        )
    };
    for aggregate in [
        "string_agg(repeat('x', 1000000), '')",
        "jsonb_agg(repeat('x', 1000000))",
        "jsonb_object_agg(i::text, repeat('x', 1000000))",
    ] {
        let error = database.query(&many(aggregate), &[]).unwrap_err();
        assert_eq!(error.sqlstate(), "54000", "{aggregate}: {error}");
    }
    assert_eq!(
        database.rows(&many("length(string_agg(repeat('x', 1000), ''))")),
        ["400000"]
    );
}

#[test]
fn a_function_that_makes_too_much_is_refused_before_it_does() {
    let database = items();
    for call in [
        "array_to_string(string_to_array(repeat('x,', 1000), ','), repeat('y', 1000000))",
        "array_replace(string_to_array(repeat('x,', 1000), ','), 'x', repeat('y', 1000000))",
        r"regexp_replace(repeat('a', 1000000), 'a*', repeat('\&', 1000))",
        "jsonb_pretty((repeat('[', 200) || repeat('1,', 100000) || '1' || repeat(']', 200))::jsonb)",
    ] {
        let error = database.query(&format!("select {call}"), &[]).unwrap_err();
        assert_eq!(error.sqlstate(), "54000", "{call}: {error}");
        let few = call.replace("000000", "").replace("00000", "");
        assert!(
            database.query(&format!("select {few}"), &[]).is_ok(),
            "{few}"
        );
    }
}
