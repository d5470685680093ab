//! What a database has only while it is awake: its open log, and its read models once somebody
//! asked for them.

use std::sync::Arc;
use std::time::Duration;

use headwater_journal::Journal;
use headwater_journal::env::Env;
use headwater_projection::Projections;
use tokio::sync::OnceCell;

use crate::database::{Uses, panicked};
use crate::info::Retired;

/// An open log, with its read models if they are open.
pub(crate) struct Awake {
    pub(crate) journal: Journal,
    pub(crate) uses: Uses,
    /// Opened by the first query or change; an append does not.
    projections: OnceCell<Arc<Projections>>,
    /// Held while a projection is changed: what is recorded and what is done have one order.
    pub(crate) changing: tokio::sync::Mutex<()>,
    env: Arc<dyn Env>,
    retired: Arc<Retired>,
}

impl Awake {
    pub(crate) fn new(journal: Journal, env: Arc<dyn Env>, retired: Arc<Retired>) -> Awake {
        Awake {
            journal,
            uses: Uses::default(),
            projections: OnceCell::new(),
            changing: tokio::sync::Mutex::new(()),
            env,
            retired,
        }
    }

    /// The read models, opened with `open` if nobody has yet.
    pub(crate) async fn projections<F, E>(
        &self,
        open: impl FnOnce() -> F,
    ) -> Result<Arc<Projections>, E>
    where
        F: Future<Output = Result<Projections, E>>,
    {
        let opened = self
            .projections
            .get_or_try_init(|| async { open().await.map(Arc::new) });
        opened.await.cloned()
    }

    /// The read models, if they are open.
    pub(crate) fn open_projections(&self) -> Option<Arc<Projections>> {
        self.projections.get().cloned()
    }

    pub(crate) fn end_use(&self) {
        self.uses.end(self.env.monotonic());
    }

    /// A database that merges is not idle: what it has done would be done again at each waking.
    pub(crate) fn is_idle_since(&self, before: Duration) -> bool {
        self.uses.is_idle_since(before) && !self.journal.is_merging()
    }

    /// Finishes what was accepted and closes: the read models first, because they read the log.
    pub(crate) async fn close(&self) {
        let projections = self.open_projections();
        let journal = self.journal.clone();
        let closing = tokio::task::spawn_blocking(move || {
            if let Some(projections) = projections {
                projections.close();
            }
            journal.close();
        });
        if let Err(error) = closing.await {
            tracing::error!(error = %panicked(&error), "a database could not be closed in order");
        }
    }

    /// What the closed log counted goes over to the sum of those that are closed. `leave` takes it
    /// from where it counted until now; whoever adds up sees it in one of the places.
    pub(crate) fn retire(&self, leave: impl FnOnce()) {
        self.retired.take_over(self.journal.stats().ok(), leave);
    }
}
