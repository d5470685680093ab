//! What an error of SQLite means here: the statement is wrong, the machine is in trouble, the file
//! is damaged, or somebody interrupted.

use std::path::Path;

use headwater_event::{Error, Kind};
use headwater_sql::SqlError;
use rusqlite::ErrorCode;

/// What an error of SQLite means.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Disk, memory, permissions: the same may work later.
    Machine(Error),
    /// The file is not what was written.
    Damaged(String),
    /// The progress handler said so.
    Interrupted,
    /// The statement, with the values that it was given, fails whenever it is run.
    Statement(SqlError),
}

impl Trouble {
    /// Sorts an error that was met in the file at `path`.
    pub(crate) fn of(error: rusqlite::Error, path: &Path) -> Trouble {
        let Some(code) = error.sqlite_error_code() else {
            return Trouble::Statement(SqlError::from_sqlite(error));
        };
        match code {
            ErrorCode::OperationInterrupted => Trouble::Interrupted,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                Trouble::Damaged(error.to_string())
            }
            ErrorCode::DiskFull => Trouble::Machine(
                machine(Kind::Full, "disk_full", path, &error)
                    .action("free space; folding goes on by itself"),
            ),
            ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::OutOfMemory
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::FileLockingProtocolFailed => {
                Trouble::Machine(machine(Kind::Unavailable, "unavailable", path, &error))
            }
            _ => Trouble::Statement(SqlError::from_sqlite(error)),
        }
    }

    /// As one error, where no statement of a person is at work.
    pub(crate) fn into_error(self, path: &Path) -> Error {
        match self {
            Trouble::Machine(error) => error,
            Trouble::Damaged(found) => Error::new(
                Kind::Unavailable,
                "unavailable",
                format!(
                    "the read model {} was damaged and is folded again",
                    shown(path)
                ),
            )
            .found(found)
            .action("try again"),
            Trouble::Interrupted => {
                Error::new(Kind::Unavailable, "closed", "the read models are closed")
            }
            Trouble::Statement(error) => Error::new(
                Kind::Internal,
                "internal",
                format!(
                    "the read model {} refused a statement: {error}",
                    shown(path)
                ),
            ),
        }
    }
}

fn machine(kind: Kind, code: &'static str, path: &Path, error: &rusqlite::Error) -> Error {
    Error::new(
        kind,
        code,
        format!("the read model {} cannot be used now", shown(path)),
    )
    .found(error)
}

/// The file's name; the folder is the operator's business.
fn shown(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

/// What the file system said about the file at `path`.
pub(crate) fn file_error(path: &Path, what: &str, error: &std::io::Error) -> Error {
    let (kind, code) = match error.kind() {
        std::io::ErrorKind::StorageFull => (Kind::Full, "disk_full"),
        _ => (Kind::Unavailable, "unavailable"),
    };
    Error::new(
        kind,
        code,
        format!("the file {} cannot be {what}", shown(path)),
    )
    .found(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_no_failure_of_the_statement() {
        let connection = rusqlite::Connection::open_in_memory().expect("memory");
        connection
            .execute_batch("create table t (x); pragma max_page_count = 2")
            .expect("a table");
        let error = connection
            .execute_batch("insert into t values (zeroblob(1000000))")
            .expect_err("there is no room");
        let Trouble::Machine(error) = Trouble::of(error, Path::new("p-0.sqlite")) else {
            panic!("the machine is in trouble")
        };
        assert_eq!((error.kind(), error.code()), (Kind::Full, "disk_full"));
        assert!(error.to_string().contains("p-0.sqlite"), "{error}");
    }
}
