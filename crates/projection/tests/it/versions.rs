//! A changed definition is built beside the one that answers, and takes its place.

use std::sync::atomic::{AtomicBool, Ordering};

use headwater_event::Position;
use headwater_projection::{Applied, Request, State};

use crate::rows;
use crate::support::{ACCOUNTS, Database, TALLY, event};

const OPENED: &str = r#"{"email":"e"}"#;

/// As `ACCOUNTS`, with another column.
fn with_position() -> String {
    ACCOUNTS
        .replace("name text)", "name text, opened bigint)")
        .replace("(id, email, name)", "(id, email, name, opened)")
        .replace(":name?)", ":name?, @position)")
}

/// As `ACCOUNTS`, failing at every event.
fn failing() -> String {
    ACCOUNTS.replace(":name?", ":nothing")
}

#[test]
fn the_same_definition_again_does_nothing() {
    let database = Database::new();
    assert_eq!(database.apply(ACCOUNTS).unwrap(), Applied::Created);
    database.append("AccountOpened", "account/a", OPENED);
    database.wait_live("accounts");
    let files = database.files();
    assert_eq!(database.apply(ACCOUNTS).unwrap(), Applied::Unchanged);
    assert_eq!(database.files(), files);
    assert_eq!(database.status("accounts").state, State::Live);
}

#[test]
fn a_changed_definition_answers_when_it_has_caught_up_under_writes() {
    let database = Database::with_small_batches(50);
    database.apply(ACCOUNTS).unwrap();
    database.append_all(
        (0..2_000)
            .map(|n| event("AccountOpened", &format!("account/{n}"), OPENED))
            .collect(),
    );
    database.wait_live("accounts");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 2_000..5_000 {
                database.append("AccountOpened", &format!("account/{n}"), OPENED);
            }
        });
        assert_eq!(database.apply(&with_position()).unwrap(), Applied::Building);
        // Before and after the switch every answer is fresh and whole.
        loop {
            let head = database.journal.head().position;
            let answer = database
                .query(headwater_projection::Request::new(
                    "select count(*) from account",
                ))
                .unwrap();
            assert!(answer.position >= head);
            assert_eq!(answer.rows, rows![[answer.position.0]]);
            if database.status("accounts").building.is_none() {
                break;
            }
        }
    });
    assert_eq!(
        database.rows("select count(*) from account where opened is null"),
        rows![[0]]
    );
    database.wait("accounts", |_| database.files().len() == 1);
    assert_eq!(database.status("accounts").state, State::Live);
}

#[test]
fn no_query_notices_that_versions_take_turns() {
    let database = Database::with_small_batches(20);
    database.apply(ACCOUNTS).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..2_000 {
                database.append("AccountOpened", &format!("account/{n}"), OPENED);
            }
        });
        let asking = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let answer = database
                    .query(Request::new("select count(*) from account"))
                    .unwrap();
                assert_eq!(answer.rows, rows![[answer.position.0]]);
            }
        });
        for turn in 0..20 {
            database
                .apply(&format!("{ACCOUNTS}-- turn {turn}\n"))
                .unwrap();
            // Every other one is replaced before it was built.
            if turn % 2 == 0 {
                database.wait("accounts", |status| {
                    status.building.is_none() || asking.is_finished()
                });
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    database.wait_live("accounts");
    assert_eq!(database.rows("select count(*) from account"), rows![[2000]]);
}

#[test]
fn a_build_that_fails_leaves_the_other_one_answering() {
    let database = Database::new();
    database.apply(ACCOUNTS).unwrap();
    database.append("AccountOpened", "account/a", OPENED);
    database.wait_live("accounts");
    database.apply(&failing()).unwrap();
    let status = database.wait("accounts", |status| status.failure.is_some());
    assert_eq!(status.state, State::Live);
    let building = status.building.unwrap();
    assert_eq!(building.failure, status.failure);
    assert_eq!(building.failure.unwrap().position, Position(1));
    database.append("AccountOpened", "account/b", OPENED);
    assert_eq!(database.rows("select count(*) from account"), rows![[2]]);

    // Either it is skipped, until it has caught up,
    for position in [1, 2] {
        database.wait("accounts", |status| {
            let failure = status.failure.as_ref();
            failure.is_some_and(|failure| failure.position == Position(position))
        });
        database.skip("accounts", Position(position)).unwrap();
    }
    database.wait_live("accounts");
    assert_eq!(database.rows("select count(*) from account"), rows![[0]]);

    // or the text is corrected; and going back to an earlier text is a change as any other.
    assert_eq!(database.apply(ACCOUNTS).unwrap(), Applied::Building);
    database.wait_live("accounts");
    assert_eq!(database.rows("select count(*) from account"), rows![[2]]);
}

#[test]
fn going_back_while_the_new_version_is_built_keeps_the_old_one() {
    let database = Database::new();
    database.apply(ACCOUNTS).unwrap();
    database.append("AccountOpened", "account/a", OPENED);
    let before = database.wait_live("accounts");
    database.apply(&failing()).unwrap();
    database.apply(ACCOUNTS).unwrap();
    let after = database.status("accounts");
    assert_eq!((after.state, after.version), (State::Live, before.version));
    assert!(after.building.is_none());
    assert_eq!(database.files().len(), 1);
    assert_eq!(database.rows("select count(*) from account"), rows![[1]]);
}

#[test]
fn after_a_restart_the_old_version_answers_until_the_new_one_is_built() {
    let mut database = Database::new();
    database.apply(ACCOUNTS).unwrap();
    database.append("AccountOpened", "account/a", OPENED);
    let old = database.wait_live("accounts").version;
    database.apply(&failing()).unwrap();
    database.wait("accounts", |status| status.failure.is_some());
    database.reopen();
    assert_eq!(database.rows("select id from account"), rows![["a"]]);
    let status = database.wait("accounts", |status| status.failure.is_some());
    assert_eq!((status.state, status.version), (State::Live, old));
    assert_ne!(status.building.unwrap().version, old.unwrap());

    database.apply(&with_position()).unwrap();
    database.wait_live("accounts");
    database.reopen();
    assert_eq!(
        database.rows("select id, opened from account"),
        rows![["a", 1]]
    );
    assert_eq!(database.files().len(), 1);
}

#[test]
fn a_table_belongs_to_one_projection() {
    let database = Database::new();
    database.apply(ACCOUNTS).unwrap();
    let other = ACCOUNTS
        .replace("projection: accounts", "projection: people")
        .replace("create table account", "create table \"Account\"")
        .replace("into account", "into \"Account\"")
        .replace("update account", "update \"Account\"")
        .replace("from account", "from \"Account\"");
    let error = database.projections.check(&other).unwrap_err();
    assert_eq!(error.code(), "table_exists");
    let told = error.to_string();
    assert!(
        told.contains("people") && told.contains("accounts") && told.contains("Account"),
        "{told}"
    );
    assert!(database.apply(&other).is_err());
    database.remove("accounts").unwrap();
    assert_eq!(database.apply(&other).unwrap(), Applied::Created);
}

#[test]
fn a_removed_projection_is_gone_with_its_files() {
    let mut database = Database::new();
    database.apply(ACCOUNTS).unwrap();
    database.apply(TALLY).unwrap();
    database.append("AccountOpened", "account/a", OPENED);
    database.rows("select * from account, tally");
    database.remove("accounts").unwrap();
    assert_eq!(database.files().len(), 1);
    let headwater_projection::Error::Sql(error) = database.refusal("select * from account") else {
        panic!("the table is gone")
    };
    assert_eq!(error.sqlstate(), "42P01");
    assert_eq!(
        database.projections.status("accounts").unwrap_err().code(),
        "unknown_projection"
    );
    assert_eq!(
        database.projections.remove("accounts").unwrap_err().code(),
        "unknown_projection"
    );
    assert_eq!(database.rows("select n from tally"), rows![[1]]);
    database.reopen();
    let names: Vec<String> = database
        .projections
        .list()
        .unwrap()
        .into_iter()
        .map(|status| status.name)
        .collect();
    assert_eq!(names, ["tally"]);
    assert_eq!(database.apply(ACCOUNTS).unwrap(), Applied::Created);
    assert_eq!(database.rows("select id from account"), rows![["a"]]);
}

#[test]
fn a_new_projection_is_built_without_being_asked() {
    let database = Database::with_small_batches(10);
    database.append_all(
        (0..500)
            .map(|n| event("AccountOpened", &format!("account/{n}"), OPENED))
            .collect(),
    );
    database.apply(ACCOUNTS).unwrap();
    let status = database.wait_live("accounts");
    assert_eq!((status.position, status.lag), (Position(500), 0));
}
