//! The footer: the last bytes of a segment, of fixed length, which say where everything else is.
//!
//! What the manifest says of a segment stands here too, so that a file explains itself. The
//! manifest has the footer's checksum: it vouches for the footer, the footer for the roots, and
//! those for all blocks and pages.

use headwater_event::{Error, EventId, Position};
use uuid::Uuid;

use super::Facet;
use super::filter::FILTER_BLOCK_BYTES;
use super::ids::IdsPlace;
use super::keys::KeyRoots;
use super::paged::Items;
use super::stored::Place;
use super::tree::TreeRoot;
use crate::canonical::{Malformed, Reader};
use crate::commits::Head;
use crate::errors;
use crate::manifest::{SegmentInfo, SegmentName};

const MAGIC: &[u8; 8] = b"HEADWATS";
/// The version of the format.
const VERSION: u32 = 1;

const TREES: usize = 4;
const NAMES: usize = Facet::ALL.len();

/// The length of a segment's footer.
pub const FOOTER_BYTES: usize = 8
    + 4
    + 2 * Head::BYTES
    + 3 * 8
    + 2 * 16
    + 4 * 8
    + TREES * TreeRoot::BYTES
    + KeyRoots::BYTES
    + 3 * Items::BYTES
    + 12
    + NAMES * 8
    + 4;

/// The checksum of these bytes, if they end in it as a footer does.
pub(crate) fn footer_crc(footer: &[u8]) -> Option<u32> {
    let is_one = footer.len() == FOOTER_BYTES && footer.starts_with(MAGIC);
    let (content, crc) = footer.split_last_chunk().filter(|_| is_one)?;
    let crc = u32::from_le_bytes(*crc);
    (crc32c::crc32c(content) == crc).then_some(crc)
}

/// What a segment says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Footer {
    /// The end of the log before it.
    pub(crate) before: Head,
    /// The end of the log after it.
    pub(crate) after: Head,
    pub(crate) appends: u64,
    /// Canonical bytes of its appends, with the lengths before them.
    pub(crate) raw_bytes: u64,
    /// How many streams have their first event in it.
    pub(crate) streams_new: u64,
    pub(crate) id_min: EventId,
    pub(crate) id_max: EventId,
    /// Where the parts end that are made of blocks.
    pub(crate) ends: Ends,
    /// Number of a dictionary -> where it is.
    pub(crate) dictionaries: TreeRoot,
    /// First position offset of a data block -> where it is.
    pub(crate) blocks: TreeRoot,
    /// When the first event of a data block was recorded, and its position offset.
    pub(crate) times: TreeRoot,
    /// Position offset of the end of an append -> the chain there.
    pub(crate) marks: TreeRoot,
    /// Name -> its list, and the chunks of long lists.
    pub(crate) keys: KeyRoots,
    pub(crate) ids: IdsPlace,
    pub(crate) filter: Items,
    pub(crate) tops: Place,
    /// How many different names there are of each facet, in the order of [`Facet::ALL`].
    pub(crate) names: [u64; NAMES],
}

/// Where each part ends that is made of blocks; it starts where the one before ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ends {
    pub(crate) data: u64,
    pub(crate) dictionaries: u64,
    /// The lists, and the trees that find them.
    pub(crate) lists: u64,
    /// The trees that find blocks, times and chains.
    pub(crate) places: u64,
}

impl Footer {
    /// Position of the segment's first event.
    pub(crate) fn first(&self) -> Position {
        Position(self.before.position.0.saturating_add(1))
    }

    /// How many events the segment has.
    pub(crate) fn events(&self) -> u64 {
        self.after.position.0 - self.before.position.0
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(FOOTER_BYTES);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        self.before.put(&mut out);
        self.after.put(&mut out);
        for number in [self.appends, self.raw_bytes, self.streams_new] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(self.id_min.0.as_bytes());
        out.extend_from_slice(self.id_max.0.as_bytes());
        let ends = &self.ends;
        for end in [ends.data, ends.dictionaries, ends.lists, ends.places] {
            out.extend_from_slice(&end.to_le_bytes());
        }
        for tree in [self.dictionaries, self.blocks, self.times, self.marks] {
            tree.put(&mut out);
        }
        self.keys.put(&mut out);
        for items in [self.ids.entries, self.ids.directory, self.filter] {
            items.put(&mut out);
        }
        out.extend_from_slice(&self.tops.offset.to_le_bytes());
        out.extend_from_slice(&self.tops.length.to_le_bytes());
        for names in self.names {
            out.extend_from_slice(&names.to_le_bytes());
        }
        let crc = crc32c::crc32c(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        assert_eq!(out.len(), FOOTER_BYTES);
        out
    }

    /// The footer that these bytes are, if they are the one that `info` vouches for.
    pub(crate) fn read(bytes: &[u8], info: &SegmentInfo) -> Result<Footer, Error> {
        let damaged = |found: &str| {
            Error::damaged(format!(
                "the footer of the segment {} is damaged",
                info.name
            ))
            .at(info.name.first)
            .found(found)
            .expected("the footer that the manifest knows")
            .action("restore the segment from a copy; the rest of the log can be read")
        };
        let Some((content, crc)) = bytes.split_last_chunk() else {
            return Err(damaged("no footer"));
        };
        let crc = u32::from_le_bytes(*crc);
        if crc32c::crc32c(content) != crc {
            return Err(damaged("a wrong checksum"));
        }
        if crc != info.footer_crc {
            return Err(damaged("that of another segment"));
        }
        let footers_end = info.bytes.checked_sub(FOOTER_BYTES as u64);
        let decoded = footers_end.map(|end| Footer::decode(content, end));
        match decoded {
            Some(Ok(footer)) if footer.info(info.level, info.bytes, crc) == *info => Ok(footer),
            Some(Ok(_)) => Err(damaged("what the manifest does not say")),
            Some(Err(Wrong::Version(version))) => {
                let what = format!("the segment {}", info.name);
                Err(errors::newer_format(what, version, VERSION))
            }
            Some(Err(Wrong::Part(Malformed(part)))) => Err(damaged(part)),
            None => Err(damaged("a file that is too short")),
        }
    }

    /// The footer that these bytes before the checksum are, of a segment that nobody vouches for.
    pub(crate) fn unvouched(content: &[u8], end: u64) -> Option<Footer> {
        Footer::decode(content, end).ok()
    }

    /// Reads what [`encode`](Footer::encode) wrote before the checksum, of a segment whose footer
    /// starts at `end`.
    fn decode(content: &[u8], end: u64) -> Result<Footer, Wrong> {
        let mut reader = Reader::new(content);
        if reader.take(MAGIC.len(), "the magic")? != MAGIC {
            return Err(Wrong::Part(Malformed("bytes that start as no footer does")));
        }
        let version = reader.u32("the version")?;
        if version != VERSION {
            return Err(Wrong::Version(version));
        }
        let footer = Footer::fields(&mut reader, end)?;
        match reader.left() == 0 && footer.fits(end) {
            true => Ok(footer),
            false => Err(Wrong::Part(Malformed("parts that do not fit"))),
        }
    }

    fn fields(reader: &mut Reader<'_>, end: u64) -> Result<Footer, Malformed> {
        let (before, after) = (Head::read(reader)?, Head::read(reader)?);
        let appends = reader.u64("the number of appends")?;
        let raw_bytes = reader.u64("the number of bytes")?;
        let streams_new = reader.u64("the number of streams")?;
        let (id_min, id_max) = (id(reader)?, id(reader)?);
        let ends = Ends {
            data: reader.u64("the end of the data")?,
            dictionaries: reader.u64("the end of the dictionaries")?,
            lists: reader.u64("the end of the lists")?,
            places: reader.u64("the end of the places")?,
        };
        let mut tree = |end| TreeRoot::read(reader, end);
        let places = [tree(end)?, tree(end)?, tree(end)?, tree(end)?];
        let [dictionaries, blocks, times, marks] = places;
        let keys = KeyRoots::read(reader, end)?;
        let entries = Items::read(reader, end)?;
        let directory = Items::read(reader, end)?;
        let filter = Items::read(reader, end)?;
        let offset = reader.u64("the offset of the tops")?;
        let length = reader.u32("the length of the tops")?;
        let tops = Place::checked(offset, u64::from(length), end)?;
        let mut names = [0; NAMES];
        for count in &mut names {
            *count = reader.u64("the number of names")?;
        }
        Ok(Footer {
            before,
            after,
            appends,
            raw_bytes,
            streams_new,
            id_min,
            id_max,
            ends,
            dictionaries,
            blocks,
            times,
            marks,
            keys,
            ids: IdsPlace { entries, directory },
            filter,
            tops,
            names,
        })
    }

    /// Whether the parts stand one after another up to the footer.
    fn fits(&self, end: u64) -> bool {
        let ends = &self.ends;
        let order = [
            0,
            ends.data,
            ends.dictionaries,
            ends.lists,
            ends.places,
            self.ids.entries.offset,
        ];
        let pages = [self.ids.entries, self.ids.directory, self.filter];
        let tops_end = self.tops.offset.checked_add(u64::from(self.tops.length));
        order.is_sorted()
            && pages.windows(2).all(|pair| pair[0].end() <= pair[1].offset)
            && self.filter.end() == self.tops.offset
            && tops_end == Some(end)
            && self.before.position < self.after.position
            && usize::from(self.filter.item_bytes) == FILTER_BLOCK_BYTES
            && self.filter.count > 0
            && self.filter.count <= u64::from(u32::MAX)
    }

    /// What the manifest says of the segment.
    pub(crate) fn info(&self, level: u8, bytes: u64, footer_crc: u32) -> SegmentInfo {
        SegmentInfo {
            name: SegmentName {
                first: self.first(),
                last: self.after.position,
            },
            level,
            bytes,
            raw_bytes: self.raw_bytes,
            appends: self.appends,
            streams_new: self.streams_new,
            before: self.before,
            after: self.after,
            id_min: self.id_min,
            id_max: self.id_max,
            footer_crc,
        }
    }
}

/// Why bytes are no footer.
enum Wrong {
    Version(u32),
    Part(Malformed),
}

impl From<Malformed> for Wrong {
    fn from(why: Malformed) -> Wrong {
        Wrong::Part(why)
    }
}

fn id(reader: &mut Reader<'_>) -> Result<EventId, Malformed> {
    Ok(EventId(Uuid::from_bytes(reader.array("an id")?)))
}
