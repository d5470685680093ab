//! Waking: by one of many, failing for all of them, failing alone.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use headwater_event::{Append, Error, EventType, Kind, LogId, NewEvent};
use headwater_node::env::SystemEnv;
use headwater_node::{DatabaseState, MemoryStorages, NewLog, Node, Options, Storage, Storages};
use tempfile::TempDir;

/// What opening a log comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opening {
    Works,
    Fails,
    Panics,
    /// Waits for another word.
    Waits,
}

/// Logs in memory, whose opening does what it is told.
struct Told {
    logs: MemoryStorages,
    opening: Mutex<Opening>,
    changed: Condvar,
    opened: AtomicUsize,
}

impl Told {
    fn tell(&self, opening: Opening) {
        *self.opening.lock().unwrap() = opening;
        self.changed.notify_all();
    }
}

impl Storages for Told {
    fn create(&self, directory: &Path, log_id: LogId) -> Result<Arc<dyn Storage>, Error> {
        self.logs.create(directory, log_id)
    }

    fn begin(&self, directory: &Path, log_id: LogId) -> Result<Box<dyn NewLog>, Error> {
        self.logs.begin(directory, log_id)
    }

    fn open(&self, directory: &Path) -> Result<Arc<dyn Storage>, Error> {
        self.opened.fetch_add(1, Ordering::Relaxed);
        let waits = |opening: &mut Opening| *opening == Opening::Waits;
        let opening = self.opening.lock().unwrap();
        let opening = *self.changed.wait_while(opening, waits).unwrap();
        match opening {
            Opening::Fails => Err(Error::new(
                Kind::Unavailable,
                "storage",
                "it is not there now",
            )),
            Opening::Panics => panic!("told to"),
            _ => self.logs.open(directory),
        }
    }

    fn exists(&self, directory: &Path) -> Result<bool, Error> {
        self.logs.exists(directory)
    }

    fn remove(&self, directory: &Path) -> Result<(), Error> {
        self.logs.remove(directory)
    }
}

/// A node with the databases `shop` and `other`, both asleep.
async fn node() -> (Node, Arc<Told>, TempDir) {
    let told = Arc::new(Told {
        logs: MemoryStorages::default(),
        opening: Mutex::new(Opening::Works),
        changed: Condvar::new(),
        opened: AtomicUsize::new(0),
    });
    let options = Options {
        storages: told.clone(),
        ..Options::default()
    };
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().to_owned();
    let node = Node::open(root, Arc::new(SystemEnv), options)
        .await
        .unwrap();
    node.create(&"shop".parse().unwrap()).await.unwrap();
    node.create(&"other".parse().unwrap()).await.unwrap();
    (node, told, directory)
}

fn state(node: &Node) -> DatabaseState {
    node.show(&"shop".parse().unwrap()).unwrap().state
}

/// Has sixteen ask for `shop`, and then lets its opening come to something. Gives how many were
/// answered with a database.
async fn sixteen_ask(node: &Node, told: &Arc<Told>, opening: Opening) -> usize {
    told.tell(Opening::Waits);
    let asking = (0..16).map(|_| {
        let node = node.clone();
        tokio::spawn(async move { node.database(&"shop".parse().unwrap()).await.is_ok() })
    });
    let asking: Vec<_> = asking.collect();
    while told.opened.load(Ordering::Relaxed) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await; // all of them have asked
    assert_eq!(state(node), DatabaseState::Waking);
    told.tell(opening);
    let mut answered = 0;
    for one in asking {
        answered += usize::from(one.await.unwrap());
    }
    answered
}

#[tokio::test]
async fn one_wakes_for_all() {
    let (node, told, _directory) = node().await;
    assert_eq!(sixteen_ask(&node, &told, Opening::Works).await, 16);
    assert_eq!(told.opened.load(Ordering::Relaxed), 1);
    assert_eq!(state(&node), DatabaseState::Awake);
}

#[tokio::test]
async fn one_failure_is_told_to_all_and_the_next_use_tries_again() {
    let (node, told, _directory) = node().await;
    assert_eq!(sixteen_ask(&node, &told, Opening::Fails).await, 0);
    assert_eq!(told.opened.load(Ordering::Relaxed), 1);
    assert_eq!(state(&node), DatabaseState::Poisoned);
    let reason = node.show(&"shop".parse().unwrap()).unwrap().reason.unwrap();
    assert_eq!(reason.code(), "storage");

    told.tell(Opening::Works);
    node.database(&"shop".parse().unwrap()).await.unwrap();
    assert_eq!(state(&node), DatabaseState::Awake);
    assert!(
        node.show(&"shop".parse().unwrap())
            .unwrap()
            .reason
            .is_none()
    );
}

#[tokio::test]
async fn a_panic_while_waking_stays_with_that_database() {
    let (node, told, _directory) = node().await;
    told.tell(Opening::Panics);
    let error = node.database(&"shop".parse().unwrap()).await.err().unwrap();
    assert_eq!(error.code(), "panicked");
    assert_eq!(state(&node), DatabaseState::Poisoned);
    told.tell(Opening::Works);
    node.database(&"other".parse().unwrap()).await.unwrap();
    node.database(&"shop".parse().unwrap()).await.unwrap();
}

#[tokio::test]
async fn who_asked_first_may_go_away() {
    let (node, told, _directory) = node().await;
    told.tell(Opening::Waits);
    let shop = "shop".parse().unwrap();
    let first = tokio::time::timeout(Duration::from_millis(50), node.database(&shop)).await;
    assert!(first.is_err());
    told.tell(Opening::Works);
    node.database(&shop).await.unwrap();
    assert_eq!(told.opened.load(Ordering::Relaxed), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_counted_never_goes_back_while_databases_fall_asleep() {
    let options = Options {
        sleep_after: Some(Duration::from_millis(1)),
        storages: Arc::new(MemoryStorages::default()),
        ..Options::default()
    };
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().to_owned();
    let node = Node::open(root, Arc::new(SystemEnv), options)
        .await
        .unwrap();
    node.create(&"shop".parse().unwrap()).await.unwrap();
    let (counting, stop) = (node.clone(), Arc::new(AtomicBool::new(false)));
    let stopped = stop.clone();
    let watching = std::thread::spawn(move || {
        let mut last = 0;
        while !stopped.load(Ordering::Relaxed) {
            let appends = counting.stats().counts.appends;
            assert!(appends >= last, "{appends} after {last}");
            last = appends;
        }
        last
    });
    for _ in 0..10 {
        let handle = node.database(&"shop".parse().unwrap()).await.unwrap();
        let noted = NewEvent::json(EventType::new("Noted").unwrap(), "1");
        handle.append(Append::of(vec![noted]), None).await.unwrap();
        drop(handle);
        while state(&node) != DatabaseState::Asleep {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    assert!(watching.join().unwrap() <= 10);
    assert_eq!(node.stats().counts.appends, 10);
    node.shutdown().await;
}
