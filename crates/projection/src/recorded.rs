//! What is known of projections from elsewhere: the decisions that people made.
//!
//! They are facts, not read models, so they live in a log (`_system`), which this crate does not
//! write. The order of work is always: ask here whether it may be done, record it, do it here.

use headwater_event::Position;

/// A decision about a projection, as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// A definition was applied.
    Applied {
        /// The text of the file; it names the projection.
        text: String,
    },
    /// The projection was removed, with all that was decided about it.
    Removed {
        /// Its name.
        name: String,
    },
    /// An event is passed over.
    Skipped {
        /// The projection.
        name: String,
        /// The event at which it had failed.
        position: Position,
        /// Why, as a person wrote it.
        reason: String,
    },
}

/// What applying a definition would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The projection.
    pub name: String,
    /// What would come of it.
    pub applied: Applied,
}

/// What came of applying a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// There was none of this name.
    Created,
    /// It takes the place of another one as soon as it has caught up with the head.
    Building,
    /// It was applied already.
    Unchanged,
}
