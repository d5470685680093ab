//! Which categories a database has, for listings of many databases.

use std::collections::BTreeSet;

use headwater_event::Error;
use headwater_journal::Journal;

use crate::DatabaseName;
use crate::node::{Node, blocking};

impl Node {
    /// The first categories of a database by name, at most so many; none unless it is awake.
    ///
    /// Looking is no use: it wakes nothing and keeps nothing awake, and a database that falls asleep
    /// meanwhile tells no more. Fails with `unknown_database`.
    pub async fn categories(
        &self,
        name: &DatabaseName,
        limit: usize,
    ) -> Result<BTreeSet<String>, Error> {
        let Some(awake) = self.inner.find(name)?.peek() else {
            return Ok(BTreeSet::new());
        };
        let journal = awake.journal.clone();
        drop(awake);
        blocking(move || Ok(categories(&journal, limit))).await
    }
}

fn categories(journal: &Journal, limit: usize) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut after: Option<String> = None;
    while found.len() < limit {
        // It may have been closed by now. Who uses the database is told what else is wrong with it.
        let Ok(page) = journal.streams("", after.as_deref(), 1) else {
            break;
        };
        let Some(stream) = page.streams.first() else {
            break;
        };
        let category = stream.name.category().to_owned();
        after = Some(format!("{category}0")); // what comes after all of `category/`: 0 follows /
        found.insert(category);
    }
    found
}
