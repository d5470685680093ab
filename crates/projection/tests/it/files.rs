//! Everything but the log can be deleted or spoiled at any time, and comes back the same.

use std::path::Path;

use headwater_event::{Kind, Position};
use headwater_projection::{At, Batch, Options, Request};
use proptest::prelude::*;

use crate::support::{ACCOUNTS, Database, TALLY, event};

const OPENED: &str = r#"{"email":"e"}"#;
const ALL: &str = "select id, email, name from account order by id";

fn filled() -> Database {
    let database = Database::new();
    database.apply(ACCOUNTS).unwrap();
    for n in 0..300 {
        database.append("AccountOpened", &format!("account/{n:03}"), OPENED);
    }
    database
}

/// Opens the database on files that were spoiled while it was closed, and expects the right answer.
fn spoiled(spoil: impl Fn(&Path)) {
    let mut database = filled();
    let before = database.rows(ALL);
    database.projections.close();
    spoil(&database.files()[0]);
    database.reopen();
    assert_eq!(database.rows(ALL), before);
    assert_eq!(database.status("accounts").position, Position(300));
    assert_eq!(database.files().len(), 1);
}

#[test]
fn a_file_that_is_no_database_is_folded_again() {
    spoiled(|file| std::fs::write(file, "this is not a database, whatever its name says").unwrap());
}

#[test]
fn an_empty_file_is_folded_again() {
    spoiled(|file| std::fs::write(file, "").unwrap());
}

#[test]
fn a_file_that_lost_its_end_is_folded_again() {
    spoiled(|file| {
        let bytes = std::fs::read(file).unwrap();
        std::fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
    });
}

#[test]
fn a_file_without_a_checkpoint_is_folded_again() {
    spoiled(|file| edit(file, "delete from _headwater"));
}

#[test]
fn a_file_of_another_fold_version_is_folded_again() {
    spoiled(|file| {
        edit(
            file,
            "update _headwater set fold_version = 0; delete from account",
        )
    });
}

#[test]
fn a_file_of_another_log_is_folded_again() {
    spoiled(|file| {
        edit(
            file,
            "update _headwater set log_id = zeroblob(16); delete from account",
        )
    });
}

#[test]
fn a_file_of_another_definition_is_folded_again() {
    spoiled(|file| {
        edit(
            file,
            "update _headwater set definition = zeroblob(32); delete from account",
        )
    });
}

#[test]
fn a_file_whose_hash_the_log_does_not_have_is_folded_again() {
    spoiled(|file| {
        edit(
            file,
            "update _headwater set chain = zeroblob(32); delete from account",
        )
    });
}

#[test]
fn a_file_that_is_ahead_of_the_log_is_folded_again() {
    spoiled(|file| {
        edit(
            file,
            "update _headwater set position = 301, boundary = 301; delete from account",
        );
    });
}

#[test]
fn a_file_that_passed_over_other_events_is_folded_again() {
    spoiled(|file| {
        edit(
            file,
            "update _headwater set skipped = '[3]'; delete from account where id = '002'",
        )
    });
}

fn edit(file: &Path, sql: &str) {
    let connection = rusqlite::Connection::open(file).unwrap();
    connection.execute_batch(sql).unwrap();
}

#[test]
fn a_file_that_belongs_to_nothing_is_deleted() {
    let mut database = filled();
    database.rows(ALL);
    database.projections.close();
    let folder = database.folder.path();
    std::fs::write(
        folder.join("accounts-0123456789abcdef.sqlite"),
        "an older version",
    )
    .unwrap();
    std::fs::write(
        folder.join("gone-0123456789abcdef.sqlite-wal"),
        "a removed projection",
    )
    .unwrap();
    database.reopen();
    database.rows(ALL);
    let files = database.files();
    assert_eq!(files.len(), 1, "{files:?}");
    assert!(
        !database
            .folder
            .path()
            .join("gone-0123456789abcdef.sqlite-wal")
            .exists()
    );
}

#[test]
fn files_that_go_while_they_are_used_come_back() {
    let database = filled();
    let before = database.rows(ALL);
    for sql in [ALL, "select count(*) from account", ALL] {
        database.delete_files();
        database.rows(sql);
        assert_eq!(database.rows(ALL), before);
    }
    database.delete_files();
    database.append("AccountOpened", "account/new", OPENED);
    assert_eq!(database.rows(ALL).len(), before.len() + 1);
}

#[test]
fn another_file_in_the_place_of_one_that_is_used_is_not_read() {
    let database = filled();
    let before = database.rows(ALL);
    let file = &database.files()[0];
    let other = database.folder.path().join("other");
    std::fs::copy(file, &other).unwrap();
    std::fs::rename(&other, file).unwrap();
    assert_eq!(database.rows(ALL), before);
}

#[test]
fn a_page_that_is_damaged_while_it_is_used_is_never_an_answer() {
    let database = filled();
    let before = database.rows(ALL);
    // Moves everything from the write-ahead log into the file, then spoils all but its first page.
    let file = database.files()[0].clone();
    edit(&file, "pragma wal_checkpoint(truncate)");
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[4096..].fill(0xff);
    std::fs::write(&file, &bytes).unwrap();
    let mut answers = Vec::new();
    for _ in 0..4 {
        match database.query(Request::new(ALL)) {
            Ok(answer) => answers.push(answer.rows),
            Err(error) => assert_eq!(error.code(), "unavailable", "{error}"),
        }
    }
    assert!(!answers.is_empty(), "it was folded again");
    assert!(answers.iter().all(|rows| *rows == before));
}

/// Something that happens to a database.
#[derive(Clone, Debug)]
enum Step {
    Append(Vec<(u8, u8)>),
    Ask,
    AskAt(u8),
    Delete(Option<u8>),
    Reopen,
    Apply(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => proptest::collection::vec((0..4_u8, 0..6_u8), 1..12).prop_map(Step::Append),
        3 => Just(Step::Ask),
        2 => any::<u8>().prop_map(Step::AskAt),
        2 => proptest::option::of(any::<u8>()).prop_map(Step::Delete),
        1 => Just(Step::Reopen),
        1 => any::<bool>().prop_map(Step::Apply),
    ]
}

/// Every event is good for every account, in whatever order.
const FORGIVING: &str = "\
-- projection: accounts
create table account (id text primary key, email text not null, n bigint not null);
-- on: Opened
insert into account (id, email, n) values (@key, :email, @position) on conflict (id) do nothing;
-- on: Changed, Moved
update account set email = :email, n = n + @revision where id = @key;
-- on: Closed
delete from account where id = @key;
";

/// The same in a plain map: what the read model should be.
fn modelled(events: &[(u8, u8)]) -> Vec<(String, String, u64)> {
    let mut accounts = std::collections::BTreeMap::new();
    let mut revisions = [0_u64; 256];
    for (index, (kind, key)) in events.iter().enumerate() {
        let position = index as u64 + 1;
        revisions[usize::from(*key)] += 1;
        let email = format!("{position}@x");
        match kind {
            0 => {
                accounts.entry(*key).or_insert((email, position));
            }
            1 | 2 => {
                if let Some(account) = accounts.get_mut(key) {
                    *account = (email, account.1 + revisions[usize::from(*key)]);
                }
            }
            _ => {
                accounts.remove(key);
            }
        }
    }
    let row = |(key, (email, n)): (u8, (String, u64))| (key.to_string(), email, n);
    accounts.into_iter().map(row).collect()
}

fn check(database: &Database, events: &[(u8, u8)], at: Option<u64>) {
    let upto = at.map_or(events.len(), |at| at as usize);
    let request = Request {
        at: at.map(|at| At::Position(Position(at))),
        ..Request::new("select id, email, n from account order by id")
    };
    let answer = database.query(request).unwrap();
    assert_eq!(answer.position, Position(upto as u64));
    let expected: Vec<Vec<serde_json::Value>> = modelled(&events[..upto])
        .into_iter()
        .map(|(id, email, n)| vec![id.into(), email.into(), n.into()])
        .collect();
    assert_eq!(answer.rows, expected);
}

fn run(steps: Vec<Step>, batch: usize) {
    let mut database = Database::with(Options {
        batch: Batch {
            events_max: batch,
            ..Batch::default()
        },
        ..Options::default()
    });
    database.apply(FORGIVING).unwrap();
    let mut events: Vec<(u8, u8)> = Vec::new();
    for step in steps {
        match step {
            Step::Append(new) => {
                let kinds = ["Opened", "Changed", "Moved", "Closed"];
                let appended = new.iter().enumerate().map(|(index, (kind, key))| {
                    let position = events.len() + index + 1;
                    let data = format!(r#"{{"email":"{position}@x"}}"#);
                    event(kinds[usize::from(*kind)], &format!("account/{key}"), &data)
                });
                database.append_all(appended.collect());
                events.extend(new);
            }
            Step::Ask => check(&database, &events, None),
            Step::AskAt(at) => {
                let at = u64::from(at) % (events.len() as u64 + 1);
                check(&database, &events, Some(at));
            }
            Step::Delete(None) => database.delete_files(),
            Step::Delete(Some(which)) => {
                let files = database.all_files();
                if !files.is_empty() {
                    // The worker may have deleted it first.
                    let _ = std::fs::remove_file(&files[usize::from(which) % files.len()]);
                }
            }
            Step::Reopen => database.reopen(),
            Step::Apply(changed) => {
                let comment = if changed { "-- changed\n" } else { "" };
                database.apply(&format!("{FORGIVING}{comment}")).unwrap();
            }
        }
    }
    check(&database, &events, None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    /// Whatever happens to the files and however the fold is cut, every answer is that of a plain
    /// map over the events.
    #[test]
    fn whatever_happens_to_files_the_answers_are_those_of_the_log(
        steps in proptest::collection::vec(step(), 1..30),
        batch in 1..20_usize,
    ) {
        run(steps, batch);
    }
}

/// 48, or what the environment says.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(48)
}

#[test]
fn one_position_in_two_projections_after_their_files_went_one_by_one() {
    let database = filled();
    database.apply(TALLY).unwrap();
    let sql = "select (select count(*) from account), (select n from tally)";
    let before = database.rows(sql);
    for file in database.files() {
        std::fs::remove_file(file).unwrap();
        assert_eq!(database.rows(sql), before);
    }
}

#[test]
fn a_folder_that_cannot_be_used_is_trouble_and_no_failure_of_the_projection() {
    let mut database = filled();
    let before = database.rows(ALL);
    database.projections.close();
    let folder = database.folder.path().to_owned();
    std::fs::remove_dir_all(&folder).unwrap();
    let expect_trouble = |database: &Database| {
        let error = database.refusal(ALL);
        assert_eq!(
            (error.code(), error.kind()),
            ("unavailable", Kind::Unavailable)
        );
        assert!(error.to_string().contains("found"), "{error}");
    };
    database.reopen();
    std::fs::write(&folder, "a file where the folder should be").unwrap();
    expect_trouble(&database);
    expect_trouble(&database);

    std::fs::remove_file(&folder).unwrap();
    assert_eq!(database.rows(ALL), before);
    let status = database.wait_live("accounts");
    assert_eq!((status.failure, status.trouble), (None, None));
}

#[test]
fn trouble_in_the_middle_is_shown_and_goes_by_itself() {
    let database = filled();
    let before = database.rows(ALL);
    let folder = database.folder.path().to_owned();
    std::fs::remove_dir_all(&folder).unwrap();
    std::fs::write(&folder, "a file where the folder should be").unwrap();
    database.append("AccountOpened", "account/new", OPENED);
    assert_eq!(database.refusal(ALL).code(), "unavailable");
    let status = database.wait("accounts", |status| status.trouble.is_some());
    assert_eq!(status.failure, None);
    assert_eq!(
        database.rows("select count(*) from event").len(),
        1,
        "others go on"
    );

    std::fs::remove_file(&folder).unwrap();
    // Nobody asks: the worker tries again.
    database.wait("accounts", |status| {
        status.trouble.is_none() && status.lag == 0
    });
    assert_eq!(database.rows(ALL).len(), before.len() + 1);
}
