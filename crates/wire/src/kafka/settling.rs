//! Databases that were just given another number of partitions.
//!
//! Until its next heartbeat a member of a group reads on as it did, in partitions that hold other
//! streams now. What it tells the group is refused (see `reads`), but it would see events of a stream
//! before earlier ones that another member has not read. So for longer than members are silent,
//! nothing is read of the categories of such a database.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use headwater_node::DatabaseId;
use tokio::time::Instant;

/// Longer than the time between two heartbeats, which is 3 seconds unless somebody changes it.
const PAUSE: Duration = Duration::from_secs(5);

/// Until when nothing is read, by database.
#[derive(Debug, Default)]
pub(crate) struct Settling {
    until: Mutex<HashMap<DatabaseId, Instant>>,
}

impl Settling {
    fn lock(&self) -> MutexGuard<'_, HashMap<DatabaseId, Instant>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner) // whole at any time
    }

    /// To be called before the number changes.
    pub(crate) fn begin(&self, database: DatabaseId) {
        let now = Instant::now();
        let mut all = self.lock();
        all.retain(|_, until| now < *until);
        all.insert(database, now + PAUSE);
    }

    /// Until when nothing is read of the categories of a database; nothing if it is.
    pub(crate) fn until(&self, database: DatabaseId) -> Option<Instant> {
        let until = self.lock().get(&database).copied();
        until.filter(|until| Instant::now() < *until)
    }
}
