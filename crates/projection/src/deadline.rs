//! How long a query may take, and whether it was called off.

use std::sync::Arc;
use std::time::Duration;

use headwater_journal::env::Env;
use headwater_sql::{SqlError, sqlstate};

use crate::{CancelHandle, Error};

/// The end of one query's time. A clone is the same deadline.
#[derive(Clone)]
pub(crate) struct Deadline {
    env: Arc<dyn Env>,
    ends: Duration,
    cancel: CancelHandle,
}

/// Why a query ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Cancelled,
    Passed,
}

impl Deadline {
    pub(crate) fn new(env: Arc<dyn Env>, timeout: Duration, cancel: CancelHandle) -> Deadline {
        let ends = env.monotonic().saturating_add(timeout);
        Deadline { env, ends, cancel }
    }

    /// Why the query must end now, if it must.
    pub(crate) fn over(&self) -> Option<Over> {
        if self.cancel.is_cancelled() {
            Some(Over::Cancelled)
        } else if self.env.monotonic() >= self.ends {
            Some(Over::Passed)
        } else {
            None
        }
    }

    /// Blocks for a moment, while something else moves on.
    pub(crate) fn pause(&self) {
        self.env.sleep(Duration::from_millis(2));
    }
}

impl Over {
    /// What the statement is told, as PostgreSQL words it.
    pub(crate) fn error(self) -> Error {
        let (message, hint) = match self {
            Over::Cancelled => ("canceling statement due to user request", None),
            Over::Passed => (
                "canceling statement due to statement timeout",
                Some("Give it more time, or let it read less."),
            ),
        };
        let error = SqlError::new(sqlstate::QUERY_CANCELED, message);
        Error::Sql(match hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        })
    }
}
