//! Where heads are, and waiting for them to move, without using a database.

use headwater_event::{Error, Position};

use crate::DatabaseName;
use crate::node::Node;

impl Node {
    /// The last position of a database, if it is known without waking it: it is while the database
    /// is awake, and after it fell asleep. Fails with `unknown_database`.
    pub fn known_head(&self, name: &DatabaseName) -> Result<Option<Position>, Error> {
        Ok(self.inner.find(name)?.known_head())
    }

    /// Waits until the head of a database is beyond a position, and says where it is.
    ///
    /// Waiting is no use: it wakes nothing and keeps nothing awake, so that any number may wait
    /// for a database that sleeps. While the head is not known, it waits for the database to be
    /// woken. Fails with `unknown_database` once it is deleted. It may be dropped at any await.
    pub async fn head_beyond(
        &self,
        name: &DatabaseName,
        position: Position,
    ) -> Result<Position, Error> {
        self.inner.find(name)?.head_beyond(position).await
    }
}
