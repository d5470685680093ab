//! Lanes: one thread with a runtime of its own for each processor, between which connections are
//! shared out.
//!
//! A connection stays on its lane. So the thread that a socket wakes also answers: no task moves
//! between threads and none is woken to look for work, which for an append that comes alone is
//! half of all system calls. What blocks, or takes long, runs elsewhere: the node and the journal
//! have threads for it. Only a connection that is [alone] on its lane may block for an append:
//! nobody else waits for the thread, and to wake another would take as long as half a sync.

use std::cell::OnceCell;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
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
    load: Arc<Load>,
    /// Dropped to end it.
    _stop: oneshot::Sender<()>,
}

/// What a lane has to do.
struct Load {
    /// How many connections it has.
    connections: AtomicUsize,
    /// There are other lanes, for connections that come while this one is blocked.
    may_block: bool,
    /// The connection that it has may block it at the moment.
    blocked: AtomicBool,
}

thread_local! {
    /// The load of the lane that this thread is.
    static LOAD: OnceCell<Arc<Load>> = const { OnceCell::new() };
}

/// The only connection of its lane. As long as this lives, others go to other lanes.
pub(crate) struct Alone(Arc<Load>);

/// Says whether the connection that this thread serves is the only one of its lane, and not the
/// server's only lane.
pub(crate) fn alone() -> Option<Alone> {
    let load = LOAD.with(|load| load.get().cloned())?;
    (load.may_block && load.connections.load(Ordering::Relaxed) == 1).then(|| {
        load.blocked.store(true, Ordering::Relaxed);
        Alone(load)
    })
}

impl Alone {
    /// Does what may block when it is polled first, and not later.
    pub(crate) async fn run<F: Future>(self, work: F) -> F::Output {
        let mut work = pin!(work);
        let mut blocks = Some(self);
        poll_fn(move |context| {
            let polled = work.as_mut().poll(context);
            blocks.take();
            polled
        })
        .await
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        self.0.blocked.store(false, Ordering::Relaxed);
    }
}

impl Lanes {
    /// A lane for each processor that this process may use.
    pub(crate) fn start() -> io::Result<Lanes> {
        let processors = thread::available_parallelism().map_or(1, |count| count.get());
        Lanes::of(processors.min(LANES_MAX))
    }

    fn of(count: usize) -> io::Result<Lanes> {
        let lanes = (0..count).map(|number| Lane::start(number, count > 1));
        Ok(Lanes {
            lanes: lanes.collect::<io::Result<_>>()?,
        })
    }

    /// Runs a connection on the lane that has the fewest, of those that are not blocked if there are
    /// any. It is made there, so that its socket is watched by that lane.
    pub(crate) fn run<F>(
        &self,
        connections: &mut JoinSet<()>,
        make: impl FnOnce() -> F + Send + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let least = |lane: &&Lane| {
            let blocked = lane.load.blocked.load(Ordering::Relaxed);
            (blocked, lane.load.connections.load(Ordering::Relaxed))
        };
        let Some(lane) = self.lanes.iter().min_by_key(least) else {
            return; // there is at least one
        };
        let counted = Counted::new(&lane.load);
        let connection = async move {
            make().await;
            drop(counted);
        };
        connections.spawn_on(connection, &lane.runtime);
    }
}

impl Lane {
    fn start(number: usize, may_block: bool) -> io::Result<Lane> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let load = Arc::new(Load {
            connections: AtomicUsize::new(0),
            may_block,
            blocked: AtomicBool::new(false),
        });
        let of_thread = Arc::clone(&load);
        thread::Builder::new()
            .name(format!("lane-{number}"))
            .spawn(move || {
                LOAD.with(|load| load.get_or_init(|| of_thread).clone());
                let _ = runtime.block_on(stopped); // its sender is dropped
                runtime.shutdown_background();
            })?;
        Ok(Lane {
            runtime: handle,
            load,
            _stop: stop,
        })
    }
}

/// A connection of a lane, counted.
struct Counted(Arc<Load>);

impl Counted {
    fn new(load: &Arc<Load>) -> Counted {
        load.connections.fetch_add(1, Ordering::Relaxed);
        Counted(Arc::clone(load))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    /// Runs a connection that says which thread it has and whether it is alone there, as often as
    /// it is asked; it ends when nobody asks any more.
    fn connect(lanes: &Lanes, connections: &mut JoinSet<()>) -> mpsc::Sender<Asked> {
        let (ask, mut asked) = mpsc::channel::<Asked>(1);
        lanes.run(connections, async move || {
            while let Some(answer) = asked.recv().await {
                let _ = answer.send((thread::current().id(), alone()));
            }
        });
        ask
    }

    type Asked = oneshot::Sender<(thread::ThreadId, Option<Alone>)>;

    async fn ask(connection: &mpsc::Sender<Asked>) -> (thread::ThreadId, Option<Alone>) {
        let (answer, told) = oneshot::channel();
        connection.send(answer).await.unwrap();
        told.await.unwrap()
    }

    #[tokio::test]
    async fn a_connection_may_block_its_lane_as_long_as_it_has_no_neighbour() {
        let lanes = Lanes::of(2).unwrap();
        let mut connections = JoinSet::new();
        assert!(alone().is_none(), "this thread is no lane");
        let first = connect(&lanes, &mut connections);
        let (lane, blocking) = ask(&first).await;
        assert!(blocking.is_some());
        // As long as it may block, others go elsewhere, however many are there.
        let others = [(); 3].map(|()| connect(&lanes, &mut connections));
        for other in &others {
            let (other_lane, may_block) = ask(other).await;
            assert!(other_lane != lane && may_block.is_none());
        }
        drop(blocking);
        assert!(ask(&first).await.1.is_some());
        let neighbour = connect(&lanes, &mut connections);
        assert_eq!(ask(&neighbour).await.0, lane);
        assert!(ask(&first).await.1.is_none());
        assert!(ask(&neighbour).await.1.is_none());
        drop((first, neighbour, others));
        while connections.join_next().await.is_some() {}
        let only = connect(&lanes, &mut connections);
        assert!(ask(&only).await.1.is_some());
    }

    #[tokio::test]
    async fn the_only_lane_is_never_blocked() {
        let (lanes, mut connections) = (Lanes::of(1).unwrap(), JoinSet::new());
        let only = connect(&lanes, &mut connections);
        assert!(ask(&only).await.1.is_none());
    }

    #[tokio::test]
    async fn what_waits_no_longer_blocks() {
        let load = || {
            Arc::new(Load {
                connections: AtomicUsize::new(1),
                may_block: true,
                blocked: AtomicBool::new(true),
            })
        };
        let (there, asked) = (load(), load());
        let blocked = |load: &Load| load.blocked.load(Ordering::Relaxed);
        let done = Alone(Arc::clone(&there)).run(async { blocked(&there) });
        assert!(done.await, "it may block in its first poll");
        assert!(!blocked(&there));
        let waited = Alone(Arc::clone(&asked)).run(async {
            tokio::task::yield_now().await;
            blocked(&asked)
        });
        assert!(!waited.await, "and no longer");
    }
}
