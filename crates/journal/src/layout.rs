//! Where the bytes of a log are, for people.

use std::collections::BTreeMap;

use headwater_event::Error;

use crate::index::{Facet, View};
use crate::journal::Journal;

/// How many streams and types are named.
const NAMES_MAX: usize = 10;

/// Where the bytes of a log are.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// Events in the log.
    pub events: u64,
    /// Bytes of appends in the log, in their canonical encoding.
    pub raw_bytes: u64,
    /// Bytes of the files of the tail, with what is filled ahead; not the next file, which may be
    /// made ahead.
    pub tail_bytes: u64,
    /// Bytes of appends in the tail, in their canonical encoding.
    pub tail_raw_bytes: u64,
    /// The segments of each level, the lowest level first.
    pub levels: Vec<Level>,
    /// Bytes of the parts of all segments.
    pub parts: Parts,
    /// The largest streams, with their revisions. They are looked for among the largest of each
    /// segment.
    pub streams: Vec<(String, u64)>,
    /// The types with the most events, counted among the largest of each segment.
    pub types: Vec<(String, u64)>,
}

/// The segments of a level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// Which level: 0 is sealed, the others are merged.
    pub level: u8,
    /// How many segments.
    pub segments: u64,
    /// Bytes of their files.
    pub bytes: u64,
    /// Bytes of the appends in them, in their canonical encoding.
    pub raw_bytes: u64,
}

/// Bytes of what segments are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Blocks of events.
    pub blocks: u64,
    /// Dictionaries that the blocks are compressed with.
    pub dictionaries: u64,
    /// The positions of each stream, category, type and tag.
    pub lists: u64,
    /// Where each block, time and chain is.
    pub places: u64,
    /// The ids of events.
    pub ids: u64,
    /// The filters.
    pub filters: u64,
    /// Footers and the like.
    pub rest: u64,
}

impl Journal {
    /// Looks where the bytes of the log are. Blocks for a few reads of each segment.
    pub fn layout(&self) -> Result<Layout, Error> {
        self.log.check_alive()?;
        let view = self.log.index.view()?;
        let (events, raw_bytes) = {
            let commits = self.log.commits();
            (commits.head().position.0, commits.bytes)
        };
        let sealed = view.segments.iter().map(|one| one.info().raw_bytes);
        let mut layout = Layout {
            events,
            raw_bytes,
            tail_bytes: self.log.storage.tail_bytes(),
            tail_raw_bytes: raw_bytes.saturating_sub(sealed.sum()),
            levels: levels(&view),
            ..Layout::default()
        };
        for segment in &view.segments {
            let sizes = segment.sizes()?;
            let parts = &mut layout.parts;
            parts.blocks += sizes.data;
            parts.dictionaries += sizes.dictionaries;
            parts.lists += sizes.lists;
            parts.places += sizes.places;
            parts.ids += sizes.ids;
            parts.filters += sizes.filter;
            parts.rest += sizes.rest;
        }
        layout.types = largest(self.counts(&view, Facet::Type)?);
        let mut streams = self.counts(&view, Facet::Stream)?;
        for (name, events) in &mut streams {
            let end = self.log.index.stream(name)?;
            *events = end.map_or(*events, |end| end.revision.0);
        }
        layout.streams = largest(streams);
        Ok(layout)
    }

    /// How many events the names have that are among the largest anywhere.
    fn counts(&self, view: &View, facet: Facet) -> Result<BTreeMap<String, u64>, Error> {
        let mut counts = BTreeMap::new();
        let mut add = |name: &str, events: u64| {
            *counts.entry(name.to_owned()).or_insert(0) += events;
        };
        for segment in &view.segments {
            for top in segment.tops()?.of(facet) {
                add(&top.name, top.events);
            }
        }
        for piece in &view.pieces {
            piece.tops(facet, NAMES_MAX, &mut add);
        }
        self.log
            .index
            .with_active(|active, _| active.tops(facet, NAMES_MAX, &mut add))?;
        Ok(counts)
    }
}

fn levels(view: &View) -> Vec<Level> {
    let mut levels: BTreeMap<u8, Level> = BTreeMap::new();
    for segment in &view.segments {
        let info = segment.info();
        let level = levels.entry(info.level).or_default();
        level.level = info.level;
        level.segments += 1;
        level.bytes += info.bytes;
        level.raw_bytes += info.raw_bytes;
    }
    levels.into_values().collect()
}

fn largest(counts: BTreeMap<String, u64>) -> Vec<(String, u64)> {
    let mut names: Vec<(String, u64)> = counts.into_iter().collect();
    names.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    names.truncate(NAMES_MAX);
    names
}
