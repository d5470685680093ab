//! What is answered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::client::Problem;

#[derive(Debug, Deserialize)]
pub(super) struct Databases {
    pub(super) databases: Vec<Database>,
}

/// A database, as far as the answer tells.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Database {
    /// Its name.
    pub(crate) name: String,
    /// Its id, which never changes.
    pub(crate) id: String,
    /// Its log, once it was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) log_id: Option<String>,
    /// asleep, waking, awake or poisoned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<String>,
    /// The position of its last event, if it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) head: Option<u64>,
    /// When it was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) created_at: Option<String>,
    /// How many partitions each of its categories has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) partitions: Option<u64>,
    /// How many events it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) events: Option<u64>,
    /// Bytes that its log takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bytes: Option<u64>,
    /// How many projections it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) projections: Option<u64>,
    /// Why it is poisoned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

/// Where an append stands.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Appended {
    /// Position of its first event.
    pub(crate) first: u64,
    /// Position of its last event.
    pub(crate) last: u64,
    /// Where each of its streams is after it.
    pub(crate) revisions: BTreeMap<String, u64>,
    /// Whether it was there before.
    pub(crate) repeated: bool,
    /// The log it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) log_id: Option<String>,
}

/// One page of events, each as the server wrote it.
#[derive(Debug, Deserialize)]
pub(crate) struct Page {
    /// The events.
    pub(crate) events: Vec<Box<RawValue>>,
    /// The position of the last event of the log at that moment.
    pub(crate) head: u64,
    /// The cursor to go on with.
    pub(crate) next: u64,
    /// Whether there are more.
    pub(crate) more: bool,
    /// The log that the cursor belongs to.
    pub(crate) log_id: String,
}

/// The answer to a query.
#[derive(Debug, Deserialize)]
pub(crate) struct Rows {
    /// Names and types.
    pub(crate) columns: Vec<RowColumn>,
    /// One value for each column.
    #[serde(default)]
    pub(crate) rows: Vec<Vec<Value>>,
    /// The position that the answer reflects.
    pub(crate) position: u64,
}

/// A column of an answer.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RowColumn {
    /// Its name.
    pub(crate) name: String,
    /// Its type in SQL.
    pub(crate) r#type: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Projections {
    pub(super) projections: Vec<Projection>,
}

/// What applying a definition did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Applied {
    /// The projection is new.
    Created,
    /// A new version is being built beside the one that answers.
    Replacing,
    /// The definition was there already.
    Unchanged,
}

/// The state of a projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ProjectionState {
    /// Catching up for the first time.
    Building,
    /// Keeping up.
    Live,
    /// Stopped at an event.
    Failed,
}

/// A projection.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Projection {
    /// Its name.
    pub(crate) name: String,
    /// Its state.
    pub(crate) state: ProjectionState,
    /// The version that answers: a hash of its definition. None when that cannot be read any more.
    pub(crate) version: Option<String>,
    /// The position that its tables reflect.
    pub(crate) position: u64,
    /// The position of the last event of the log.
    pub(crate) head: u64,
    /// How many events it is behind.
    pub(crate) lag: u64,
    /// Its tables.
    #[serde(default)]
    pub(crate) tables: Vec<String>,
    /// The event types it handles.
    #[serde(default)]
    pub(crate) types: Vec<String>,
    /// A version that is being built beside the one that answers.
    pub(crate) building: Option<Building>,
    /// Where and why it stopped.
    pub(crate) failure: Option<ProjectionFailure>,
    /// What of the machine (disk, memory) stands in the way of folding at the moment.
    pub(crate) trouble: Option<String>,
    /// Events that were left out.
    #[serde(default)]
    pub(crate) skipped: Vec<Skipped>,
    /// Its text.
    pub(crate) definition: Option<String>,
}

/// A version that is being built.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Building {
    /// A hash of its definition.
    pub(crate) version: String,
    /// How far it is.
    pub(crate) position: u64,
    /// How far it has to go.
    pub(crate) head: u64,
    /// Where and why it stopped.
    pub(crate) failure: Option<ProjectionFailure>,
}

/// Where and why a projection stopped.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ProjectionFailure {
    /// The event.
    pub(crate) position: u64,
    /// Its type.
    pub(crate) r#type: Option<String>,
    /// The statement that failed.
    pub(crate) statement: Option<String>,
    /// Its line in the file.
    pub(crate) line: Option<u64>,
    /// A stable code.
    pub(crate) code: Option<String>,
    /// What went wrong.
    pub(crate) message: String,
}

/// An event that was left out.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Skipped {
    /// The event.
    pub(crate) position: u64,
    /// Why it was right to leave it out.
    pub(crate) reason: String,
}

/// A line of a verification.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum VerifyLine {
    /// How far it is.
    Progress {
        /// The last position that was checked.
        position: u64,
        /// The last position there is.
        head: u64,
    },
    /// All is well.
    Verified(Verified),
    /// Something is not.
    Error(Box<Problem>),
}

/// What was verified.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Verified {
    /// The last position.
    pub(crate) head: u64,
    /// The chain hash there.
    pub(crate) chain: String,
    /// How many appends.
    pub(crate) appends: u64,
    /// How many events.
    pub(crate) events: u64,
    /// How many bytes.
    pub(crate) bytes: u64,
}

/// A line of a restore.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RestoreLine {
    /// How far the verification is.
    Progress {
        /// The last position that was checked.
        position: u64,
        /// The last position there is.
        head: u64,
    },
    /// The database is there.
    Restored(Restored),
    /// Something is wrong, and nothing was kept.
    Error(Box<Problem>),
}

/// A database that was restored.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Restored {
    /// Its name.
    pub(crate) name: String,
    /// The log it has now.
    pub(crate) log_id: String,
    /// The last position.
    pub(crate) head: u64,
    /// The chain hash there.
    pub(crate) chain: String,
    /// How many events.
    pub(crate) events: u64,
    /// How many projections.
    pub(crate) projections: u64,
}
