//! Connections that queries run on, and the pool that keeps some of them.
//!
//! A reader is a connection to nothing (`:memory:`), to which the files of read models are attached
//! read-only as a query needs them. A query pins the files first: it begins a transaction and reads
//! the position of each, so that from then on it sees exactly that, whatever is folded meanwhile.

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
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

/// Steps of SQLite's machine between two looks at the deadline.
const STEPS_BETWEEN: i32 = 2_000;

/// The same where somebody waits for a statement that should be brief.
const BRIEF_STEPS_BETWEEN: i32 = 100;

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
    /// Whether the deadline of the statement was looked at: whether it took more than a few steps.
    has_worked: Arc<AtomicBool>,
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
        Ok(Reader {
            connection,
            guard,
            source,
            surroundings,
            attached: HashMap::new(),
            has_worked: Arc::default(),
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
        self.make_room(files)?;
        for file in files {
            self.attach(*file)?;
        }
        self.connection.prepare_cached("begin")?.execute([])?;
        files
            .iter()
            .map(|file| self.position(file.schema))
            .collect()
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
    pub(crate) fn admit(&mut self, until: Position, deadline: Deadline) -> rusqlite::Result<()> {
        self.begin(until, deadline, STEPS_BETWEEN)
    }

    /// The same for a statement that should be brief, of which somebody waits for the end.
    pub(crate) fn admit_briefly(
        &mut self,
        until: Position,
        deadline: Deadline,
    ) -> rusqlite::Result<()> {
        self.begin(until, deadline, BRIEF_STEPS_BETWEEN)
    }

    fn begin(&mut self, until: Position, deadline: Deadline, steps: i32) -> rusqlite::Result<()> {
        self.source.begin(until);
        self.guard.close();
        self.has_worked.store(false, Ordering::Relaxed);
        let has_worked = Arc::clone(&self.has_worked);
        let over = move || {
            has_worked.store(true, Ordering::Relaxed);
            deadline.over().is_some()
        };
        self.connection.progress_handler(steps, Some(over))
    }

    /// Whether the statement that was admitted took more than a few steps so far.
    pub(crate) fn has_worked(&self) -> bool {
        self.has_worked.load(Ordering::Relaxed)
    }

    /// Ends what was pinned. `false` if the connection cannot be used again.
    fn end(&mut self) -> bool {
        self.guard.open();
        let free = self.connection.progress_handler(0, None::<fn() -> bool>);
        let ended = match self.connection.is_autocommit() {
            true => Ok(()),
            false => self.rollback(),
        };
        free.is_ok() && ended.is_ok()
    }

    fn rollback(&self) -> rusqlite::Result<()> {
        let mut rollback = self.connection.prepare_cached("rollback")?;
        rollback.execute([]).map(drop)
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
            reusable: true,
        })
    }

    /// Takes a reader. It goes back when the lease is dropped.
    pub(crate) fn lease(&self) -> Result<Lease, Error> {
        let (idle, retired) = {
            let mut state = lock(&self.inner.state);
            if state.closed {
                return Err(closed());
            }
            if state.leased >= self.inner.leased_max {
                return Err(busy(self.inner.leased_max));
            }
            state.leased += 1;
            (state.idle.pop(), state.retired)
        };
        // From here on the lease counts itself back.
        let mut lease = Lease {
            reader: None,
            pool: Arc::clone(&self.inner),
            retired,
            reusable: true,
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
    reusable: bool,
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
}

impl Drop for Lease {
    fn drop(&mut self) {
        let reader = self.reader.take().and_then(Rc::into_inner);
        let reader =
            reader.and_then(|mut reader| (reader.end() && self.reusable).then_some(reader));
        let mut state = lock(&self.pool.state);
        state.leased -= 1;
        let current = state.retired == self.retired && !state.closed;
        if let Some(reader) = reader
            && current
            && state.idle.len() < self.pool.idle_max
        {
            state.idle.push(reader);
        }
    }
}
