//! Answers as of earlier positions: those of a log that ends there.

use std::time::Duration;

use headwater_event::{Kind, Position};
use headwater_journal::env::{Env, SystemEnv};
use headwater_projection::{At, Error, Request};

use crate::rows;
use crate::support::{ACCOUNTS, Answer, Database, TALLY, event};

const OPENED: &str = r#"{"email":"e"}"#;
const ALL: &str = "select id, email from account order by id";

fn at(database: &Database, position: u64, sql: &str) -> Result<Answer, Error> {
    database.query(Request {
        at: Some(At::Position(Position(position))),
        ..Request::new(sql)
    })
}

/// Accounts that are opened, changed and closed.
fn filled() -> Database {
    let database = Database::with_small_batches(16);
    database.apply(ACCOUNTS).unwrap();
    for n in 0..40 {
        let stream = format!("account/{:02}", n % 10);
        match n / 10 {
            0 | 3 => database.append("AccountOpened", &stream, OPENED),
            1 => database.append("EmailChanged", &stream, &format!(r#"{{"email":"e{n}"}}"#)),
            _ => database.append("AccountClosed", &stream, "{}"),
        };
    }
    database
}

/// What a database answers whose log ends at the position.
fn prefix(database: &Database, position: u64) -> Vec<Vec<serde_json::Value>> {
    let other = Database::new();
    other.apply(ACCOUNTS).unwrap();
    let read = headwater_journal::Read {
        until: Some(Position(position)),
        ..headwater_journal::Read::default()
    };
    for past in database.journal.read(&read).unwrap().events {
        let stream = past.stream.as_ref().unwrap();
        let data = std::str::from_utf8(&past.data).unwrap();
        other.append(past.event_type.as_str(), stream.as_str(), data);
    }
    other.rows(ALL)
}

#[test]
fn every_position_answers_as_the_log_up_to_it() {
    let database = filled();
    // Up, so that one read model goes on; down, so that others begin; and here and there.
    let walk = (0..=40)
        .chain((0..=40).rev())
        .chain([7, 23, 22, 8, 40, 0, 13]);
    for position in walk {
        let answer = at(&database, position, ALL).unwrap();
        assert_eq!(answer.position, Position(position));
        assert_eq!(answer.rows, prefix(&database, position), "at {position}");
    }
    assert!(
        database.files().len() <= 3,
        "the one that is live, and two that stay behind"
    );
    assert_eq!(database.rows(ALL), prefix(&database, 40));
}

#[test]
fn many_ask_about_the_past_at_once() {
    let database = filled();
    let expected: Vec<_> = (0..=40)
        .map(|position| prefix(&database, position))
        .collect();
    std::thread::scope(|scope| {
        for start in 0..4 {
            let (database, expected) = (&database, &expected);
            scope.spawn(move || {
                for position in (start..=40).step_by(3) {
                    let answer = at(database, position, ALL).unwrap();
                    assert_eq!(answer.rows, expected[position as usize], "at {position}");
                }
            });
        }
    });
}

#[test]
fn a_moment_that_has_not_come_is_refused() {
    let database = filled();
    let error = at(&database, 41, ALL).unwrap_err();
    assert_eq!(
        (error.code(), error.kind()),
        ("position_ahead", Kind::Invalid)
    );
    assert!(error.to_string().contains("at most 40"), "{error}");
    let error = database
        .query(Request {
            at: Some(At::Time("9999-01-01T00:00:00Z".parse().unwrap())),
            ..Request::new(ALL)
        })
        .unwrap_err();
    assert_eq!(error.code(), "position_ahead");
}

#[test]
fn a_time_is_the_position_that_was_the_head_then() {
    let database = filled();
    let then = database.journal.head().recorded_at;
    SystemEnv.sleep(Duration::from_millis(2));
    database.append("AccountOpened", "account/new", OPENED);
    let ask = |time| Request {
        at: Some(At::Time(time)),
        ..Request::new(ALL)
    };
    let answer = database.query(ask(then)).unwrap();
    assert_eq!(answer.position, Position(40));
    assert_eq!(answer.rows, prefix(&database, 40));
    let answer = database
        .query(ask("2001-01-01T00:00:00Z".parse().unwrap()))
        .unwrap();
    assert_eq!((answer.position, answer.rows.len()), (Position(0), 0));
}

#[test]
fn the_past_is_seen_with_the_definition_that_is_live_now() {
    let database = filled();
    at(&database, 5, ALL).unwrap();
    database
        .apply(&ACCOUNTS.replace("values (@key, :email,", "values (@key, upper(:email),"))
        .unwrap();
    database.wait_live("accounts");
    assert_eq!(
        at(&database, 2, ALL).unwrap().rows,
        rows![["00", "E"], ["01", "E"]]
    );
}

#[test]
fn several_projections_are_seen_at_the_same_moment() {
    let database = filled();
    database.apply(TALLY).unwrap();
    let sql = "select (select count(*) from account), (select sum(n)::bigint from tally), (select count(*) from event)";
    assert_eq!(at(&database, 10, sql).unwrap().rows, rows![[10, 10, 10]]);
    assert_eq!(at(&database, 25, sql).unwrap().rows, rows![[5, 25, 25]]);
}

#[test]
fn before_the_event_that_failed_the_past_still_answers() {
    let database = Database::new();
    database.apply(ACCOUNTS).unwrap();
    database.append_all(vec![
        event("AccountOpened", "account/a", OPENED),
        event("AccountOpened", "account/b", "{}"),
        event("AccountOpened", "account/c", OPENED),
    ]);
    assert_eq!(at(&database, 1, ALL).unwrap().rows, rows![["a", "e"]]);
    for position in [2, 3] {
        assert_eq!(
            at(&database, position, ALL).unwrap_err().code(),
            "projection_failed"
        );
    }
    database.refusal(ALL);
    database.skip("accounts", Position(2)).unwrap();
    assert_eq!(at(&database, 2, ALL).unwrap().rows, rows![["a", "e"]]);
    assert_eq!(at(&database, 3, ALL).unwrap().rows.len(), 2);
}

#[test]
fn what_stays_behind_is_deleted_when_the_read_models_are_closed_or_opened() {
    let mut database = filled();
    database.rows(ALL); // beyond that position: what is not answers by itself
    at(&database, 5, ALL).unwrap();
    let folder = database.folder.path().join("as-of");
    assert!(std::fs::read_dir(&folder).unwrap().count() > 0);
    database.projections.close();
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    std::fs::write(folder.join("accounts-1.sqlite"), "left by a crash").unwrap();
    database.reopen();
    assert!(!folder.exists());
    assert_eq!(at(&database, 5, ALL).unwrap().rows.len(), 5);
}
