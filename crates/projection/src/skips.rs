//! The events that one version of a projection passes over.
//!
//! A skip belongs to the definition that was live when it was recorded: a changed definition sees
//! the event again. All read models of the version share the set, those as of earlier positions
//! too.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use headwater_event::Position;

use crate::status::Skipped;
use crate::sync::lock;

/// The events that one version of a projection passes over. A clone is the same set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Skips {
    reasons: Arc<Mutex<BTreeMap<Position, String>>>,
}

impl Skips {
    pub(crate) fn add(&self, position: Position, reason: String) {
        lock(&self.reasons).insert(position, reason);
    }

    /// The positions, ascending.
    pub(crate) fn positions(&self) -> Vec<Position> {
        lock(&self.reasons).keys().copied().collect()
    }

    pub(crate) fn list(&self) -> Vec<Skipped> {
        let skipped = |(position, reason): (&Position, &String)| Skipped {
            position: *position,
            reason: reason.clone(),
        };
        lock(&self.reasons).iter().map(skipped).collect()
    }
}
