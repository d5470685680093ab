//! A storage in memory that counts what is read and put of segments, fails on demand, and lets a test
//! act in the middle of a merge.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use headwater_event::{Error, Kind, LogId};
use headwater_journal::{
    Commit, Manifest, Map, MemoryStorage, SegmentBytes, SegmentName, SegmentSink, Seq, Storage,
    Stored, Written,
};

/// What it counts, and what it was told to do.
#[derive(Default)]
pub(crate) struct Orders {
    pub(crate) reads: AtomicU64,
    /// The machine has all of it in memory.
    pub(crate) in_memory: AtomicBool,
    /// Which of the next looks at the manifest fail.
    pub(crate) manifests: Mutex<VecDeque<bool>>,
    /// The next segment cannot be opened.
    pub(crate) get_fails: AtomicBool,
    /// Putting a segment panics.
    pub(crate) puts_panic: AtomicBool,
    /// How many bytes are said to be free.
    pub(crate) space: Mutex<Option<u64>>,
    /// What is done, once, when the next segment is put; and which segments were put.
    pub(crate) at_put: Mutex<Option<Box<dyn FnOnce() + Send>>>,
    pub(crate) puts: Mutex<Vec<SegmentName>>,
}

pub(crate) struct Ordered {
    inner: Arc<MemoryStorage>,
    orders: Arc<Orders>,
}

struct OrderedBytes {
    inner: Arc<dyn SegmentBytes>,
    orders: Arc<Orders>,
}

impl Ordered {
    pub(crate) fn over(inner: Arc<MemoryStorage>) -> (Arc<Ordered>, Arc<Orders>) {
        let orders: Arc<Orders> = Arc::default();
        let storage = Ordered {
            inner,
            orders: Arc::clone(&orders),
        };
        (Arc::new(storage), orders)
    }
}

fn on_demand() -> Error {
    Error::new(Kind::Unavailable, "storage", "on demand")
}

impl SegmentBytes for OrderedBytes {
    fn name(&self) -> SegmentName {
        self.inner.name()
    }
    fn len(&self) -> u64 {
        self.inner.len()
    }
    fn read(&self, offset: u64, length: usize) -> Result<Bytes, Error> {
        self.orders.reads.fetch_add(1, Ordering::Relaxed);
        self.inner.read(offset, length)
    }
    fn read_in_memory(&self, offset: u64, length: usize) -> Option<Bytes> {
        let is_there = self.orders.in_memory.load(Ordering::Relaxed);
        is_there.then(|| self.inner.read(offset, length).unwrap())
    }
    fn map(&self, offset: u64, length: usize) -> Result<Option<Map>, Error> {
        self.inner.map(offset, length)
    }
}

impl Storage for Ordered {
    fn log_id(&self) -> LogId {
        self.inner.log_id()
    }
    fn append(&self, seq: Seq, commit: &Commit) -> Written {
        self.inner.append(seq, commit)
    }
    fn read(&self, seq: Seq, bytes_max: usize) -> Result<Stored, Error> {
        self.inner.read(seq, bytes_max)
    }
    fn manifest(&self) -> Result<Manifest, Error> {
        match self.orders.manifests.lock().unwrap().pop_front() {
            Some(true) => Err(on_demand()),
            _ => self.inner.manifest(),
        }
    }
    fn publish(&self, manifest: &Manifest) -> Result<(), Error> {
        self.inner.publish(manifest)
    }
    fn drop_below(&self, seq: Seq) -> Result<(), Error> {
        self.inner.drop_below(seq)
    }
    fn put(&self, name: SegmentName) -> Result<Box<dyn SegmentSink>, Error> {
        assert!(!self.orders.puts_panic.load(Ordering::Relaxed), "on demand");
        let sink = self.inner.put(name)?;
        self.orders.puts.lock().unwrap().push(name);
        let at_put = self.orders.at_put.lock().unwrap().take();
        at_put.into_iter().for_each(|act| act());
        Ok(sink)
    }
    fn get(&self, name: SegmentName) -> Result<Arc<dyn SegmentBytes>, Error> {
        if self.orders.get_fails.swap(false, Ordering::Relaxed) {
            return Err(on_demand());
        }
        Ok(Arc::new(OrderedBytes {
            inner: self.inner.get(name)?,
            orders: Arc::clone(&self.orders),
        }))
    }
    fn list(&self) -> Result<Vec<SegmentName>, Error> {
        self.inner.list()
    }
    fn remove(&self, name: SegmentName) -> Result<(), Error> {
        self.inner.remove(name)
    }
    fn make_ready(&self) -> Result<(), Error> {
        self.inner.make_ready()
    }
    fn space(&self) -> Option<u64> {
        *self.orders.space.lock().unwrap()
    }
    fn tail_bytes(&self) -> u64 {
        self.inner.tail_bytes()
    }
}
