//! What lives came to: a test counts it, so that it notices when they come to nothing.

use std::ops::AddAssign;

use headwater_event::Error;
use headwater_journal::Step;

/// How often something happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// Pieces were sealed, between other steps.
    pub seals: u64,
    /// Segments were merged.
    pub merges: u64,
    /// A smaller merge was begun inside a larger one.
    pub merges_within: u64,
    /// A commit that was on its way landed. Counted in memory only.
    pub landed: u64,
    /// A commit was written where a segment had not fitted before.
    pub fits_alone: u64,
    /// A segment did not fit, and some of it was written.
    pub cut_short: u64,
}

/// Whether something was done.
pub(crate) fn count(kept: &Result<Step, Error>) -> u64 {
    matches!(kept, Ok(Step::Done)).into()
}

impl AddAssign for Tried {
    fn add_assign(&mut self, more: Tried) {
        self.seals += more.seals;
        self.merges += more.merges;
        self.merges_within += more.merges_within;
        self.landed += more.landed;
        self.fits_alone += more.fits_alone;
        self.cut_short += more.cut_short;
    }
}
