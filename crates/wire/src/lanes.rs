//! Lanes: one thread with a runtime of its own for each processor, between which connections are
//! shared out.
//!
//! A connection stays on its lane. So the thread that a socket wakes also answers: no task moves
//! between threads and none is woken to look for work, which for an append that comes alone is
//! half of all system calls. What blocks, or takes long, runs elsewhere: the node and the journal
//! have threads for it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// More lanes are not needed: the journal has the rest of the processors.
const LANES_MAX: usize = 64;

/// The lanes of one server. Dropping them ends what still runs there.
pub(crate) struct Lanes {
    lanes: Vec<Lane>,
}

struct Lane {
    runtime: Handle,
    /// How many connections it has.
    connections: Arc<AtomicUsize>,
    /// Dropped to end it.
    _stop: oneshot::Sender<()>,
}

impl Lanes {
    /// A lane for each processor that this process may use.
    pub(crate) fn start() -> io::Result<Lanes> {
        let processors = thread::available_parallelism().map_or(1, |count| count.get());
        let lanes = (0..processors.min(LANES_MAX)).map(Lane::start);
        Ok(Lanes {
            lanes: lanes.collect::<io::Result<_>>()?,
        })
    }

    /// Runs a connection on the lane that has the fewest. It is made there, so that its socket is
    /// watched by that lane.
    pub(crate) fn run<F>(
        &self,
        connections: &mut JoinSet<()>,
        make: impl FnOnce() -> F + Send + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let least = |lane: &&Lane| lane.connections.load(Ordering::Relaxed);
        let Some(lane) = self.lanes.iter().min_by_key(least) else {
            return; // there is at least one
        };
        let counted = Counted::new(&lane.connections);
        let connection = async move {
            make().await;
            drop(counted);
        };
        connections.spawn_on(connection, &lane.runtime);
    }
}

impl Lane {
    fn start(number: usize) -> io::Result<Lane> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        thread::Builder::new()
            .name(format!("lane-{number}"))
            .spawn(move || {
                let _ = runtime.block_on(stopped); // its sender is dropped
                runtime.shutdown_background();
            })?;
        Ok(Lane {
            runtime: handle,
            connections: Arc::default(),
            _stop: stop,
        })
    }
}

/// A connection of a lane, counted.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(connections: &Arc<AtomicUsize>) -> Counted {
        connections.fetch_add(1, Ordering::Relaxed);
        Counted(Arc::clone(connections))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
