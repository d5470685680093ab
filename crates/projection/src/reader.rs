//! Connections that queries run on, and the pool that keeps some of them.
//!
//! A reader is a connection to nothing (`:memory:`), to which the files of read models are attached
//! read-only as a query needs them. A query pins the files first: it begins a transaction and reads
//! the position of each, so that from then on it sees exactly that, whatever is folded meanwhile.
//!
//! After a brief query a reader keeps what it has pinned, and the next one that asks for the same
//! finds it there: beginning and ending a transaction takes longer than finding a row. Before and
//! after a read model moves on, readers that nobody has let go of theirs; so none of them sees an
//! older position than the read model has, and SQLite's write-ahead log can begin anew.

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use headwater_event::{Error, Kind, Position};
use headwater_journal::Journal;
use headwater_sql::{Catalog, Session, Surroundings};
use rusqlite::{Connection, OpenFlags};

use crate::deadline::Deadline;
use crate::event_source::EventSource;
use crate::event_table;
use crate::guard::{Allowed, Guard};
use crate::model::closed;
use crate::sync::lock;

/// Files that one query may read: SQLite attaches at most ten, and is asked for no more.
pub(crate) const FILES_MAX: usize = 10;

/// Steps of SQLite's machine that are few.
const STEPS_FEW: u64 = 2_000;

/// Steps between two looks at the deadline of a statement that somebody waits for, because it should
/// be brief; of any other there are [`STEPS_FEW`].
const STEPS_BETWEEN: u16 = 100;

/// Statements that a connection keeps prepared.
const STATEMENTS_KEPT: usize = 32;

/// The file of a read model, as a reader attaches it.
#[derive(Clone, Copy)]
pub(crate) struct Attached<'a> {
    /// The name that statements know it by.
    pub(crate) schema: &'a str,
    pub(crate) path: &'a Path,
    /// Which file it is, among those that ever stood at a path.
    pub(crate) file: u64,
}

/// A connection that queries run on, one at a time.
pub(crate) struct Reader {
    connection: Connection,
    guard: Guard,
    source: Arc<EventSource>,
    surroundings: Surroundings,
    attached: HashMap<String, (std::path::PathBuf, u64)>,
    /// What the transaction that is open sees of each file, by schema; nothing where none is.
    pinned: Vec<(String, Position)>,
    watch: Arc<Watch>,
}

/// Ends a statement at its deadline.
#[derive(Default)]
struct Watch {
    deadline: Mutex<Option<Deadline>>,
    /// Steps of the statement, about, and after how many more the deadline is looked at.
    steps: AtomicU64,
    between: AtomicU64,
}

impl Watch {
    /// From now on a statement runs until the deadline; or none of somebody else's.
    fn set(&self, deadline: Option<Deadline>, between: u64) {
        self.steps.store(0, Ordering::Relaxed);
        self.between.store(between, Ordering::Relaxed);
        *lock(&self.deadline) = deadline;
    }

    /// The statement took [`STEPS_BETWEEN`] more; whether it must end.
    fn is_over(&self) -> bool {
        let more = u64::from(STEPS_BETWEEN); // 64 bits are enough for thousands of years
        let steps = self.steps.fetch_add(more, Ordering::Relaxed) + more;
        let looks = steps.is_multiple_of(self.between.load(Ordering::Relaxed).max(1));
        looks
            && lock(&self.deadline)
                .as_ref()
                .is_some_and(|deadline| deadline.over().is_some())
    }
}

impl Reader {
    fn open(journal: Journal) -> rusqlite::Result<Reader> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_URI
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(":memory:", flags)?;
        connection.busy_timeout(Duration::from_secs(2))?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        connection.pragma_update(None, "trusted_schema", false)?;
        // Sorting spills to a file beyond this, rather than taking memory.
        connection.pragma_update(None, "temp_store", "file")?;
        connection.pragma_update(None, "cache_size", -2048)?;
        connection.pragma_update(None, "query_only", true)?;
        headwater_sql::install(&connection)?;
        let surroundings = Surroundings::install(&connection)?;
        let source = Arc::new(EventSource::new(journal));
        event_table::install(&connection, Arc::clone(&source))?;
        let guard = Guard::install(&mut connection, Allowed::Read)?;
        let watch = Arc::new(Watch::default());
        let watching = Arc::clone(&watch);
        connection.progress_handler(i32::from(STEPS_BETWEEN), Some(move || watching.is_over()))?;
        Ok(Reader {
            connection,
            guard,
            source,
            surroundings,
            attached: HashMap::new(),
            pinned: Vec::new(),
            watch,
        })
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(crate) fn source(&self) -> &Arc<EventSource> {
        &self.source
    }

    /// Begins a transaction and fixes what it sees of each file. Gives the position of each.
    pub(crate) fn pin(&mut self, files: &[Attached<'_>]) -> rusqlite::Result<Vec<Position>> {
        self.rollback()?;
        self.make_room(files)?;
        for file in files {
            self.attach(*file)?;
        }
        self.connection.prepare_cached("begin")?.execute([])?;
        let position = |file: &Attached<'_>| self.position(file.schema);
        let positions: Vec<Position> = files.iter().map(position).collect::<Result<_, _>>()?;
        let schemas = files.iter().map(|file| file.schema.to_owned());
        self.pinned = schemas.zip(positions.iter().copied()).collect();
        Ok(positions)
    }

    /// The same, without beginning anew where what a query before this one has pinned is still kept.
    /// After some errors, as of a disk that is full, SQLite has ended the transaction by itself.
    pub(crate) fn pin_again(&mut self, files: &[Attached<'_>]) -> rusqlite::Result<Vec<Position>> {
        if self.connection.is_autocommit() {
            self.pinned.clear();
        }
        let kept = |file: &Attached<'_>| {
            let mut pinned = self.pinned.iter();
            let (_, position) = pinned.find(|(schema, _)| schema == file.schema)?;
            Some(*position)
        };
        match files.iter().map(kept).collect() {
            Some(positions) => Ok(positions),
            None => self.pin(files),
        }
    }

    fn position(&self, schema: &str) -> rusqlite::Result<Position> {
        let sql = format!("select position from {schema}._headwater where id = 1");
        let position: i64 = self
            .connection
            .prepare_cached(&sql)?
            .query_row([], |row| row.get(0))?;
        Ok(Position(position.cast_unsigned()))
    }

    /// Whether all of these files are attached.
    pub(crate) fn has_attached(&self, files: &[Attached<'_>]) -> bool {
        let is_attached = |file: &Attached<'_>| {
            let attached = self.attached.get(file.schema);
            attached.is_some_and(|(path, number)| path == file.path && *number == file.file)
        };
        files.iter().all(is_attached)
    }

    fn attach(&mut self, file: Attached<'_>) -> rusqlite::Result<()> {
        if self.has_attached(&[file]) {
            return Ok(());
        }
        if self.attached.contains_key(file.schema) {
            self.detach(file.schema)?;
        }
        let wanted = (file.path.to_owned(), file.file);
        let uri = format!("file:{}?mode=ro", percent_encoded(file.path));
        let sql = format!("attach database ?1 as {}", file.schema);
        self.connection.execute(&sql, [uri])?;
        self.attached.insert(file.schema.to_owned(), wanted);
        Ok(())
    }

    fn detach(&mut self, schema: &str) -> rusqlite::Result<()> {
        self.connection.flush_prepared_statement_cache();
        self.connection
            .execute_batch(&format!("detach database {schema}"))?;
        self.attached.remove(schema);
        Ok(())
    }

    /// Detaches what is not needed, if the rest would be too many.
    fn make_room(&mut self, files: &[Attached<'_>]) -> rusqlite::Result<()> {
        let needed = |schema: &str| files.iter().any(|file| file.schema == schema);
        let new = files
            .iter()
            .filter(|file| !self.attached.contains_key(file.schema))
            .count();
        if self.attached.len() + new <= FILES_MAX {
            return Ok(());
        }
        let idle: Vec<String> = self
            .attached
            .keys()
            .filter(|schema| !needed(schema))
            .cloned()
            .collect();
        idle.iter().try_for_each(|schema| self.detach(schema))
    }

    /// From now on statements run in these tables and this session.
    pub(crate) fn surround(&self, catalog: &Catalog, session: Session) {
        self.surroundings.set(catalog, session);
    }

    /// From now on a person's statement runs, until the deadline.
    pub(crate) fn admit(&self, until: Position, deadline: Deadline) {
        self.begin(until, deadline, STEPS_FEW);
    }

    /// The same for a statement that should be brief, of which somebody waits for the end.
    pub(crate) fn admit_briefly(&self, until: Position, deadline: Deadline) {
        self.begin(until, deadline, STEPS_BETWEEN.into());
    }

    fn begin(&self, until: Position, deadline: Deadline, steps_between: u64) {
        self.source.begin(until);
        self.guard.close();
        self.watch.set(Some(deadline), steps_between);
    }

    /// Whether the statement that was admitted took more than a few steps so far.
    pub(crate) fn has_worked(&self) -> bool {
        self.watch.steps.load(Ordering::Relaxed) >= STEPS_FEW
    }

    /// Ends what was admitted; what is pinned stays.
    fn end(&self) {
        self.guard.open();
        self.watch.set(None, STEPS_FEW);
    }

    /// Ends what was pinned. `false` if the connection cannot be used again.
    fn let_go(&mut self) -> bool {
        self.rollback().is_ok()
    }

    fn rollback(&mut self) -> rusqlite::Result<()> {
        self.pinned.clear();
        match self.connection.is_autocommit() {
            true => Ok(()),
            false => self
                .connection
                .prepare_cached("rollback")?
                .execute([])
                .map(drop),
        }
    }
}

/// A path as the path of a `file:` URI (RFC 3986, section 3.3).
fn percent_encoded(path: &Path) -> String {
    let mut encoded = String::new();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(char::from(*byte));
            }
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

/// Readers that are open. A clone is the same pool.
#[derive(Clone)]
pub(crate) struct Readers {
    inner: Arc<Pool>,
}

struct Pool {
    journal: Journal,
    idle_max: usize,
    leased_max: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    idle: Vec<Reader>,
    leased: usize,
    closed: bool,
    /// Counts the read models that went: readers from before may hold their files.
    retired: u64,
    /// Counts how often one moved on: what readers have pinned before is old.
    moved: u64,
}

impl Readers {
    pub(crate) fn new(journal: Journal, idle_max: usize, leased_max: usize) -> Readers {
        Readers {
            inner: Arc::new(Pool {
                journal,
                idle_max,
                leased_max,
                state: Mutex::default(),
            }),
        }
    }

    /// Takes a reader that is open, if there is one that nobody has.
    pub(crate) fn lease_idle(&self) -> Option<Lease> {
        let mut state = lock(&self.inner.state);
        if state.closed || state.leased >= self.inner.leased_max {
            return None;
        }
        let reader = state.idle.pop()?;
        state.leased += 1;
        Some(Lease {
            reader: Some(Rc::new(reader)),
            pool: Arc::clone(&self.inner),
            retired: state.retired,
            moved: state.moved,
            reusable: true,
            keeps: false,
        })
    }

    /// Takes a reader. It goes back when the lease is dropped.
    pub(crate) fn lease(&self) -> Result<Lease, Error> {
        let (idle, retired, moved) = {
            let mut state = lock(&self.inner.state);
            if state.closed {
                return Err(closed());
            }
            if state.leased >= self.inner.leased_max {
                return Err(busy(self.inner.leased_max));
            }
            state.leased += 1;
            (state.idle.pop(), state.retired, state.moved)
        };
        // From here on the lease counts itself back.
        let mut lease = Lease {
            reader: None,
            pool: Arc::clone(&self.inner),
            retired,
            moved,
            reusable: true,
            keeps: false,
        };
        let reader = match idle {
            Some(reader) => reader,
            None => Reader::open(self.inner.journal.clone()).map_err(|error| {
                Error::new(Kind::Unavailable, "unavailable", "a query cannot be begun").found(error)
            })?,
        };
        lease.reader = Some(Rc::new(reader));
        Ok(lease)
    }

    /// Closes the files of read models that are gone, as soon as nobody reads them.
    pub(crate) fn forget_files(&self) {
        let mut state = lock(&self.inner.state);
        state.retired += 1;
        state.idle.clear();
    }

    /// A read model is about to move on, or has: readers that nobody has let go of what they saw.
    pub(crate) fn let_go(&self) {
        let mut state = lock(&self.inner.state);
        state.moved += 1;
        state.idle.retain_mut(Reader::let_go);
    }

    /// Closes everything that is idle now, and everything else when it comes back.
    pub(crate) fn close(&self) {
        let mut state = lock(&self.inner.state);
        state.closed = true;
        state.idle.clear();
    }
}

fn busy(most: usize) -> Error {
    Error::new(Kind::Busy, "busy", "too many queries run at once")
        .expected(format!("at most {most} for one database"))
        .action("try again after a pause")
}

/// A reader that one query has for itself.
pub(crate) struct Lease {
    /// `Rc`, because statements borrow from where it points to while the lease itself moves.
    reader: Option<Rc<Reader>>,
    pool: Arc<Pool>,
    retired: u64,
    moved: u64,
    reusable: bool,
    keeps: bool,
}

impl Lease {
    /// The reader, for as long as nothing borrows from it.
    pub(crate) fn reader_mut(&mut self) -> Result<&mut Reader, Error> {
        self.reader
            .as_mut()
            .and_then(Rc::get_mut)
            .ok_or_else(|| Error::new(Kind::Internal, "internal", "the reader is in use"))
    }

    /// The reader.
    pub(crate) fn reader(&self) -> Result<&Rc<Reader>, Error> {
        self.reader
            .as_ref()
            .ok_or_else(|| Error::new(Kind::Internal, "internal", "the lease has no reader"))
    }

    /// Closes the reader when the lease ends: it holds files that nobody else will want.
    pub(crate) fn close_after(&mut self) {
        self.reusable = false;
    }

    /// When the lease ends the reader keeps what it has pinned, for the next query.
    pub(crate) fn keep_pinned(&mut self) {
        self.keeps = true;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut reader = self.reader.take().and_then(Rc::into_inner);
        if let Some(reader) = &reader {
            reader.end();
        }
        if !self.keeps {
            reader = reader.and_then(let_go);
        }
        let mut state = lock(&self.pool.state);
        state.leased -= 1;
        if state.moved != self.moved {
            reader = reader.and_then(let_go);
        }
        let current = state.retired == self.retired && !state.closed && self.reusable;
        if current && state.idle.len() < self.pool.idle_max {
            state.idle.extend(reader.take());
        }
        drop(state); // before a reader that is not needed is closed
    }
}

/// The reader, with nothing pinned, if it can be used again.
fn let_go(mut reader: Reader) -> Option<Reader> {
    reader.let_go().then_some(reader)
}

#[cfg(test)]
mod tests {
    use headwater_journal::env::{Env as _, SystemEnv};
    use headwater_journal::{MemoryStorage, Options};

    use super::*;
    use crate::CancelHandle;

    fn reader() -> Reader {
        let storage = Arc::new(MemoryStorage::new(SystemEnv.log_id()));
        let journal = Journal::open(storage, Arc::new(SystemEnv), Options::default());
        Reader::open(journal.unwrap()).unwrap()
    }

    #[test]
    fn the_deadline_is_looked_at_however_long_a_statement_runs() {
        let (watch, cancel) = (Watch::default(), CancelHandle::default());
        let hour = Duration::from_secs(3600);
        let deadline = Deadline::new(Arc::new(SystemEnv), hour, cancel.clone());
        watch.set(Some(deadline), STEPS_FEW);
        cancel.cancel();
        let between = u64::from(STEPS_BETWEEN);
        let is_over = || (0..STEPS_FEW / between).any(|_| watch.is_over());
        for most in [0, i32::MAX.cast_unsigned(), u32::MAX] {
            let steps = u64::from(most) / between * between;
            watch.steps.store(steps, Ordering::Relaxed);
            assert!(is_over() && is_over(), "after {steps} steps");
        }
    }

    #[test]
    fn what_sqlite_has_let_go_by_itself_is_pinned_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sqlite");
        let file = Connection::open(&path).unwrap();
        file.execute_batch(
            "create table _headwater (id integer primary key, position integer not null);
             insert into _headwater values (1, 7)",
        )
        .unwrap();
        let attached = [Attached {
            schema: "a",
            path: &path,
            file: 1,
        }];
        let mut reader = reader();
        assert_eq!(reader.pin_again(&attached).unwrap(), [Position(7)]);
        reader.connection.execute_batch("rollback").unwrap(); // as it does when the disk is full
        file.execute_batch("update _headwater set position = 8")
            .unwrap();
        assert_eq!(reader.pin_again(&attached).unwrap(), [Position(8)]);
        assert!(!reader.connection.is_autocommit());
    }
}
