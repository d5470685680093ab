//! Where the bytes of a log are, for people.

use std::collections::BTreeMap;

use headwater_event::Error;

use crate::index::{Facet, Name, View};
use crate::journal::Journal;
use crate::manifest::SegmentInfo;
use crate::{Stats, Work};

/// How many streams and types are named.
const NAMES_MAX: usize = 10;
/// Of how many it is counted in every part how many events they have.
const COUNTED_MAX: usize = 40;

/// Where the bytes of a log are.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The figures of the same moment.
    pub stats: Stats,
    /// Bytes of appends in the tail, in their canonical encoding.
    pub tail_raw_bytes: u64,
    /// Bytes of the manifest.
    pub manifest_bytes: u64,
    /// The segments, oldest first.
    pub segments: Vec<SegmentInfo>,
    /// What each level has, the lowest level first.
    pub levels: Vec<Level>,
    /// Bytes of the parts of all segments.
    pub parts: Parts,
    /// The largest streams, with their revisions. They are looked for among the 16 largest of each
    /// segment and the 10 largest of each piece of the tail: one that is among those nowhere is not
    /// found, however many segments it is in.
    pub streams: Vec<(String, u64)>,
    /// The types with the most events, which are looked for in the same way.
    pub types: Vec<(String, u64)>,
    /// How sealing goes.
    pub sealing: Work,
    /// How merging goes.
    pub merging: Work,
}

/// The segments of a level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// Which level: 0 is sealed, the others are merged.
    pub level: u8,
    /// How many segments.
    pub segments: u64,
    /// How many events are in them.
    pub events: u64,
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
        let stats = self.stats_of(&view)?;
        let manifest = self.log.storage.manifest()?;
        Ok(Layout {
            tail_raw_bytes: stats.bytes.saturating_sub(stats.sealed_bytes),
            manifest_bytes: manifest.encoded_bytes(),
            segments: view.segments.iter().map(|one| *one.info()).collect(),
            levels: levels(&view),
            parts: parts(&view)?,
            streams: self.largest(&view, Facet::Stream)?,
            types: self.largest(&view, Facet::Type)?,
            sealing: self.shared.keeper.sealing.report(),
            merging: self.shared.keeper.merging.report(),
            stats,
        })
    }

    /// The names that have the most events, among the largest anywhere.
    fn largest(&self, view: &View, facet: Facet) -> Result<Vec<(String, u64)>, Error> {
        let mut found = BTreeMap::new();
        let mut add = |name: &str, events: u64| {
            *found.entry(name.to_owned()).or_insert(0) += events;
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
        // Those that go on are counted in the parts, too, where they are not among the largest.
        let mut names = sorted(found, COUNTED_MAX);
        for (name, events) in &mut names {
            *events = match facet {
                Facet::Stream => {
                    let end = self.log.index.stream(name, None)?;
                    end.map_or(0, |end| end.revision.0)
                }
                _ => self.log.index.count(&Name::new(facet, name))?,
            };
        }
        Ok(sorted(names, NAMES_MAX))
    }
}

fn levels(view: &View) -> Vec<Level> {
    let mut levels: BTreeMap<u8, Level> = BTreeMap::new();
    for segment in &view.segments {
        let info = segment.info();
        let level = levels.entry(info.level).or_default();
        level.level = info.level;
        level.segments += 1;
        level.events += info.name.events();
        level.bytes += info.bytes;
        level.raw_bytes += info.raw_bytes;
    }
    levels.into_values().collect()
}

fn parts(view: &View) -> Result<Parts, Error> {
    let mut parts = Parts::default();
    for segment in &view.segments {
        let sizes = segment.sizes()?;
        parts.blocks += sizes.data;
        parts.dictionaries += sizes.dictionaries;
        parts.lists += sizes.lists;
        parts.places += sizes.places;
        parts.ids += sizes.ids;
        parts.filters += sizes.filter;
        parts.rest += sizes.rest;
    }
    Ok(parts)
}

fn sorted(names: impl IntoIterator<Item = (String, u64)>, count: usize) -> Vec<(String, u64)> {
    let mut names: Vec<(String, u64)> = names.into_iter().collect();
    names.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    names.truncate(count);
    names
}
