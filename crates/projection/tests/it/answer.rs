//! Queries: fresh, at one position, read-only, bounded.

use std::time::Duration;

use headwater_event::{Kind, Position};
use headwater_journal::env::{Env, SystemEnv};
use headwater_projection::{
    Applied, CancelHandle, Consistency, Error, Options, Params, Request, State,
};
use serde_json::json;

use crate::rows;
use crate::support::{ACCOUNTS, Database, TALLY, event};

const OPENED: &str = r#"{"email":"e"}"#;

#[test]
fn what_was_appended_is_in_the_tables_at_once() {
    let database = Database::new();
    assert_eq!(database.apply(ACCOUNTS).unwrap(), Applied::Created);
    database.append(
        "AccountOpened",
        "account/ada",
        r#"{"email":"ada@example.org"}"#,
    );
    assert_eq!(
        database.rows("select id, email, name from account"),
        rows![["ada", "ada@example.org", null]]
    );
    database.append(
        "EmailChanged",
        "account/ada",
        r#"{"email":"ada@example.net"}"#,
    );
    database.append(
        "AccountOpened",
        "account/bob",
        r#"{"email":"b@x","name":"Bob"}"#,
    );
    assert_eq!(
        database.rows("select id, email, name from account order by id"),
        rows![["ada", "ada@example.net", null], ["bob", "b@x", "Bob"]]
    );
    database.append("AccountClosed", "account/ada", "{}");
    assert_eq!(database.rows("select id from account"), rows![["bob"]]);
    assert_eq!(database.wait_live("accounts").state, State::Live);
}

#[test]
fn one_query_over_two_projections_and_the_log_sees_one_position() {
    let database = Database::new();
    database.apply(ACCOUNTS).unwrap();
    database.apply(TALLY).unwrap();
    for n in 0..10 {
        database.append("AccountOpened", &format!("account/{n}"), r#"{"email":"e"}"#);
    }
    assert_eq!(
        database.rows(
            "select (select count(*) from account), (select n from tally), (select count(*) from event)"
        ),
        rows![[10, 10, 10]]
    );
}

#[test]
fn no_answer_is_older_than_its_question_while_others_append() {
    let database = Database::with_small_batches(7);
    database.apply(ACCOUNTS).unwrap();
    database.apply(TALLY).unwrap();
    let sql = "select (select count(*) from account), coalesce((select n from tally), 0), \
               (select count(*) from event), (select coalesce(max(position), 0) from event)";
    let write = &|writer: usize| {
        for n in 0..700 {
            let stream = format!("account/{writer}-{n}");
            database.append("AccountOpened", &stream, OPENED);
        }
    };
    let read = &|| {
        loop {
            let head = database.journal.head().position;
            let answer = database.query(Request::new(sql)).unwrap();
            let position = answer.position;
            assert!(position >= head, "{position} is older than {head}");
            let n = position.0;
            assert_eq!(answer.rows, rows![[n, n, n, n]], "all at one position");
            if n == 2_100 {
                return;
            }
        }
    };
    std::thread::scope(|scope| {
        (0..3).for_each(|writer| drop(scope.spawn(move || write(writer))));
        (0..3).for_each(|_| drop(scope.spawn(read)));
    });
}

#[test]
fn an_eventual_answer_folds_nothing_but_what_is_behind_the_others() {
    let database = Database::new();
    let eventual = |sql: &str| Request {
        consistency: Consistency::Eventual,
        ..Request::new(sql)
    };
    database.apply(ACCOUNTS).unwrap();
    database.append("AccountOpened", "account/a", OPENED);
    database.wait_live("accounts");
    database.apply(TALLY).unwrap();
    let answer = database
        .query(eventual(
            "select (select count(*) from account), (select n from tally)",
        ))
        .unwrap();
    assert!(answer.position >= Position(1));
    assert_eq!(answer.rows, rows![[1, 1]]);
}

#[test]
fn a_query_waits_for_a_position() {
    let database = Database::new();
    database.apply(ACCOUNTS).unwrap();
    let wait = |timeout| Request {
        wait_for: Some(Position(1)),
        timeout,
        ..Request::new("select id from account")
    };
    let error = database.query(wait(Duration::from_millis(20))).unwrap_err();
    assert_eq!((error.code(), error.kind()), ("deadline", Kind::Deadline));
    std::thread::scope(|scope| {
        let answer = scope.spawn(|| database.query(wait(Duration::from_secs(60))));
        database.append("AccountOpened", "account/a", OPENED);
        let answer = answer.join().unwrap().unwrap();
        assert_eq!(answer.rows, rows![["a"]]);
        assert_eq!(answer.position, Position(1));
    });
}

#[test]
fn a_read_model_that_is_not_there_in_time_is_told_with_its_lag() {
    let database = Database::with_small_batches(1);
    database.append_all(
        (0..3_000)
            .map(|n| event("AccountOpened", &format!("account/{n}"), OPENED))
            .collect(),
    );
    database.apply(ACCOUNTS).unwrap();
    let error = database
        .query(Request {
            timeout: Duration::ZERO,
            ..Request::new("select count(*) from account")
        })
        .unwrap_err();
    assert_eq!(
        (error.code(), error.kind()),
        ("fold_behind", Kind::Deadline)
    );
    let told = error.to_string();
    assert!(
        told.contains("accounts") && told.contains("position 3000"),
        "{told}"
    );
    assert_eq!(database.rows("select count(*) from account"), rows![[3000]]);
}

#[test]
fn parameters_are_values_of_the_type_that_the_statement_needs() {
    let database = Database::new();
    database.apply(ACCOUNTS).unwrap();
    database.append("AccountOpened", "account/a", OPENED);
    database.append("AccountOpened", "account/b", r#"{"email":"f"}"#);
    let ask = |sql: &str, params: serde_json::Value| {
        let serde_json::Value::Array(params) = params else {
            panic!("a list of parameters")
        };
        database.query(Request {
            params: Params::Json(params),
            ..Request::new(sql)
        })
    };
    let answer = ask("select id from account where email = $1", json!(["f"])).unwrap();
    assert_eq!(answer.rows, rows![["b"]]);
    let answer = ask("select id from account order by id limit $1", json!([1])).unwrap();
    assert_eq!(answer.rows, rows![["a"]]);
    for (sql, params, sqlstate, words) in [
        (
            "select id from account where email = $1",
            json!([]),
            "08P01",
            "has 1",
        ),
        ("select id from account", json!([1]), "08P01", "has 0"),
        (
            "select id from account where email = $1",
            json!([7]),
            "22023",
            "$1",
        ),
    ] {
        let Err(Error::Sql(error)) = ask(sql, params) else {
            panic!("{sql} is refused")
        };
        assert_eq!(error.sqlstate(), sqlstate, "{error}");
        assert!(error.message().contains(words), "{error}");
    }
}

#[test]
fn an_error_in_the_statement_keeps_its_sqlstate_and_place() {
    let database = Database::new();
    database.apply(ACCOUNTS).unwrap();
    database.append("AccountOpened", "account/a", OPENED);
    for (sql, sqlstate, position) in [
        ("select mail from account", "42703", Some(8)),
        ("select * from accounts", "42P01", Some(15)),
        ("select 1/0 from account", "22012", None),
        ("selct 1", "42601", Some(1)),
    ] {
        let Error::Sql(error) = database.refusal(sql) else {
            panic!("{sql} is refused")
        };
        assert_eq!(
            (error.sqlstate(), error.position()),
            (sqlstate, position),
            "{error}"
        );
    }
}

#[test]
fn queries_read_and_nothing_else() {
    let database = Database::new();
    database.apply(ACCOUNTS).unwrap();
    database.append("AccountOpened", "account/a", OPENED);
    for sql in [
        "insert into account (id, email) values ('b', 'x')",
        "update account set email = 'x'",
        "delete from account",
        "drop table account",
        "create table other (id text)",
        "attach database 'x' as y",
        "pragma journal_mode = delete",
        "vacuum",
        "with gone as (delete from account returning id) select * from gone",
        "select load_extension('x')",
        "select * from _headwater",
        "select * from p1._headwater",
        "select * from sqlite_master",
        "select * from sqlite_schema",
        "select writefile('x', 'y')",
        "begin",
        "select 1; delete from account",
    ] {
        let error = database.refusal(sql);
        assert_eq!(error.code(), "sql_error", "{sql}: {error}");
    }
    assert_eq!(database.rows("select id from account"), rows![["a"]]);
}

const ENDLESS: &str = "with recursive n(i) as (select 1 union all select i + 1 from n where i > 0) \
                       select count(*) from n";

#[test]
fn a_query_without_end_ends_with_its_time() {
    let database = Database::new();
    let Err(Error::Sql(error)) = database.query(Request {
        timeout: Duration::from_millis(50),
        ..Request::new(ENDLESS)
    }) else {
        panic!("it has no end")
    };
    assert_eq!(error.sqlstate(), "57014");
    assert!(error.message().contains("timeout"), "{error}");
    assert_eq!(database.rows("select 1"), rows![[1]], "the reader goes on");
}

#[test]
fn a_query_is_called_off_from_another_thread() {
    let database = Database::new();
    let cancel = CancelHandle::default();
    let request = Request {
        timeout: Duration::from_secs(600),
        cancel: cancel.clone(),
        ..Request::new(ENDLESS)
    };
    std::thread::scope(|scope| {
        let answer = scope.spawn(|| database.query(request));
        SystemEnv.sleep(Duration::from_millis(30));
        cancel.cancel();
        let Err(Error::Sql(error)) = answer.join().unwrap() else {
            panic!("it has no end")
        };
        assert_eq!(error.sqlstate(), "57014");
        assert!(error.message().contains("user request"), "{error}");
    });
}

#[test]
fn an_answer_past_its_bounds_is_refused() {
    let database = Database::new();
    let ask = |value, rows_max, bytes_max| {
        let numbers = format!(
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000) \
             select i, {value} from n"
        );
        database.query(Request {
            rows_max,
            bytes_max,
            ..Request::new(&numbers)
        })
    };
    for value in ["repeat('x', 100)", "array[repeat('x', 100)]"] {
        assert_eq!(ask(value, 1000, 1 << 20).unwrap().rows.len(), 1000);
        for (error, words) in [
            (ask(value, 999, 1 << 20).unwrap_err(), "999 rows"),
            (ask(value, 1000, 100_000).unwrap_err(), "100000 bytes"),
        ] {
            assert_eq!((error.code(), error.kind()), ("too_large", Kind::TooLarge));
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}

#[test]
fn rows_that_nobody_reads_to_the_end_hold_nothing_back() {
    let database = Database::with(Options {
        readers_max: 2,
        ..Options::default()
    });
    database.apply(ACCOUNTS).unwrap();
    database.append_all(
        (0..2_000)
            .map(|n| event("AccountOpened", &format!("account/{n}"), OPENED))
            .collect(),
    );
    let begin = || {
        let mut rows = database
            .projections
            .query(Request::new("select id from account"))?;
        let first = rows.next_batch()?.expect("rows");
        assert!(first.len() < 2_000, "an answer comes in batches");
        Ok::<_, Error>(rows)
    };
    let (first, second) = (begin().unwrap(), begin().unwrap());
    let Err(error) = begin() else {
        panic!("two are at work")
    };
    assert_eq!((error.code(), error.kind()), ("busy", Kind::Busy));
    drop((first, second));
    for _ in 0..20 {
        begin().unwrap();
    }
}

#[test]
fn an_answer_stays_at_its_position_while_it_is_read() {
    let database = Database::new();
    database.apply(ACCOUNTS).unwrap();
    let open = |from: usize| {
        let opened = |n| event("AccountOpened", &format!("account/{n:05}"), OPENED);
        database.append_all((from..from + 1_000).map(opened).collect());
    };
    open(0);
    let sql =
        "select a.id, e.position from account a join event e on e.stream = 'account/' || a.id";
    let mut rows = database.projections.query(Request::new(sql)).unwrap();
    let mut read = rows.next_batch().unwrap().unwrap().len();
    open(1_000);
    assert_eq!(database.rows("select count(*) from account"), rows![[2000]]);
    while let Some(batch) = rows.next_batch().unwrap() {
        read += batch.len();
    }
    assert_eq!((rows.position(), read), (Position(1_000), 1_000));
}

#[test]
fn after_close_nothing_is_answered_and_no_file_is_open() {
    let database = Database::new();
    database.apply(ACCOUNTS).unwrap();
    database.append("AccountOpened", "account/a", OPENED);
    database.rows("select * from account");
    database.projections.close();
    assert_eq!(database.refusal("select 1").code(), "closed");
    assert_eq!(database.projections.list().unwrap_err().code(), "closed");
    assert_eq!(
        database.projections.apply(TALLY).unwrap_err().code(),
        "closed"
    );
    let left = std::fs::read_dir(database.folder.path()).unwrap().count();
    assert_eq!(left, 1, "a file that was closed well has nothing beside it");
}
