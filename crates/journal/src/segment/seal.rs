//! Sealing: a segment from commits.

use std::sync::Arc;

use headwater_event::{ChainHash, Error, EventId, Position};
use uuid::Uuid;

use super::data::{Data, DataWriter};
use super::defect;
use super::facet::{Facet, put_key};
use super::filter::{FILTER_BLOCK_BYTES, FilterPart, key_hash};
use super::footer::{Ends, Footer};
use super::ids::{IdsPlace, IdsWriter, id_hash};
use super::keys::{KeyRoots, KeysWriter};
use super::output::Output;
use super::paged::{ItemWriter, Items};
use super::places::{BLOCKS_PER_MARK, PlacesWriter};
use super::reader::Segment;
use super::sink::{Pacer, SinkOutput};
use super::stored::{Packer, Packing, Place};
use super::tops::Tops;
use super::tree::{TreeOptions, TreeRoot};
use crate::commits::Head;
use crate::manifest::SegmentInfo;
use crate::run::{AppendSlot, Run};
use crate::storage::SegmentSink;

/// A name, the revision that a stream of that name had before the segment, and the positions of the
/// events that have the name, ascending.
pub(crate) type Key<'a> = (Facet, &'a str, u64, &'a [u64]);

/// What a segment is made of.
pub(crate) struct Source<'a> {
    /// The end of the log before it.
    pub(crate) before: Head,
    /// The end of the log after it.
    pub(crate) after: Head,
    /// The commits, one after another.
    pub(crate) runs: &'a mut dyn FnMut() -> Result<Option<Arc<Run>>, Error>,
    /// The names of their events, by facet and then by their bytes.
    pub(crate) keys: &'a mut dyn Iterator<Item = Key<'a>>,
    /// The ids of their events, in any order.
    pub(crate) ids: &'a mut dyn Iterator<Item = (EventId, Position)>,
    /// The segment before it, whose dictionary may serve again.
    pub(crate) previous: Option<&'a Segment>,
}

/// Writes a segment. It is there, durably, on return. The chain is computed from the appends: if it
/// does not lead from the end before to the end after, that is an error of kind `Damaged`.
pub(crate) fn seal(sink: Box<dyn SegmentSink>, source: Source<'_>) -> Result<SegmentInfo, Error> {
    let mut no_pace = |_| Ok(());
    let pacer = Pacer::new(&mut no_pace);
    let mut out = SinkOutput::new(sink, &pacer);
    let footer = write(&mut out, source)?;
    finish(out, footer, 0)
}

/// Writes the footer and makes the file durable.
pub(super) fn finish(
    mut out: SinkOutput<'_>,
    footer: Footer,
    level: u8,
) -> Result<SegmentInfo, Error> {
    let bytes = footer.encode();
    out.write(&bytes)?;
    let crc = bytes.last_chunk().map_or(0, |crc| u32::from_le_bytes(*crc));
    let length = out.finish()?;
    Ok(footer.info(level, length, crc))
}

fn write(out: &mut SinkOutput<'_>, mut source: Source<'_>) -> Result<Footer, Error> {
    let mut footer = blank(source.before, source.after);
    let walked = write_data(out, &mut source, &mut footer)?;
    let mut places = PlacesWriter::new(footer.first())?;
    let numbers = u32::from(walked.data.dictionary.is_some());
    if let Some(dictionary) = &walked.data.dictionary {
        let place = write_dictionary(out, dictionary.bytes())?;
        places.dictionary(out, numbers, place, dictionary.packs_to())?;
    }
    footer.ends.dictionaries = out.position();
    let mut tops = Tops::default();
    let hashes = write_lists(out, &mut source, &mut footer, &mut tops)?;
    for block in &walked.data.places {
        places.block(out, block)?;
    }
    for (end, chain) in &walked.marks {
        places.mark(out, *end, *chain)?;
    }
    places.finish(out, &mut footer)?;
    write_ids(out, source.ids, &mut footer)?;
    write_filter(out, &hashes, &mut footer)?;
    footer.tops = write_tops(out, &tops)?;
    Ok(footer)
}

/// What was found while the data was written.
struct Walked {
    data: Data,
    /// Ends of some appends, and the chain there.
    marks: Vec<(Position, ChainHash)>,
}

fn write_data(
    out: &mut SinkOutput<'_>,
    source: &mut Source<'_>,
    footer: &mut Footer,
) -> Result<Walked, Error> {
    let dictionary = match source.previous {
        Some(previous) => previous.last_dictionary()?,
        None => None,
    };
    let mut data = DataWriter::new(dictionary);
    let mut marks = Vec::new();
    let mut marked = 0;
    let mut end = source.before;
    while let Some(run) = (source.runs)()? {
        for append in run.appends() {
            end = follow(end, &run, append)?;
            footer.appends += 1;
            footer.raw_bytes += (size_of::<u32>() + run.append_bytes(append).len()) as u64;
            data.append(out, &run, append)?;
            if data.blocks() >= marked + BLOCKS_PER_MARK {
                marked = data.blocks();
                marks.push((end.position, end.chain));
            }
        }
    }
    if end != source.after {
        return Err(other_end(end, source.after));
    }
    let data = data.finish(out)?;
    footer.ends.data = out.position();
    Ok(Walked { data, marks })
}

/// The end of the log after an append that should follow this end, and be whole in the run.
fn follow(end: Head, run: &Run, append: &AppendSlot) -> Result<Head, Error> {
    let follows = append.first == end.position.next()
        && run.first() <= append.first
        && append.last <= run.last();
    if !follows {
        return Err(
            Error::damaged("the commits to be sealed do not follow each other")
                .at(end.position.next())
                .found(format!("{}, with position {}", run.origin(), append.first))
                .expected(format!("position {}", end.position.next())),
        );
    }
    if append.recorded_at < end.recorded_at {
        return Err(Error::damaged("the recorded time goes back")
            .at(append.first)
            .found(append.recorded_at)
            .expected(format!("at least {}", end.recorded_at)));
    }
    Ok(Head {
        position: append.last,
        recorded_at: append.recorded_at,
        chain: end.chain.then(run.append_bytes(append)),
    })
}

fn other_end(found: Head, expected: Head) -> Error {
    let said = |head: Head| format!("{}:{} at {}", head.position, head.chain, head.recorded_at);
    Error::damaged("the commits to be sealed do not end where the log does")
        .at(found.position)
        .found(said(found))
        .expected(said(expected))
        .action("nothing was sealed; verify the log")
}

/// A footer that says of nothing yet where it is.
pub(super) fn blank(before: Head, after: Head) -> Footer {
    let none = Items {
        offset: 0,
        count: 0,
        item_bytes: 1,
    };
    Footer {
        before,
        after,
        appends: 0,
        raw_bytes: 0,
        streams_new: 0,
        id_min: EventId(Uuid::max()),
        id_max: EventId(Uuid::nil()),
        ends: Ends::default(),
        dictionaries: TreeRoot::EMPTY,
        blocks: TreeRoot::EMPTY,
        times: TreeRoot::EMPTY,
        marks: TreeRoot::EMPTY,
        keys: KeyRoots {
            names: TreeRoot::EMPTY,
            chunks: TreeRoot::EMPTY,
        },
        ids: IdsPlace {
            entries: none,
            directory: none,
        },
        filter: none,
        tops: Place {
            offset: 0,
            length: 0,
        },
        names: [0; Facet::ALL.len()],
    }
}

fn write_dictionary(out: &mut dyn Output, bytes: &[u8]) -> Result<Place, Error> {
    Packer::new(Packing::Zstd(1))?.write(out, bytes)
}

pub(super) fn write_tops(out: &mut dyn Output, tops: &Tops) -> Result<Place, Error> {
    Packer::new(Packing::Zstd(1))?.write(out, &tops.encode())
}

/// How far a position is behind the first of the segment that it is in.
fn offset_in(footer: &Footer, position: u64) -> Result<u64, Error> {
    let offset = position.checked_sub(footer.first().0);
    let offset = offset.filter(|offset| *offset < footer.events());
    offset.ok_or_else(|| defect("a position that is not in the segment"))
}

/// Writes the lists; gives the hashes of their names.
fn write_lists(
    out: &mut dyn Output,
    source: &mut Source<'_>,
    footer: &mut Footer,
    tops: &mut Tops,
) -> Result<Vec<u64>, Error> {
    let mut lists = KeysWriter::new(TreeOptions::default())?;
    let mut hashes = Vec::new();
    let mut key = Vec::new();
    for (facet, name, revision_before, positions) in &mut *source.keys {
        for position in positions {
            lists.push(out, offset_in(footer, *position)?)?;
        }
        put_key(&mut key, facet, name);
        lists.end_name(out, &key, revision_before)?;
        hashes.push(key_hash(facet, name));
        tops.add(facet, name, positions.len() as u64);
        footer.names[facet.place()] += 1;
        footer.streams_new += u64::from(facet == Facet::Stream && revision_before == 0);
    }
    footer.keys = lists.finish(out)?;
    footer.ends.lists = out.position();
    Ok(hashes)
}

fn write_ids(
    out: &mut dyn Output,
    ids: &mut dyn Iterator<Item = (EventId, Position)>,
    footer: &mut Footer,
) -> Result<(), Error> {
    let mut sorted = Vec::new();
    for (id, position) in ids {
        footer.id_min = footer.id_min.min(id);
        footer.id_max = footer.id_max.max(id);
        let offset = u32::try_from(offset_in(footer, position.0)?);
        let offset = offset.map_err(|_| defect("a segment of so many events"))?;
        sorted.push((id_hash(id), offset));
    }
    sorted.sort_unstable();
    if sorted.len() as u64 != footer.events() {
        return Err(defect("the index has not the events that are to be sealed")
            .found(format!("{} ids", sorted.len()))
            .expected(format!("{} ids", footer.events())));
    }
    let mut writer = IdsWriter::new(out, footer.events())?;
    for (hash, offset) in sorted {
        writer.push(out, hash, u64::from(offset))?;
    }
    footer.ids = writer.finish(out)?;
    Ok(())
}

fn write_filter(out: &mut dyn Output, hashes: &[u64], footer: &mut Footer) -> Result<(), Error> {
    let mut writer = ItemWriter::new(out, FILTER_BLOCK_BYTES)?;
    for mut part in FilterPart::all(hashes.len() as u64) {
        hashes.iter().for_each(|hash| part.insert(*hash));
        part.write(&mut writer, out)?;
    }
    footer.filter = writer.finish(out)?;
    Ok(())
}
