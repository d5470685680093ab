//! Read models as of earlier positions.
//!
//! A question about the past folds a read model of its own, in a temporary file, with the
//! definition that answers now. A few stay behind for the next question, which goes on from the one
//! that is nearest before it: walking through the past costs one fold and not one for each step.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use headwater_event::Position;

use crate::Batch;
use crate::model::{Model, Place};
use crate::model_file::Lasting;
use crate::sync::lock;

/// Read models as of earlier positions. A clone is the same set.
#[derive(Clone)]
pub(crate) struct AsOf {
    inner: Arc<Inner>,
}

struct Inner {
    dir: PathBuf,
    batch: Batch,
    /// How many stay behind for one projection.
    idle_max: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The least recently used first.
    idle: Vec<Arc<Model>>,
    /// Names the files.
    made: u64,
    closed: bool,
}

impl AsOf {
    /// Keeps its files in `dir`, which is its own.
    pub(crate) fn new(dir: PathBuf, batch: Batch, idle_max: usize) -> AsOf {
        AsOf {
            inner: Arc::new(Inner {
                dir,
                batch,
                idle_max,
                state: Mutex::default(),
            }),
        }
    }

    /// A read model of the same definition as `live`, not beyond `position`. Nobody else has it
    /// until it is dropped.
    pub(crate) fn take(
        &self,
        live: &Model,
        journal: &headwater_journal::Journal,
        position: Position,
    ) -> Taken {
        let mut state = lock(&self.inner.state);
        let fits = |model: &Arc<Model>| {
            model.definition().version() == live.definition().version()
                && model.definition().name() == live.definition().name()
                && model.position() <= position
        };
        let nearest = state
            .idle
            .iter()
            .enumerate()
            .filter(|(_, model)| fits(model))
            .max_by_key(|(_, model)| model.position())
            .map(|(index, _)| index);
        let model = match nearest {
            Some(index) => state.idle.remove(index),
            None => {
                state.made += 1;
                let file = format!("{}-{}.sqlite", live.definition().name(), state.made);
                let place = Place {
                    journal: journal.clone(),
                    path: self.inner.dir.join(file),
                    lasting: Lasting::Temporary,
                    batch: self.inner.batch,
                    readers: None, // they close its file after each query
                };
                Arc::new(Model::new(
                    live.definition().clone(),
                    live.skips().clone(),
                    place,
                ))
            }
        };
        Taken {
            model,
            set: self.clone(),
        }
    }

    fn give_back(&self, model: Arc<Model>) {
        let mut gone = Vec::new();
        {
            let mut state = lock(&self.inner.state);
            state.idle.push(model);
            let idle_max = if state.closed { 0 } else { self.inner.idle_max };
            let last = state
                .idle
                .last()
                .map(|model| model.definition().name().to_owned());
            let same = |model: &Arc<Model>| Some(model.definition().name()) == last.as_deref();
            while state.idle.iter().filter(|model| same(model)).count() > idle_max {
                let Some(oldest) = state.idle.iter().position(same) else {
                    break;
                };
                gone.push(state.idle.remove(oldest));
            }
        }
        retire(&gone);
    }

    /// Deletes what stayed behind of a projection.
    pub(crate) fn forget(&self, name: &str) {
        let (gone, kept) = lock(&self.inner.state)
            .idle
            .drain(..)
            .partition::<Vec<_>, _>(|model| model.definition().name() == name);
        lock(&self.inner.state).idle.extend(kept);
        retire(&gone);
    }

    /// Deletes everything that stayed behind; what is in use follows when it comes back.
    pub(crate) fn close(&self) {
        let gone = {
            let mut state = lock(&self.inner.state);
            state.closed = true;
            std::mem::take(&mut state.idle)
        };
        retire(&gone);
    }
}

fn retire(models: &[Arc<Model>]) {
    for model in models {
        if let Err(error) = model.retire() {
            // The folder is emptied when it is opened next.
            tracing::warn!(%error, "a temporary read model stays behind");
        }
    }
}

/// A read model that nobody else has; it goes back when this is dropped.
pub(crate) struct Taken {
    model: Arc<Model>,
    set: AsOf,
}

impl Deref for Taken {
    type Target = Arc<Model>;

    fn deref(&self) -> &Arc<Model> {
        &self.model
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.set.give_back(Arc::clone(&self.model));
    }
}
