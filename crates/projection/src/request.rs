//! What a query asks for, and how it is called off.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use headwater_event::{Position, Timestamp};
use headwater_sql::{OutputColumn, SessionSettings, Type, Value};

/// A query.
#[derive(Clone, Debug)]
pub struct Request {
    /// One `select`, `values` or `with`.
    pub sql: String,
    /// The values of `$1` and on.
    pub params: Params,
    /// Answer as of then. The definitions are those that are live now.
    pub at: Option<At>,
    /// Answer at this position or a later one, and wait for the log to get there.
    pub wait_for: Option<Position>,
    /// How recent the answer must be.
    pub consistency: Consistency,
    /// How long waiting, folding and running may take together, until the last row is read.
    pub timeout: Duration,
    /// More rows than this are refused.
    pub rows_max: usize,
    /// More bytes of values than this are refused.
    pub bytes_max: usize,
    /// Answer how SQLite would run the statement, rather than run it.
    pub explain: bool,
    /// Calls the query off from another thread.
    pub cancel: CancelHandle,
    /// What `current_database()` answers.
    pub database: String,
    /// What `current_user` answers.
    pub user: String,
    /// What `current_setting()` answers, beside what holds for all.
    pub settings: Option<Arc<dyn SessionSettings>>,
}

impl Request {
    /// A fresh query now, with 10 seconds, 100,000 rows and 64 MiB.
    pub fn new(sql: impl Into<String>) -> Request {
        Request {
            sql: sql.into(),
            params: Params::default(),
            at: None,
            wait_for: None,
            consistency: Consistency::Fresh,
            timeout: Duration::from_secs(10),
            rows_max: 100_000,
            bytes_max: 64 << 20,
            explain: false,
            cancel: CancelHandle::default(),
            database: String::new(),
            user: "headwater".to_owned(),
            settings: None,
        }
    }
}

/// The values of `$1` and on.
#[derive(Clone, Debug)]
pub enum Params {
    /// As JSON: the statement says of which type each is.
    Json(Vec<serde_json::Value>),
    /// Of types that the caller knows.
    Typed(Vec<(Type, Value)>),
}

impl Default for Params {
    fn default() -> Params {
        Params::Json(Vec::new())
    }
}

impl Params {
    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        match self {
            Params::Json(values) => values.len(),
            Params::Typed(values) => values.len(),
        }
    }

    /// Whether all of them together are short.
    pub(crate) fn are_short(&self) -> bool {
        const SHORT_BYTES: usize = 64 << 10;
        let bytes: usize = match self {
            Params::Json(values) => values.iter().map(json_bytes).sum(),
            Params::Typed(values) => values.iter().map(|(_, value)| value.text_bytes()).sum(),
        };
        bytes <= SHORT_BYTES
    }

    /// The types that are known before the statement is looked at.
    pub(crate) fn types(&self) -> Vec<Option<Type>> {
        match self {
            Params::Json(values) => vec![None; values.len()],
            Params::Typed(values) => values.iter().map(|(ty, _)| Some(*ty)).collect(),
        }
    }
}

/// About how long what a function is given of it is.
fn json_bytes(json: &serde_json::Value) -> usize {
    match json {
        serde_json::Value::String(text) => text.len(),
        serde_json::Value::Array(items) => {
            items.iter().map(json_bytes).sum::<usize>() + items.len()
        }
        serde_json::Value::Object(members) => members
            .iter()
            .map(|(key, value)| key.len() + json_bytes(value))
            .sum(),
        _ => 0,
    }
}

/// What is known of a statement before it runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// The types of `$1` and on, given or inferred.
    pub params: Vec<Type>,
    /// The columns of the answer.
    pub columns: Vec<OutputColumn>,
    /// The projections whose read models it names, by name.
    pub projections: Vec<String>,
}

/// A moment of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// After the event with this position; 0 is before everything.
    Position(Position),
    /// After the last event that was recorded at this time or before it.
    Time(Timestamp),
}

/// How recent an answer must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consistency {
    /// Everything that was committed when the query arrived is in the answer.
    #[default]
    Fresh,
    /// Whatever the read models hold. Still one position for all of them: those that are behind
    /// the one that is furthest are folded up to it, and nothing else is folded.
    Eventual,
}

/// Calls a query off from another thread. A clone calls off the same query.
#[derive(Clone, Debug, Default)]
pub struct CancelHandle {
    cancelled: Arc<AtomicBool>,
}

impl CancelHandle {
    /// Ends the query soon, wherever it is; it answers 57014. There is no way back.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether it was called off.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}
