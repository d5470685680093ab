//! Logs, and segments of them, to test with.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use headwater_event::{
    ChainHash, Error, EventId, EventType, NewEvent, Position, Revision, StreamName, Tag, Timestamp,
    tag_set,
};
use uuid::Uuid;

use super::{BlockCache, Facet, Segment, Source, seal};
use crate::Seq;
use crate::canonical::{put_append_header, put_event};
use crate::commits::Head;
use crate::index::category;
use crate::manifest::{SegmentInfo, SegmentName};
use crate::run::Run;
use crate::storage::{Map, SegmentBytes, SegmentSink};

/// A new event of this type and stream.
pub(crate) fn event(
    event_type: &str,
    stream: Option<&str>,
    tags: &[&str],
    data: &[u8],
) -> NewEvent {
    NewEvent {
        id: None,
        stream: stream.map(|name| StreamName::new(name).unwrap()),
        event_type: EventType::new(event_type).unwrap(),
        tags: tag_set(tags.iter().map(|tag| Tag::new(*tag).unwrap()).collect()).unwrap(),
        data: data.to_vec().into(),
        content_type: None,
        metadata: None,
        occurred_at: None,
    }
}

/// What is known of an event.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) id: EventId,
    pub(crate) revision: Revision,
    pub(crate) event: NewEvent,
}

/// A log in memory, that grows.
pub(crate) struct Log {
    pub(crate) events: Vec<Known>,
    /// The end of the log after each append; the first is the empty log's.
    pub(crate) heads: Vec<Head>,
    runs: Vec<Arc<Run>>,
    revisions: HashMap<String, u64>,
    seed: u64,
}

/// The names of some events, with the revisions before and the positions.
pub(crate) type Keys = BTreeMap<(Facet, String), (u64, Vec<u64>)>;

impl Log {
    pub(crate) fn new(seed: u64) -> Log {
        Log {
            events: Vec::new(),
            heads: vec![Head::EMPTY],
            runs: Vec::new(),
            revisions: HashMap::new(),
            seed,
        }
    }

    pub(crate) fn head(&self) -> Head {
        self.heads[self.heads.len() - 1]
    }

    /// Some number; not the one before.
    pub(crate) fn some(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let n = (self.seed ^ (self.seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        n ^ (n >> 31)
    }

    /// Adds a commit of these appends, each recorded so many microseconds after the one before.
    pub(crate) fn commit(&mut self, appends: Vec<(i64, Vec<NewEvent>)>) {
        let first = self.head().position.next();
        let mut bytes = Vec::new();
        for (later, events) in appends {
            let before = self
                .head()
                .recorded_at
                .as_micros()
                .max(1_790_000_000_000_000);
            let recorded_at = Timestamp::from_micros(before + later).unwrap();
            let mut append = Vec::new();
            put_append_header(&mut append, recorded_at, events.len() as u32);
            let last = Position(self.head().position.0 + events.len() as u64);
            for event in events {
                let id = self.some_id(recorded_at);
                let revision = self.revision(&event);
                put_event(&mut append, id, revision, &event);
                self.events.push(Known {
                    id,
                    revision,
                    event,
                });
            }
            bytes.extend_from_slice(&(append.len() as u32).to_le_bytes());
            bytes.extend_from_slice(&append);
            self.heads.push(Head {
                position: last,
                recorded_at,
                chain: self.head().chain.then(&append),
            });
        }
        let seq = Seq(self.runs.len() as u64 + 1);
        let run = Run::of_commit(seq, first, Bytes::from(bytes)).unwrap();
        self.runs.push(Arc::new(run));
    }

    /// A UUIDv7.
    fn some_id(&mut self, at: Timestamp) -> EventId {
        let millis = (at.as_micros() / 1000) as u128;
        let some = u128::from(self.some()) << 64 | u128::from(self.some());
        let id = millis << 80 | some >> 48;
        let id = id & !(0xf << 76) | 7 << 76;
        EventId(Uuid::from_u128(id & !(3 << 62) | 2 << 62))
    }

    fn revision(&mut self, event: &NewEvent) -> Revision {
        event.stream.as_ref().map_or(Revision::NONE, |stream| {
            let revision = self
                .revisions
                .entry(stream.as_str().to_owned())
                .or_default();
            *revision += 1;
            Revision(*revision)
        })
    }

    /// The positions of some commits.
    pub(crate) fn positions(&self, commits: Range<usize>) -> Range<u64> {
        let runs = &self.runs[commits];
        runs[0].first().0..runs[runs.len() - 1].last().0 + 1
    }

    /// What is known of the event there.
    pub(crate) fn at(&self, position: u64) -> &Known {
        &self.events[position as usize - 1]
    }

    /// The end of the last append that ends at or before this position.
    pub(crate) fn head_at(&self, position: u64) -> Head {
        let upto = self
            .heads
            .partition_point(|head| head.position.0 <= position);
        self.heads[upto - 1]
    }

    /// The names of the events of these positions.
    pub(crate) fn keys(&self, positions: Range<u64>) -> Keys {
        let mut keys = Keys::new();
        for position in positions {
            let known = self.at(position);
            let mut add = |facet, name: &str, base| {
                let entry = keys.entry((facet, name.to_owned()));
                entry.or_insert((base, Vec::new())).1.push(position);
            };
            add(Facet::Type, known.event.event_type.as_str(), 0);
            for tag in &known.event.tags {
                add(Facet::Tag, tag.as_str(), 0);
            }
            if let Some(stream) = &known.event.stream {
                add(Facet::Stream, stream.as_str(), known.revision.0 - 1);
                add(Facet::Category, category(stream.as_str()), 0);
            }
        }
        keys
    }

    /// Seals commits.
    pub(crate) fn seal(&self, commits: Range<usize>, previous: Option<&Segment>) -> Kept {
        let parts = self.parts(commits);
        self.try_seal(&parts, previous).unwrap()
    }

    /// What a segment of these commits is made of.
    pub(crate) fn parts(&self, commits: Range<usize>) -> Parts {
        let positions = self.positions(commits.clone());
        Parts {
            before: self.head_at(positions.start - 1),
            after: self.head_at(positions.end - 1),
            keys: self.keys(positions.clone()),
            ids: positions.map(|at| (self.at(at).id, Position(at))).collect(),
            commits,
        }
    }

    pub(crate) fn try_seal(
        &self,
        parts: &Parts,
        previous: Option<&Segment>,
    ) -> Result<Kept, Error> {
        let mut keys = parts.keys.iter().map(|((facet, name), (base, positions))| {
            (*facet, name.as_str(), *base, &positions[..])
        });
        let mut runs = self.runs[parts.commits.clone()].iter();
        let file = Kept::default();
        let source = Source {
            before: parts.before,
            after: parts.after,
            runs: &mut || Ok(runs.next().cloned()),
            keys: &mut keys,
            ids: &mut parts.ids.iter().copied(),
            previous,
        };
        let info = seal(file.sink(), source)?;
        Ok(file.with(info))
    }
}

/// What a segment is made of, to be changed.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) commits: Range<usize>,
    pub(crate) before: Head,
    pub(crate) after: Head,
    pub(crate) keys: Keys,
    pub(crate) ids: Vec<(EventId, Position)>,
}

/// A segment file in memory.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) info: SegmentInfo,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Default for Kept {
    fn default() -> Kept {
        let head = Head {
            position: Position(1),
            ..Head::EMPTY
        };
        let info = SegmentInfo {
            name: SegmentName {
                first: Position(1),
                last: Position(1),
            },
            level: 0,
            bytes: 0,
            raw_bytes: 0,
            appends: 0,
            streams_new: 0,
            before: head,
            after: head,
            id_min: EventId(Uuid::nil()),
            id_max: EventId(Uuid::nil()),
            footer_crc: 0,
        };
        Kept {
            info,
            written: Arc::default(),
        }
    }
}

impl Kept {
    pub(crate) fn sink(&self) -> Box<dyn SegmentSink> {
        Box::new(Sink(Arc::clone(&self.written)))
    }

    pub(crate) fn with(mut self, info: SegmentInfo) -> Kept {
        assert_eq!(info.bytes, self.bytes().len() as u64);
        self.info = info;
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.written.lock().unwrap().clone()
    }

    pub(crate) fn open(&self) -> Segment {
        self.open_as(self.bytes(), true).0
    }

    /// Opens it with these bytes in the place of its own.
    pub(crate) fn open_as(&self, bytes: Vec<u8>, maps: bool) -> (Segment, Arc<File>) {
        let file = Arc::new(File {
            name: self.info.name,
            bytes: Bytes::from(bytes),
            maps,
            reads: AtomicUsize::new(0),
            read: AtomicU64::new(0),
            told: Mutex::default(),
        });
        let cache = Arc::new(BlockCache::new(32 << 20));
        let segment = Segment::open(self.info, Arc::clone(&file) as _, cache);
        (segment, file)
    }
}

struct Sink(Arc<Mutex<Vec<u8>>>);

impl SegmentSink for Sink {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), Error> {
        Ok(())
    }
}

/// Bytes that count how often they are read.
pub(crate) struct File {
    name: SegmentName,
    bytes: Bytes,
    maps: bool,
    pub(crate) reads: AtomicUsize,
    pub(crate) read: AtomicU64,
    /// What it was told will be read: from where on, and how much.
    pub(crate) told: Mutex<Vec<(u64, u64)>>,
}

impl SegmentBytes for File {
    fn name(&self) -> SegmentName {
        self.name
    }

    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read(&self, offset: u64, length: usize) -> Result<Bytes, Error> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.read.fetch_add(length as u64, Ordering::Relaxed);
        let end = offset.checked_add(length as u64);
        match end.is_some_and(|end| end <= self.len()) {
            true => Ok(self.bytes.slice(offset as usize..offset as usize + length)),
            false => Err(Error::damaged("the file ends before")),
        }
    }

    fn map(&self, offset: u64, length: usize) -> Result<Option<Map>, Error> {
        let end = offset as usize + length;
        let map = self.maps.then(|| self.bytes.slice(offset as usize..end));
        Ok(map.map(|map| Arc::new(map) as Map))
    }

    fn will_read(&self, offset: u64, length: u64) {
        self.told.lock().unwrap().push((offset, length));
    }
}

/// A chain that nothing has.
pub(crate) const OTHER_CHAIN: ChainHash = ChainHash([7; 32]);
