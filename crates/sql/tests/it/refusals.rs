//! What is refused, with which code, and where the finger points.

use crate::database::Database;

fn database() -> Database {
    Database::new(&[
        "create table t (id int primary key, name text, b bool, u uuid, j jsonb)",
        "create table o (id int, t_id int, amount int)",
    ])
}

#[test]
fn errors_have_postgresqls_codes() {
    let database = database();
    for (sql, state) in [
        ("select nope from t", "42703"),
        ("select t.nope from t", "42703"),
        ("select x.id from t", "42P01"),
        ("select * from nope", "42P01"),
        ("select id from t, o", "42702"),
        ("select * from t, t", "42712"),
        ("select * from t join o using (nope)", "42703"),
        ("select name from t group by b", "42803"),
        ("select count(*) from t where count(*) > 1", "42803"),
        ("select sum(count(*)) from t", "42803"),
        (
            "select (select o.id from o where o.t_id = t.id) from t group by name",
            "42803",
        ),
        (
            "select row_number() over () from t where row_number() over () = 1",
            "42P20",
        ),
        ("select row_number() from t", "42809"),
        ("select lower(name) over () from t", "42809"),
        ("select sum(id) over w from t", "42704"),
        ("select id from t order by 2", "42P10"),
        ("select distinct id from t order by name", "42P10"),
        ("select id = name from t", "42883"),
        ("select id from t where id in ('x')", "22P02"),
        ("select id from t where name in (1)", "42883"),
        ("select b + 1 from t", "42883"),
        ("select id from t where id", "42804"),
        ("select not id from t", "42804"),
        ("select case when b then 1 else u end from t", "42804"),
        ("select 1 union select true", "42804"),
        ("select 1, 2 union select 1", "42601"),
        ("select u::int from t", "42846"),
        ("select 'x'::uuid", "22P02"),
        ("select (select id, name from t)", "42601"),
        ("select * from (select 1)", "42601"),
        ("select *", "42601"),
        ("values (1, 2), (3)", "42601"),
        ("with x as (select 1), x as (select 2) select 1", "42712"),
        ("with recursive r as (select * from r) select 1", "42P19"),
        ("select id select", "42601"),
        ("", "42601"),
        ("-- nothing", "42601"),
        ("select 1; select 2", "42601"),
        ("select :name", "42601"),
        ("selct 1", "42601"),
    ] {
        let error = database.refusal(sql);
        assert_eq!(error.sqlstate(), state, "{sql}: {error}");
    }
}

/// What PostgreSQL has and Headwater has not is named in the message.
#[test]
fn what_is_missing_is_named() {
    let database = database();
    for (sql, named) in [
        ("select id from t for update", "FOR UPDATE"),
        ("select * from t tablesample system (10)", "TABLESAMPLE"),
        ("select * from only t", "ONLY"),
        ("select * from lower('x')", "function in FROM"),
        ("select * from t, lateral (select 1) x", "LATERAL"),
        ("select id into x from t", "INTO"),
        (
            "select sum(id) over (order by id rows 1 preceding exclude ties) from t",
            "EXCLUDE",
        ),
        ("select (1, 2)", "row"),
        ("select t from t", "whole row \"t\""),
        ("select name collate \"C\" from t", "COLLATE"),
        ("select count(*) from t group by rollup (id)", "ROLLUP"),
        (
            "select count(*) from t group by grouping sets ((id), ())",
            "GROUPING SETS",
        ),
        ("select name similar to 'a' from t", "SIMILAR TO"),
        (
            "select id from t order by id fetch first 1 row with ties",
            "WITH TIES",
        ),
        ("select a.public.t.id from t", "qualified name"),
        ("select * from a.public.t", "the name a.public.t"),
        ("select x'1f'", "literal"),
        ("select 1::varchar(3)", "varchar(3)"),
        ("select -2 ^ 2", "parentheses"),
        ("select j['a'] from t", "subscript"),
        ("with d as (delete from t) select 1", "writes"),
        ("insert into t (id) values (1)", "INSERT"),
        ("drop table t", "DROP"),
        (
            "select percentile_cont(0.5) within group (order by id) from t",
            "WITHIN GROUP",
        ),
    ] {
        let error = database.refusal(sql);
        assert_eq!(error.sqlstate(), "0A000", "{sql}: {error}");
        assert!(error.message().contains(named), "{sql}: {error}");
    }
}

#[test]
fn the_position_is_that_of_the_name() {
    let database = database();
    for (sql, at) in [
        ("select id, nope from t", "nope"),
        ("select id\nfrom t\nwhere ünope = 1", "ünope"),
        ("select * from t join nope on true", "nope"),
        (
            "select name, count(*) from t group by id order by t.b, o.x",
            "o.x",
        ),
        ("select 'é', id from t where id = 'x'", "'x'"),
        ("select count(*), name from t", "name"),
    ] {
        let error = database.refusal(sql);
        let position = error.position().unwrap_or_else(|| panic!("{sql}: {error}"));
        let rest: String = sql.chars().skip(position - 1).collect();
        assert!(rest.starts_with(at), "{sql}: {error} at {rest:?}");
    }
}

#[test]
fn a_misspelt_name_is_recognized() {
    let database = database();
    let error = database.refusal("select nmae from t");
    assert!(error.hint().unwrap().contains("\"t.name\""), "{error}");
    let error = database.refusal("select * from tt");
    assert!(error.hint().unwrap().contains("o, t"), "{error}");
}
