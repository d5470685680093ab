//! The thread that keeps read models near the head, and builds new versions.
//!
//! It takes one batch of each read model in turn, so that a long build and the read models that are
//! in use share it. It sleeps until the head moves or somebody pokes it. There is one for all read
//! models of a database, from the first use until they are closed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use headwater_event::Position;
use headwater_journal::env::Task;
use tokio::sync::Notify;

use crate::model::{Behind, Model};
use crate::projections::Inner;
use crate::sync::lock;

/// How long after a move of the head it begins: many moves cost one batch.
const GATHER: Duration = Duration::from_millis(20);

/// How long after a failure of the machine it tries again.
const RETRY: Duration = Duration::from_millis(250);

/// The thread, once it runs.
#[derive(Default)]
pub(crate) struct Worker {
    poke: Notify,
    task: Mutex<Option<Task>>,
    started: AtomicBool,
    ended: AtomicBool,
}

/// What came of one round.
enum Round {
    /// Nothing is behind.
    Idle,
    /// Something was folded.
    Moved,
    /// Something is behind, and it is no use to try again before this time has passed.
    Pause(Duration),
}

impl Worker {
    /// Starts it, unless it runs. It hears of moves of the head by itself.
    pub(crate) fn start(&self, inner: &Arc<Inner>) {
        if self.started.load(Ordering::Acquire) {
            return;
        }
        let mut task = lock(&self.task);
        if task.is_none() && !self.is_ended() {
            let worked = Arc::clone(inner);
            let work = Box::new(move || run(&worked));
            *task = Some(inner.env.spawn("projections", work));
            self.started.store(true, Ordering::Release);
        }
    }

    /// Has it look for work that has nothing to do with the head.
    pub(crate) fn wake(&self, inner: &Arc<Inner>) {
        self.start(inner);
        self.poke.notify_one();
    }

    /// Ends it and waits until it has.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.poke.notify_one();
        let task = lock(&self.task).take();
        if let Some(task) = task {
            task.join();
        }
    }

    fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }
}

fn run(inner: &Arc<Inner>) {
    let worker = &inner.worker;
    let mut head = inner.journal.watch_head();
    let parked = match tokio::runtime::Builder::new_current_thread().build() {
        Ok(parked) => parked,
        Err(error) => {
            tracing::error!(%error, "read models are folded by queries alone");
            return;
        }
    };
    while !worker.is_ended() {
        let target = *head.borrow_and_update();
        match round(inner, target) {
            Round::Moved => {}
            Round::Pause(pause) => inner.env.sleep(pause),
            Round::Idle => {
                let moved = parked.block_on(async {
                    tokio::select! {
                        changed = head.changed() => changed.is_ok(),
                        () = worker.poke.notified() => false,
                    }
                });
                if moved && !worker.is_ended() {
                    inner.env.sleep(GATHER);
                }
            }
        }
    }
}

/// A batch of each read model that is behind.
fn round(inner: &Arc<Inner>, head: Position) -> Round {
    let mut round = Round::Idle;
    for model in inner.wanted() {
        if inner.worker.is_ended() {
            return Round::Idle;
        }
        let built = model.is_built() && !inner.is_building(&model);
        if model.failure().is_some() || (built && model.position() >= head) {
            continue;
        }
        round = match (advance(inner, &model, head), round) {
            (Advance::Moved, _) | (_, Round::Moved) => Round::Moved,
            (Advance::Trouble, _) => Round::Pause(RETRY),
            (Advance::Contended, Round::Idle) => Round::Pause(GATHER),
            (Advance::Contended, round) => round,
        };
    }
    round
}

/// What came of one batch.
enum Advance {
    Moved,
    /// Somebody else has the read model and folds it.
    Contended,
    /// The machine failed; the model keeps its words.
    Trouble,
}

/// Folds a batch, and lets a version that has caught up answer. It waits for nobody, so that a
/// read model that is asked for all the time does not hold up the others.
fn advance(inner: &Arc<Inner>, model: &Arc<Model>, head: Position) -> Advance {
    let Some(held) = model.try_hold() else {
        return Advance::Contended;
    };
    let folded = held.and_then(|mut held| {
        if held.position() < head {
            held.batch(head)?;
        }
        if held.position() >= head {
            held.set_built()?;
        }
        Ok(held.position())
    });
    match folded {
        Ok(position) => {
            if position >= head {
                inner.switch(model);
            }
            Advance::Moved
        }
        // A statement failed, or the model is not wanted any more: no reason to wait.
        Err(_) if model.failure().is_some() => Advance::Moved,
        Err(Behind::Retired) => Advance::Moved,
        Err(_) => Advance::Trouble,
    }
}
