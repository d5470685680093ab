//! Answers at once: the same as any other, or none.

use std::time::Duration;

use headwater_event::Position;
use headwater_projection::{At, CancelHandle, Consistency, Params, Request, Whole};
use headwater_sql::{Type, Value};
use serde_json::json;

use crate::rows;
use crate::support::{ACCOUNTS, Database, TALLY, event};

const BY_KEY: &str = "select id, email from account where id = $1";

fn by_key(id: &str) -> Request {
    Request {
        params: Params::Typed(vec![(Type::Text, Value::Text(id.to_owned()))]),
        ..Request::new(BY_KEY)
    }
}

fn at_once(database: &Database, request: &Request) -> Option<Whole> {
    database.projections.query_at_once(request)
}

/// The answer at once. One that takes a millisecond is left to others, and a processor may be taken
/// away for so long: then it is asked for anew.
fn soon(database: &Database, request: &Request) -> Whole {
    let tries = (0..1_000).find_map(|_| {
        at_once(database, request).or_else(|| {
            asked(database, request.clone());
            None
        })
    });
    tries.unwrap()
}

/// A database with an account whose row was asked for once.
fn asked_once() -> Database {
    let database = Database::new();
    database.apply(ACCOUNTS).unwrap();
    database.append("AccountOpened", "account/ada", r#"{"email":"a@x"}"#);
    assert!(
        at_once(&database, &by_key("ada")).is_none(),
        "not known yet"
    );
    assert_eq!(asked(&database, by_key("ada")), rows![["ada", "a@x"]]);
    database
}

fn asked(database: &Database, request: Request) -> Vec<Vec<serde_json::Value>> {
    database.query(request).unwrap().rows
}

fn texts(whole: Whole) -> Vec<Vec<Value>> {
    whole.rows
}

fn row(id: &str, email: &str) -> Vec<Value> {
    [id, email].map(|text| Value::Text(text.to_owned())).into()
}

#[test]
fn a_row_by_its_key_is_answered_at_once_the_second_time() {
    let database = asked_once();
    let whole = soon(&database, &by_key("ada"));
    assert_eq!(whole.position, database.journal.head().position);
    assert_eq!(whole.columns[1].name, "email");
    assert_eq!(texts(whole), [row("ada", "a@x")]);
    let nobody = soon(&database, &by_key("bob"));
    assert_eq!(texts(nobody), Vec::<Vec<Value>>::new());
}

#[test]
fn what_was_appended_is_never_missing() {
    let database = asked_once();
    for n in 0..200 {
        let email = format!("{n}@x");
        let data = json!({ "email": email }).to_string();
        let position = database.append("EmailChanged", "account/ada", &data);
        // At once only if the worker has folded it already.
        if let Some(whole) = at_once(&database, &by_key("ada")) {
            assert!(whole.position >= position);
            assert_eq!(texts(whole), [row("ada", &email)]);
        }
        assert_eq!(asked(&database, by_key("ada")), rows![["ada", email]]);
        let whole = soon(&database, &by_key("ada"));
        assert!(whole.position >= position);
        assert_eq!(texts(whole), [row("ada", &email)]);
    }
}

#[test]
fn what_readers_keep_does_not_make_a_file_grow() {
    const BYTES_MAX: u64 = 16 << 20; // SQLite begins its log anew after 4 MiB, if nobody needs it
    let database = asked_once();
    let email = "x".repeat(10_000);
    for n in 0..2_000 {
        let data = json!({ "email": format!("{n}{email}") }).to_string();
        database.append("EmailChanged", "account/ada", &data);
        asked(&database, by_key("nobody"));
        soon(&database, &by_key("nobody"));
    }
    let files = std::fs::read_dir(database.folder.path()).unwrap();
    let bytes = files.map(|file| file.unwrap().metadata().unwrap().len());
    let bytes: u64 = bytes.sum();
    assert!(bytes < BYTES_MAX, "{bytes} bytes of one row");
}

#[test]
fn several_read_models_are_seen_at_one_position_or_not_at_once() {
    let database = Database::new();
    database.apply(ACCOUNTS).unwrap();
    database.apply(TALLY).unwrap();
    let request = Request::new(
        "select (select count(*) from account), coalesce((select sum(n)::bigint from tally), 0)",
    );
    let mut answered = 0;
    for n in 0..50 {
        let stream = format!("account/{n}");
        database.append("AccountOpened", &stream, r#"{"email":"e"}"#);
        for _ in 0..2 {
            let whole = at_once(&database, &request);
            answered += usize::from(whole.is_some());
            for row in whole.into_iter().flat_map(texts) {
                assert_eq!(row[0], row[1], "one position");
                assert_eq!(row[0], Value::BigInt(n + 1), "no older than the question");
            }
            asked(&database, request.clone());
        }
    }
    assert!(
        answered > 0,
        "it is known and at the head after each answer"
    );
}

#[test]
fn only_the_usual_question_is_answered_at_once() {
    let database = asked_once();
    let head = database.journal.head().position;
    let usual = by_key("ada");
    for other in [
        Request {
            at: Some(At::Position(Position(head.0 - 1))),
            ..usual.clone()
        },
        Request {
            at: Some(At::Position(Position(head.0 + 1))),
            ..usual.clone()
        },
        Request {
            at: Some(At::Time(database.journal.head().recorded_at)),
            ..usual.clone()
        },
        Request {
            consistency: Consistency::Eventual,
            ..usual.clone()
        },
        Request {
            wait_for: Some(Position(head.0 + 1)),
            ..usual.clone()
        },
        Request {
            explain: true,
            ..usual.clone()
        },
        Request {
            params: Params::Json(vec![json!("ada")]),
            ..usual.clone()
        },
    ] {
        assert!(at_once(&database, &other).is_none(), "{other:?}");
    }
    soon(&database, &usual);
}

#[test]
fn a_position_is_asked_at_once_while_the_read_model_is_there() {
    let database = asked_once();
    let position = database.journal.head().position;
    let then = Request {
        at: Some(At::Position(position)),
        ..by_key("ada")
    };
    let whole = soon(&database, &then);
    assert_eq!(whole.position, position);
    assert_eq!(texts(whole), [row("ada", "a@x")]);
    database.append("EmailChanged", "account/ada", r#"{"email":"b@x"}"#);
    assert_eq!(asked(&database, by_key("ada")), rows![["ada", "b@x"]]);
    assert!(at_once(&database, &then).is_none(), "it has moved on");
    assert_eq!(asked(&database, then), rows![["ada", "a@x"]]);
}

#[test]
fn the_log_and_long_statements_are_not_read_at_once() {
    let database = asked_once();
    let long = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000) \
                select count(*) from n";
    let many = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 300) \
                select i from n";
    for sql in ["select count(*) from event", long, many] {
        for _ in 0..3 {
            asked(&database, Request::new(sql));
            assert!(at_once(&database, &Request::new(sql)).is_none(), "{sql}");
        }
    }
}

#[test]
fn one_that_becomes_long_is_left_to_others() {
    let database = asked_once();
    let sql = "with recursive n(i) as (select 1::bigint union all select i + 1 from n where i < $1) \
               select count(*) from n";
    let request = |most| Request {
        params: Params::Typed(vec![(Type::BigInt, Value::BigInt(most))]),
        ..Request::new(sql)
    };
    asked(&database, request(2));
    soon(&database, &request(2));
    assert!(at_once(&database, &request(1_000_000_000)).is_none());
    assert!(at_once(&database, &request(2)).is_none(), "it rests");
    assert_eq!(asked(&database, request(2)), rows![[2]]);
}

#[test]
fn tables_that_were_changed_are_not_answered_from_what_was_known() {
    let database = asked_once();
    let changed = ACCOUNTS.replace("name text", "name text, n bigint");
    database.apply(&changed).unwrap();
    database.wait_live("accounts");
    let before = at_once(&database, &by_key("ada"));
    assert!(before.is_none(), "another read model answers");
    assert_eq!(asked(&database, by_key("ada")), rows![["ada", "a@x"]]);
    database.remove("accounts").unwrap();
    assert!(at_once(&database, &by_key("ada")).is_none());
}

#[test]
fn errors_are_told_by_the_other_way() {
    let database = asked_once();
    let request = |divisor| Request {
        params: Params::Typed(vec![(Type::BigInt, Value::BigInt(divisor))]),
        ..Request::new("select 6 / $1::bigint")
    };
    assert_eq!(asked(&database, request(2)), rows![[3]]);
    soon(&database, &request(3));
    assert!(at_once(&database, &request(0)).is_none());
    let error = database.query(request(0)).unwrap_err();
    assert!(error.to_string().contains("division by zero"), "{error}");
}

#[test]
fn a_query_that_was_called_off_is_not_answered() {
    let database = asked_once();
    let cancel = CancelHandle::default();
    cancel.cancel();
    let request = Request {
        cancel,
        timeout: Duration::from_secs(5),
        ..by_key("ada")
    };
    assert!(at_once(&database, &request).is_none());
}

#[test]
fn readers_come_back() {
    let database = asked_once();
    let many =
        (0..300).map(|n| event("AccountOpened", &format!("account/{n}"), r#"{"email":"e"}"#));
    database.append_all(many.collect());
    asked(&database, by_key("ada"));
    for n in 0..300 {
        let whole = at_once(&database, &by_key(&n.to_string()));
        assert_eq!(texts(whole.unwrap()), [row(&n.to_string(), "e")]);
    }
}
