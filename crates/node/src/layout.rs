//! Where things lie under the data root.
//!
//! ```text
//! <root>/lock
//! <root>/system/log                    the log _system
//! <root>/databases/<id>/log            the log of a database
//! <root>/databases/<id>/projections    its read models; may be deleted
//! <root>/restoring/<id>                says that the database is being restored, and perhaps not recorded
//! ```

use std::path::{Path, PathBuf};

use crate::DatabaseId;
use crate::database::Database;

/// The directories of one database.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) whole: PathBuf,
}

impl Place {
    /// The node's own log.
    pub(crate) fn system(root: &Path) -> Place {
        Place {
            whole: root.join("system"),
        }
    }

    pub(crate) fn of(root: &Path, id: DatabaseId) -> Place {
        Place {
            whole: databases(root).join(id.to_string()),
        }
    }

    pub(crate) fn of_database(root: &Path, database: &Database) -> Place {
        match database.name.is_system() {
            true => Place::system(root),
            false => Place::of(root, database.id),
        }
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.whole.join("log")
    }

    pub(crate) fn projections(&self) -> PathBuf {
        self.whole.join("projections")
    }
}

/// The directory of all databases.
pub(crate) fn databases(root: &Path) -> PathBuf {
    root.join("databases")
}

/// The directory of the files that name the databases that are being restored.
pub(crate) fn restoring(root: &Path) -> PathBuf {
    root.join("restoring")
}
