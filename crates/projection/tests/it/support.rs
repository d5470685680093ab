//! A log in memory, read models in a temporary folder, and short ways to use them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use headwater_event::{Append, EventType, NewEvent, Outcome, Position, StreamName};
use headwater_journal::env::{Env, SystemEnv};
use headwater_journal::{Journal, MemoryStorage};
use headwater_projection::{
    Applied, Batch, Error, Options, Projections, Recorded, Request, State, Status,
};
use tempfile::TempDir;

/// Accounts with an email, by key.
pub(crate) const ACCOUNTS: &str = "\
-- projection: accounts
create table account (id text primary key, email text not null, name text);

-- on: AccountOpened
insert into account (id, email, name) values (@key, :email, :name?);

-- on: EmailChanged
update account set email = :email where id = @key;

-- on: AccountClosed
delete from account where id = @key;
";

/// How many events there are of each type that is handled.
pub(crate) const TALLY: &str = "\
-- projection: tally
create table tally (type text primary key, n bigint not null, last bigint not null);

-- on: AccountOpened, EmailChanged, AccountClosed
insert into tally (type, n, last) values (@type, 1, @position)
  on conflict (type) do update set n = tally.n + 1, last = excluded.last;
";

/// A database: a log, what was recorded, and read models.
pub(crate) struct Database {
    pub(crate) journal: Journal,
    pub(crate) folder: TempDir,
    pub(crate) projections: Projections,
    recorded: Mutex<Vec<Recorded>>,
    options: Options,
}

/// The answer of a query, read to its end.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) rows: Vec<Vec<serde_json::Value>>,
    pub(crate) position: Position,
    pub(crate) events_read: u64,
}

pub(crate) fn journal() -> Journal {
    let storage = Arc::new(MemoryStorage::new(SystemEnv.log_id()));
    Journal::open(
        storage,
        Arc::new(SystemEnv),
        headwater_journal::Options::default(),
    )
    .expect("an empty log opens")
}

fn open(journal: &Journal, folder: &Path, recorded: &[Recorded], options: Options) -> Projections {
    Projections::open(
        journal.clone(),
        Arc::new(SystemEnv),
        folder.to_owned(),
        recorded.to_vec(),
        options,
    )
    .expect("read models open")
}

impl Database {
    pub(crate) fn new() -> Database {
        Database::with(Options::default())
    }

    /// One event in each transaction of a fold, so that every boundary is crossed.
    pub(crate) fn with_small_batches(events_max: usize) -> Database {
        Database::with(Options {
            batch: Batch {
                events_max,
                ..Batch::default()
            },
            ..Options::default()
        })
    }

    pub(crate) fn with(options: Options) -> Database {
        let journal = journal();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let projections = open(&journal, folder.path(), &[], options);
        Database {
            journal,
            folder,
            projections,
            recorded: Mutex::default(),
            options,
        }
    }

    /// As after a restart: new objects over the same log, files and records.
    pub(crate) fn reopen(&mut self) {
        self.projections.close();
        let recorded = self.recorded.lock().expect("not poisoned").clone();
        self.projections = open(&self.journal, self.folder.path(), &recorded, self.options);
    }

    /// Appends one event.
    pub(crate) fn append(&self, event_type: &str, stream: &str, data: &str) -> Position {
        self.append_all(vec![event(event_type, stream, data)])
    }

    /// Appends events as one append; gives the last position.
    pub(crate) fn append_all(&self, events: Vec<NewEvent>) -> Position {
        append_to(&self.journal, events)
    }

    /// Checks, records and applies a text, as the node does.
    pub(crate) fn apply(&self, text: &str) -> Result<Applied, Error> {
        let change = self.projections.check(text)?;
        if change.applied != Applied::Unchanged {
            self.record(Recorded::Applied { text: text.into() });
        }
        let applied = self.projections.apply(text)?;
        assert_eq!(applied, change.applied, "check says what apply does");
        Ok(applied)
    }

    pub(crate) fn skip(&self, name: &str, position: Position) -> Result<(), Error> {
        self.projections.check_skip(name, position)?;
        self.record(Recorded::Skipped {
            name: name.into(),
            position,
            reason: "a test".into(),
        });
        self.projections.skip(name, position, "a test")
    }

    pub(crate) fn remove(&self, name: &str) -> Result<(), Error> {
        self.projections.definition(name)?;
        self.record(Recorded::Removed { name: name.into() });
        self.projections.remove(name)
    }

    fn record(&self, record: Recorded) {
        self.recorded.lock().expect("not poisoned").push(record);
    }

    pub(crate) fn query(&self, request: Request) -> Result<Answer, Error> {
        answer(&self.projections, request)
    }

    /// The rows of a fresh query, as JSON.
    pub(crate) fn rows(&self, sql: &str) -> Vec<Vec<serde_json::Value>> {
        match self.query(Request::new(sql)) {
            Ok(answer) => answer.rows,
            Err(error) => panic!("{sql}: {error}"),
        }
    }

    /// Why a fresh query fails.
    pub(crate) fn refusal(&self, sql: &str) -> Error {
        match self.query(Request::new(sql)) {
            Ok(answer) => panic!("{sql}: {answer:?}"),
            Err(error) => error,
        }
    }

    pub(crate) fn status(&self, name: &str) -> Status {
        self.projections.status(name).expect("a status")
    }

    /// Waits until the status is as wanted. The worker needs a moment, and nothing is timed.
    pub(crate) fn wait(&self, name: &str, wanted: impl Fn(&Status) -> bool) -> Status {
        for _ in 0..2_000 {
            let status = self.status(name);
            if wanted(&status) {
                return status;
            }
            SystemEnv.sleep(Duration::from_millis(5));
        }
        panic!("{name} stays as it is: {:?}", self.status(name));
    }

    pub(crate) fn wait_live(&self, name: &str) -> Status {
        self.wait(name, |status| {
            status.state == State::Live && status.building.is_none()
        })
    }

    /// The files of read models, and those that SQLite keeps beside them.
    pub(crate) fn all_files(&self) -> Vec<PathBuf> {
        files(self.folder.path())
    }

    /// The files of read models, without those that SQLite keeps beside them.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        self.all_files()
            .into_iter()
            .filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "sqlite")
            })
            .collect()
    }

    /// Deletes every file of every read model.
    pub(crate) fn delete_files(&self) {
        for path in self.all_files() {
            // The worker may have deleted it first.
            let _ = std::fs::remove_file(path);
        }
    }
}

pub(crate) fn answer(projections: &Projections, request: Request) -> Result<Answer, Error> {
    let mut rows = projections.query(request)?;
    let mut all = Vec::new();
    while let Some(batch) = rows.next_batch()? {
        let batch = batch.into_iter();
        all.extend(batch.map(|row| row.iter().map(headwater_sql::Value::to_json).collect()));
    }
    Ok(Answer {
        rows: all,
        position: rows.position(),
        events_read: rows.events_read(),
    })
}

pub(crate) fn append_to(journal: &Journal, events: Vec<NewEvent>) -> Position {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    match runtime.block_on(journal.append(Append::of(events), None)) {
        Ok(Outcome::Appended(appended)) => appended.last,
        other => panic!("the append came to {other:?}"),
    }
}

pub(crate) fn event(event_type: &str, stream: &str, data: &str) -> NewEvent {
    NewEvent::json(
        EventType::new(event_type).expect("a type"),
        data.as_bytes().to_vec(),
    )
    .in_stream(StreamName::new(stream).expect("a stream"))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Rows, written as JSON.
#[macro_export]
macro_rules! rows {
    ($($rows:tt)*) => {{
        let rows = serde_json::from_value(serde_json::json!([$($rows)*]));
        let rows: Vec<Vec<serde_json::Value>> = rows.expect("rows");
        rows
    }};
}
