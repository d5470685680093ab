//! Which databases there are: the fold of the log `_system`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use headwater_event::{Error, Event, Position};
use tokio::runtime::Handle;

use crate::database::Database;
use crate::system::{Created, Fact};
use crate::{DatabaseId, DatabaseName, Parts};

/// The databases by name, as of a position of `_system`.
pub(crate) struct Registry {
    /// Where the databases do their own work.
    runtime: Handle,
    position: Position,
    by_name: BTreeMap<DatabaseName, Arc<Database>>,
    /// Deleted, and perhaps not yet removed.
    deleted: BTreeSet<DatabaseId>,
    /// Settings of databases that are not there yet: those of one that is restored come before it.
    early: BTreeMap<DatabaseId, Parts>,
}

impl Registry {
    /// Before the first event.
    pub(crate) fn new(runtime: Handle) -> Registry {
        Registry {
            runtime,
            position: Position::ZERO,
            by_name: BTreeMap::new(),
            deleted: BTreeSet::new(),
            early: BTreeMap::new(),
        }
    }

    /// Everything up to here was folded in.
    pub(crate) fn position(&self) -> Position {
        self.position
    }

    pub(crate) fn get(&self, name: &DatabaseName) -> Option<&Arc<Database>> {
        self.by_name.get(name)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Database>> {
        self.by_name.values()
    }

    /// The databases that were deleted since the node was opened or before.
    pub(crate) fn deleted(&self) -> impl Iterator<Item = DatabaseId> + '_ {
        self.deleted.iter().copied()
    }

    /// Whether a database of this id was ever recorded.
    pub(crate) fn knows(&self, id: DatabaseId) -> bool {
        self.deleted.contains(&id) || self.all().any(|database| database.id == id)
    }

    /// Folds in the next event.
    pub(crate) fn apply(&mut self, event: &Event) -> Result<(), Error> {
        match Fact::of_event(event)? {
            Some((id, Fact::Created(created))) => self.created(id, &created, event)?,
            Some((id, Fact::Deleted(_))) => {
                self.by_name.retain(|_, database| database.id != id);
                self.deleted.insert(id);
            }
            Some((id, Fact::Changed(changed))) => {
                let found = self.by_name.values().find(|database| database.id == id);
                match found {
                    Some(database) => database.set_parts(changed.parts, event.position),
                    None => drop(self.early.insert(id, changed.parts)),
                }
            }
            _ => {}
        }
        self.position = event.position;
        Ok(())
    }

    /// Nothing up to here is missing.
    pub(crate) fn folded(&mut self, scanned: Position) {
        self.position = self.position.max(scanned);
    }

    fn created(&mut self, id: DatabaseId, fact: &Created, event: &Event) -> Result<(), Error> {
        let name: DatabaseName = fact.name.parse()?;
        let (log, at) = (fact.log_id, event.recorded_at);
        let database = Database::new(id, name.clone(), log, at, self.runtime.clone());
        database.set_parts(self.early.remove(&id).unwrap_or_default(), event.position);
        self.by_name.insert(name, Arc::new(database));
        Ok(())
    }
}
