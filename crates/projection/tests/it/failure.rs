//! A projection that fails stops alone, at a named event, until somebody decides.

use headwater_event::{EventType, Kind, NewEvent, Position};
use headwater_projection::{Consistency, Request, State};

use crate::rows;
use crate::support::{ACCOUNTS, Database, TALLY, event};

const OPENED: &str = r#"{"email":"e"}"#;

/// Two good events, one without its email, two good ones.
fn failing(batch: usize) -> Database {
    let database = Database::with_small_batches(batch);
    database.apply(ACCOUNTS).unwrap();
    database.apply(TALLY).unwrap();
    database.append_all(vec![
        event("AccountOpened", "account/a", OPENED),
        event("AccountOpened", "account/b", OPENED),
        event("AccountOpened", "account/c", r#"{"mail":"e"}"#),
        event("AccountOpened", "account/d", OPENED),
        event("AccountOpened", "account/e", OPENED),
    ]);
    database
}

#[test]
fn the_event_the_statement_and_the_error_are_named() {
    for batch in [1, 2, 3, 100] {
        let database = failing(batch);
        let error = database.refusal("select * from account");
        assert_eq!(error.code(), "projection_failed");
        assert_eq!(error.kind(), Kind::Conflict);
        let told = error.to_string();
        assert!(
            told.contains("position 3") && told.contains("line 5"),
            "{told}"
        );
        assert!(told.contains("no field `email`"), "{told}");
        assert!(told.contains("skip accounts 3"), "{told}");

        let status = database.status("accounts");
        assert_eq!(status.state, State::Failed);
        assert_eq!(
            (status.position, status.head, status.lag),
            (Position(2), Position(5), 3)
        );
        let failure = status.failure.unwrap();
        assert_eq!(failure.position, Position(3));
        assert_eq!(failure.event_type, "AccountOpened");
        assert_eq!((failure.line, failure.code.as_str()), (5, "22023"));
        assert!(failure.statement.starts_with("insert into account"));
        let page = database
            .journal
            .read(&headwater_journal::Read::default())
            .unwrap();
        assert_eq!(failure.event_id, Some(page.events[2].id));
    }
}

#[test]
fn it_stops_alone() {
    let database = failing(100);
    database.refusal("select * from account");
    database.append("AccountOpened", "account/f", OPENED);
    assert_eq!(database.rows("select n from tally"), rows![[6]]);
    assert_eq!(database.rows("select count(*) from event"), rows![[6]]);
    assert_eq!(database.status("tally").failure, None);
}

#[test]
fn an_eventual_answer_is_where_it_stopped() {
    let database = failing(100);
    database.refusal("select * from account");
    let eventual = |sql: &str| Request {
        consistency: Consistency::Eventual,
        ..Request::new(sql)
    };
    let answer = database
        .query(eventual("select id from account order by id"))
        .unwrap();
    assert_eq!(answer.rows, rows![["a"], ["b"]]);
    assert_eq!(answer.position, Position(2));

    database.rows("select n from tally");
    let error = database
        .query(eventual("select * from account, tally"))
        .unwrap_err();
    assert_eq!(
        error.code(),
        "projection_failed",
        "there is no position for both"
    );
}

#[test]
fn a_skip_gets_it_going_and_is_remembered() {
    let mut database = failing(2);
    database.refusal("select * from account");
    let error = database.skip("accounts", Position(2)).unwrap_err();
    assert_eq!(error.code(), "not_failed");
    assert!(
        error.to_string().contains("stopped at position 3"),
        "{error}"
    );
    assert_eq!(
        database.skip("tally", Position(3)).unwrap_err().code(),
        "not_failed"
    );

    database.skip("accounts", Position(3)).unwrap();
    let all = rows![["a"], ["b"], ["d"], ["e"]];
    let sql = "select id from account order by id";
    assert_eq!(database.rows(sql), all);
    let status = database.wait_live("accounts");
    assert_eq!(status.failure, None);
    assert_eq!(status.skipped[0].position, Position(3));
    assert_eq!(status.skipped[0].reason, "a test");

    database.reopen();
    assert_eq!(database.rows(sql), all);
    database.delete_files();
    assert_eq!(
        database.rows(sql),
        all,
        "folded again, it passes over the event again"
    );
    let error = database.skip("accounts", Position(3)).unwrap_err();
    assert_eq!(error.code(), "not_failed");
}

#[test]
fn a_failure_is_known_after_a_restart_without_folding() {
    let mut database = failing(100);
    database.refusal("select * from account");
    let failure = database.status("accounts").failure;
    assert!(failure.is_some());
    database.reopen();
    assert_eq!(database.status("accounts").failure, failure);
    assert_eq!(database.status("accounts").state, State::Failed);
    database.skip("accounts", Position(3)).unwrap();
    assert_eq!(database.rows("select count(*) from account"), rows![[4]]);
}

#[test]
fn a_corrected_definition_sees_the_event_again() {
    let database = failing(100);
    database.refusal("select * from account");
    database.skip("accounts", Position(3)).unwrap();
    let corrected = ACCOUNTS.replace(
        "values (@key, :email, :name?)",
        "values (@key, coalesce(:email?, ''), :name?)",
    );
    database.apply(&corrected).unwrap();
    let status = database.wait_live("accounts");
    assert!(status.skipped.is_empty());
    assert_eq!(database.rows("select count(*) from account"), rows![[5]]);
}

#[test]
fn every_way_to_fail_is_named() {
    let not_json = NewEvent {
        content_type: Some("image/png".into()),
        ..NewEvent::json(EventType::new("AccountOpened").unwrap(), vec![0x89, 0x50])
    };
    let cases = [
        (not_json, "22023", "image/png"),
        (
            event("AccountOpened", "account/b", "[1]"),
            "22023",
            "not an object",
        ),
        (
            event("AccountOpened", "account/b", r#"{"email":7}"#),
            "22023",
            "field `email`",
        ),
        (
            event("AccountOpened", "account/b", r#"{"email":null}"#),
            "23502",
            "not-null",
        ),
        (
            event("AccountOpened", "account/a", OPENED),
            "23505",
            "duplicate key",
        ),
    ];
    for (bad, sqlstate, words) in cases {
        let database = Database::new();
        database.apply(ACCOUNTS).unwrap();
        database.append("AccountOpened", "account/a", OPENED);
        database.append_all(vec![bad]);
        database.refusal("select * from account");
        let failure = database.status("accounts").failure.unwrap();
        assert_eq!(failure.position, Position(2));
        assert_eq!(failure.code, sqlstate, "{failure:?}");
        assert!(failure.message.contains(words), "{failure:?}");
    }
}

#[test]
fn a_statement_without_end_is_a_failure_and_not_a_standstill() {
    let database = Database::new();
    database
        .apply(
            "-- projection: squares\ncreate table n (i bigint);\ncreate table m (i bigint);\n\
             -- on: N\ninsert into n (i) values (@position);\n\
             -- on: Square\ninsert into m (i)\n\
               select count(*) from n a, n b, n c, n d where a.i + b.i + c.i + d.i < 0;\n",
        )
        .unwrap();
    database.append_all(
        (0..200)
            .map(|n| event("N", &format!("n/{n}"), "{}"))
            .collect(),
    );
    database.append("Square", "n/square", "{}");
    database.refusal("select * from m");
    let failure = database.status("squares").failure.unwrap();
    assert_eq!(
        (failure.position, failure.code.as_str()),
        (Position(201), "54001")
    );
    assert!(failure.message.contains("steps"), "{failure:?}");
}

/// A check sees its functions where the projection is folded.
#[test]
fn a_check_with_a_function_is_folded_and_fails_by_its_code() {
    let database = Database::new();
    let plain = "-- projection: plain\n\
        create table plain (id text primary key check (quote_ident(id) = id));\n\
        -- on: AccountOpened\ninsert into plain values (@key);\n";
    database.apply(plain).unwrap();
    database.append("AccountOpened", "account/a", OPENED);
    assert_eq!(database.rows("select id from plain"), rows![["a"]]);
    database.append("AccountOpened", "account/A", OPENED);
    let error = database.refusal("select id from plain");
    assert_eq!(error.code(), "projection_failed");
    assert!(error.to_string().contains("[23514]"), "{error}");
}
