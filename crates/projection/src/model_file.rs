//! The file of one read model: its tables, and the checkpoint that says what is in them.
//!
//! ```text
//! <name>-<version>.sqlite      tables of the definition
//!                              _headwater: one row, the checkpoint
//! ```
//!
//! Tables and checkpoint change in one transaction, so a crash leaves both at an earlier position
//! and never apart. The file is in WAL mode with `synchronous = normal`: what a power failure takes
//! is folded again, and what it leaves is consistent.
//!
//! A file is used only if it is this definition's, was folded by this fold version, and the log is
//! the one it was folded from: same log id, and at `boundary` (the head when the checkpoint was
//! written, so never before `position`) the chain hash that stands beside it. Everything else is
//! deleted and folded again. It is never repaired.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use headwater_event::{ChainHash, Error, LogId, Position};
use headwater_journal::Journal;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::guard::{Allowed, Guard};
use crate::trouble::{Trouble, file_error};
use crate::{Definition, Failure};

/// Changes whenever the same definition and log would give other bytes in the tables.
pub(crate) const FOLD_VERSION: i64 = 1;

/// How long SQLite waits for its own locks, which are held for moments.
const BUSY: Duration = Duration::from_secs(2);

const CREATE_CHECKPOINT: &str = "create table _headwater (
    id integer primary key check (id = 1),
    definition blob not null,
    fold_version integer not null,
    log_id blob not null,
    position integer not null,
    boundary integer not null,
    chain blob not null,
    built integer not null,
    skipped text not null,
    failure text
) strict";

const WRITE_CHECKPOINT: &str = "insert or replace into _headwater
    (id, definition, fold_version, log_id, position, boundary, chain, built, skipped, failure)
    values (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

const READ_CHECKPOINT: &str = "select definition, fold_version, log_id, position, boundary, chain,
    built, skipped, failure from _headwater where id = 1";

/// What is in the tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    /// Every event up to here is in the tables.
    pub(crate) position: Position,
    /// The end of an append, not before `position`.
    pub(crate) boundary: Position,
    /// The log's hash there.
    pub(crate) chain: ChainHash,
    /// Whether the read model has been at the head once.
    pub(crate) built: bool,
    /// The events up to `position` that were passed over, ascending.
    pub(crate) skipped: Vec<Position>,
    /// Why it goes no further.
    pub(crate) failure: Option<Failure>,
}

/// Whether what is written must outlive a power failure without being folded again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lasting {
    /// Yes.
    Kept,
    /// No; the file goes when the process does.
    Temporary,
}

/// Which log and definition a file must belong to.
#[derive(Clone, Copy)]
pub(crate) struct Owner<'a> {
    pub(crate) definition: &'a Definition,
    pub(crate) journal: &'a Journal,
    /// The events that are passed over, ascending.
    pub(crate) skips: &'a [Position],
}

/// The device and number of the database file and of its write-ahead log.
type Inodes = [(u64, u64); 2];

/// An open file of a read model, for folding.
pub(crate) struct ModelFile {
    pub(crate) connection: Connection,
    pub(crate) guard: Guard,
    pub(crate) checkpoint: Checkpoint,
    path: PathBuf,
    inodes: Option<Inodes>,
}

impl ModelFile {
    /// Opens the file if it can be trusted, else deletes it and makes a new one at position 0.
    pub(crate) fn open(
        path: &Path,
        owner: Owner<'_>,
        lasting: Lasting,
    ) -> Result<ModelFile, Error> {
        if let Some(file) = ModelFile::open_existing(path, owner)? {
            return Ok(file);
        }
        remove(path)?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|error| file_error(folder, "created", &error))?;
        }
        ModelFile::create(path, owner, lasting)
            .map_err(|error| Trouble::of(error, path).into_error(path))
    }

    /// Opens the file if it is there and can be trusted.
    pub(crate) fn open_existing(path: &Path, owner: Owner<'_>) -> Result<Option<ModelFile>, Error> {
        if !path.exists() {
            return Ok(None);
        }
        let opened = connect(path, OpenFlags::empty())
            .and_then(|connection| Ok((read_checkpoint(&connection, owner)?, connection)))
            .and_then(|(checkpoint, connection)| Ok((checkpoint, prepare(connection, owner)?)));
        let (checkpoint, (connection, guard)) = match opened {
            Ok((Some(checkpoint), ready)) => (checkpoint, ready),
            Ok((None, _)) => return Ok(None),
            Err(error) => {
                return match Trouble::of(error, path) {
                    Trouble::Machine(error) => Err(error),
                    // No table of this name, another column: not a file of ours.
                    _ => Ok(None),
                };
            }
        };
        if !is_of_log(&checkpoint, owner)? {
            return Ok(None);
        }
        Ok(Some(ModelFile {
            connection,
            guard,
            checkpoint,
            inodes: inodes(path),
            path: path.to_owned(),
        }))
    }

    fn create(path: &Path, owner: Owner<'_>, lasting: Lasting) -> rusqlite::Result<ModelFile> {
        let connection = connect(path, OpenFlags::SQLITE_OPEN_CREATE)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        if lasting == Lasting::Temporary {
            connection.pragma_update(None, "synchronous", "off")?;
        }
        let (connection, guard) = prepare(connection, owner)?;
        let checkpoint = Checkpoint::default();
        let mut batch = String::from("begin immediate;");
        for table in owner.definition.tables() {
            batch.push_str(&table.sqlite_ddl());
            batch.push(';');
        }
        for index in owner.definition.indexes() {
            batch.push_str(&index.sqlite);
            batch.push(';');
        }
        batch.push_str(CREATE_CHECKPOINT);
        connection.execute_batch(&batch)?;
        write_checkpoint(
            &connection,
            owner.definition,
            owner.journal.log_id(),
            &checkpoint,
        )?;
        connection.execute_batch("commit")?;
        Ok(ModelFile {
            connection,
            guard,
            checkpoint,
            inodes: inodes(path),
            path: path.to_owned(),
        })
    }

    /// Where the file is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether somebody deleted or replaced the file under us.
    pub(crate) fn is_moved(&self) -> bool {
        self.inodes.is_none() || inodes(&self.path) != self.inodes
    }
}

/// What a file says of itself, without opening it for folding; `None` if it cannot be trusted.
pub(crate) fn peek(path: &Path, owner: Owner<'_>) -> Result<Option<Checkpoint>, Error> {
    Ok(ModelFile::open_existing(path, owner)?.map(|file| file.checkpoint))
}

/// Deletes the file and what SQLite keeps beside it. Nothing there is no error.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let mut beside = path.as_os_str().to_owned();
        beside.push(suffix);
        match std::fs::remove_file(&beside) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(file_error(Path::new(&beside), "deleted", &error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn connect(path: &Path, more: OpenFlags) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.pragma_update(None, "cache_size", -8192)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(connection)
}

fn prepare(mut connection: Connection, owner: Owner<'_>) -> rusqlite::Result<(Connection, Guard)> {
    headwater_sql::install(&connection)?;
    connection.set_prepared_statement_cache_capacity(owner.definition.statement_count() + 8);
    let guard = Guard::install(&mut connection, Allowed::Fold)?;
    Ok((connection, guard))
}

/// Writes the checkpoint, within the transaction that is open.
pub(crate) fn write_checkpoint(
    connection: &Connection,
    definition: &Definition,
    log_id: LogId,
    checkpoint: &Checkpoint,
) -> rusqlite::Result<()> {
    let skipped = serde_json::to_string(&checkpoint.skipped).map_err(to_sql_failure)?;
    let failure = match &checkpoint.failure {
        Some(failure) => Some(serde_json::to_string(failure).map_err(to_sql_failure)?),
        None => None,
    };
    connection.prepare_cached(WRITE_CHECKPOINT)?.execute((
        definition.version().as_bytes(),
        FOLD_VERSION,
        log_id.0.as_bytes(),
        checkpoint.position.0.cast_signed(),
        checkpoint.boundary.0.cast_signed(),
        checkpoint.chain.0,
        checkpoint.built,
        skipped,
        failure,
    ))?;
    Ok(())
}

fn to_sql_failure(error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}

/// The checkpoint, if the file is this definition's, this log's and this fold version's.
fn read_checkpoint(
    connection: &Connection,
    owner: Owner<'_>,
) -> rusqlite::Result<Option<Checkpoint>> {
    let mut foreign = false;
    let read = connection
        .query_row(READ_CHECKPOINT, [], |row| {
            let definition: Vec<u8> = row.get(0)?;
            let fold_version: i64 = row.get(1)?;
            let log_id: Vec<u8> = row.get(2)?;
            foreign = definition != owner.definition.version().as_bytes()
                || fold_version != FOLD_VERSION
                || log_id != owner.journal.log_id().0.as_bytes();
            let skipped: String = row.get(7)?;
            let failure: Option<String> = row.get(8)?;
            let failure = failure.map(|json| serde_json::from_str(&json)).transpose();
            Ok(Checkpoint {
                position: Position(row.get::<_, i64>(3)?.cast_unsigned()),
                boundary: Position(row.get::<_, i64>(4)?.cast_unsigned()),
                chain: ChainHash(row.get(5)?),
                built: row.get(6)?,
                skipped: serde_json::from_str(&skipped).map_err(to_sql_failure)?,
                failure: failure.map_err(to_sql_failure)?,
            })
        })
        .optional()?;
    Ok(read.filter(|_| !foreign))
}

/// Whether the log, and the events that are passed over, are those that the file was folded with.
fn is_of_log(checkpoint: &Checkpoint, owner: Owner<'_>) -> Result<bool, Error> {
    let skips = owner.skips;
    let up_to = skips.partition_point(|position| *position <= checkpoint.position);
    if checkpoint.skipped != skips[..up_to]
        || checkpoint.position > checkpoint.boundary
        || checkpoint.boundary > owner.journal.head().position
    {
        return Ok(false);
    }
    let found = owner.journal.chain_at(checkpoint.boundary)?;
    Ok(found == (checkpoint.boundary, checkpoint.chain))
}

fn inodes(path: &Path) -> Option<Inodes> {
    let inode = |path: &Path| {
        let metadata = std::fs::metadata(path).ok()?;
        Some((metadata.dev(), metadata.ino()))
    };
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    Some([inode(path)?, inode(Path::new(&wal))?])
}
