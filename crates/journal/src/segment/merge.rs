//! Merging: one segment of several that follow each other.
//!
//! Data blocks are copied as they are, without unpacking them: only what finds them is made anew,
//! by merging what is sorted already. What is held in memory does not grow with the segments but
//! for a number per some ten events, and a part of the filter, of 64 MiB at most.

use std::sync::Arc;

use bytes::Bytes;
use headwater_event::Error;

use super::data::BlockPlace;
use super::defect;
use super::facet::{Facet, parse_key};
use super::filter::{FILTER_BLOCK_BYTES, FilterPart, hash_of_key};
use super::footer::Footer;
use super::ids::{IdStream, IdsWriter};
use super::keys::{Keys, KeysWriter};
use super::merge_keys::{Input as Names, Watch, merge_keys};
use super::output::Output;
use super::paged::ItemWriter;
use super::places::{PlacesWriter, position_of_key, read_mark, time_of_key};
use super::postings::KeyValue;
use super::reader::Segment;
use super::seal::{blank, finish, write_tops};
use super::sink::{Pace, Pacer, SinkOutput};
use super::stored::{Blocks, Place, check_block, put_stored};
use super::stream::Stream;
use super::tops::Tops;
use super::tree::{Tree, TreeOptions};
use crate::canonical::Malformed;
use crate::manifest::SegmentInfo;
use crate::storage::SegmentSink;

/// Writes one segment of `inputs`, which follow each other; it is there, durably, on return. `pace`
/// is told how much was read or written since it was told last, often; its error ends the merge.
pub(crate) fn merge(
    sink: Box<dyn SegmentSink>,
    inputs: &[Arc<Segment>],
    pace: Pace<'_>,
) -> Result<SegmentInfo, Error> {
    let pacer = Pacer::new(pace);
    let inputs = Input::all(inputs, &pacer)?;
    let mut out = SinkOutput::new(sink, &pacer);
    let footer = Merge { inputs: &inputs }.write(&mut out)?;
    let level = inputs.iter().map(|input| input.segment.info().level).max();
    finish(out, footer, level.unwrap_or_default().saturating_add(1))
}

/// A segment to be merged.
struct Input<'a> {
    segment: &'a Segment,
    footer: &'a Footer,
    pacer: &'a Pacer<'a>,
}

impl<'a> Input<'a> {
    fn all(segments: &'a [Arc<Segment>], pacer: &'a Pacer<'a>) -> Result<Vec<Input<'a>>, Error> {
        let mut inputs: Vec<Input<'a>> = Vec::with_capacity(segments.len());
        for segment in segments {
            let footer = &segment.inside()?.footer;
            if inputs
                .last()
                .is_some_and(|last| last.footer.after != footer.before)
            {
                return Err(defect("segments to be merged do not follow each other"));
            }
            inputs.push(Input {
                segment,
                footer,
                pacer,
            });
        }
        match inputs.is_empty() {
            true => Err(defect("no segments are to be merged")),
            false => Ok(inputs),
        }
    }

    /// A way to read it from its start to its end.
    fn stream(&self) -> Stream<'a> {
        Stream::new(&self.segment.file, self.pacer)
    }
}

struct Merge<'a> {
    inputs: &'a [Input<'a>],
}

impl Merge<'_> {
    fn write(&self, out: &mut dyn Output) -> Result<Footer, Error> {
        let mut footer = self.blank();
        let mut data_starts = Vec::with_capacity(self.inputs.len());
        for input in self.inputs {
            data_starts.push(out.position());
            copy_data(input, out)?;
        }
        footer.ends.data = out.position();
        let mut places = PlacesWriter::new(footer.first())?;
        let numbers = self.dictionaries(out, &mut places)?;
        footer.ends.dictionaries = out.position();
        let keys = self
            .inputs
            .iter()
            .map(|input| input.footer.keys.names.entries)
            .sum();
        let mut parts = FilterPart::all(keys);
        let mut part = parts.next();
        let tops = self.lists(out, &mut footer, part.as_mut())?;
        for ((input, start), numbers) in self.inputs.iter().zip(data_starts).zip(&numbers) {
            add_places(input, start, numbers, &mut places, out)?;
        }
        places.finish(out, &mut footer)?;
        self.ids(out, &mut footer)?;
        let mut writer = ItemWriter::new(out, FILTER_BLOCK_BYTES)?;
        while let Some(mut made) = part {
            made.write(&mut writer, out)?;
            part = parts.next();
            part.as_mut().map_or(Ok(()), |part| self.fill(part))?;
        }
        footer.filter = writer.finish(out)?;
        footer.tops = write_tops(out, &tops)?;
        Ok(footer)
    }

    /// The footer, as far as the inputs' say it.
    fn blank(&self) -> Footer {
        let footers = || self.inputs.iter().map(|input| input.footer);
        let (first, last) = (
            self.inputs[0].footer,
            self.inputs[self.inputs.len() - 1].footer,
        );
        let mut footer = blank(first.before, last.after);
        for one in footers() {
            footer.appends += one.appends;
            footer.raw_bytes += one.raw_bytes;
            footer.streams_new += one.streams_new;
            footer.id_min = footer.id_min.min(one.id_min);
            footer.id_max = footer.id_max.max(one.id_max);
        }
        footer
    }

    /// Copies the dictionaries, equal ones once; says for each input which number each of its own
    /// has now.
    fn dictionaries(
        &self,
        out: &mut dyn Output,
        places: &mut PlacesWriter,
    ) -> Result<Vec<Vec<u32>>, Error> {
        let mut copied: Vec<Copied> = Vec::new();
        let mut all = Vec::with_capacity(self.inputs.len());
        for input in self.inputs {
            let mut numbers = vec![0];
            for number in 1..=input.footer.dictionaries.entries {
                let (place, packs_to) = input.segment.dictionary_at(number as u32, input.footer)?;
                let stored = input.copied(place)?;
                let hash = blake3::hash(&stored);
                let at = match copied.iter().position(|one| one.hash == hash) {
                    Some(at) => at,
                    None => {
                        copied.push(Copied {
                            hash,
                            place: put_stored(out, &stored)?,
                            packs_to,
                        });
                        copied.len() - 1
                    }
                };
                copied[at].packs_to = packs_to;
                numbers.push(at as u32 + 1); // far fewer
            }
            all.push(numbers);
        }
        for (number, one) in (1..).zip(&copied) {
            places.dictionary(out, number, one.place, one.packs_to)?;
        }
        Ok(all)
    }

    /// Merges the names and their lists, and puts all names into a part of the filter.
    fn lists(
        &self,
        out: &mut dyn Output,
        footer: &mut Footer,
        part: Option<&mut FilterPart>,
    ) -> Result<Tops, Error> {
        let streams: Vec<Stream<'_>> = self.inputs.iter().map(Input::stream).collect();
        let keys = self
            .inputs
            .iter()
            .zip(&streams)
            .map(|(input, stream)| Names {
                keys: Keys::new(input.footer.keys, stream),
                shift: input.footer.before.position.0 - footer.before.position.0,
                positions: input.footer.events(),
            });
        let keys: Vec<Names<'_, Stream<'_>>> = keys.collect();
        let mut seen = Seen {
            pacer: self.inputs[0].pacer,
            part,
            tops: Tops::default(),
            names: [0; _],
            wrong: None,
        };
        let mut writer = KeysWriter::new(TreeOptions::default())?;
        merge_keys(&keys, out, &mut writer, &mut seen)?;
        if let Some(why) = seen.wrong {
            let offset = self.inputs[0].footer.ends.dictionaries;
            return Err(self.inputs[0].segment.file.damaged(offset, why));
        }
        footer.names = seen.names;
        footer.keys = writer.finish(out)?;
        footer.ends.lists = out.position();
        Ok(seen.tops)
    }

    /// Puts all names into a part of the filter.
    fn fill(&self, part: &mut FilterPart) -> Result<(), Error> {
        for input in self.inputs {
            let stream = input.stream();
            let mut keys = Tree::new(input.footer.keys.names, &stream).iter()?;
            while keys.advance()? {
                part.insert(hash_of_key(keys.key()));
            }
        }
        Ok(())
    }

    /// Merges the ids: each input has them in order already.
    fn ids(&self, out: &mut dyn Output, footer: &mut Footer) -> Result<(), Error> {
        let mut streams = Vec::with_capacity(self.inputs.len());
        for input in self.inputs {
            let before = input.footer.before.position.0 - footer.before.position.0;
            let mut ids = IdStream::new(input.footer, || input.stream());
            let next = ids.next()?;
            streams.push((next, before, ids));
        }
        let mut writer = IdsWriter::new(out, footer.events())?;
        loop {
            // Of equal hashes that of the first input: its positions are lower.
            let first = streams.iter_mut().filter(|(next, ..)| next.is_some());
            let first = first.min_by_key(|(next, ..)| next.map(|(hash, _)| hash));
            let Some((next, before, ids)) = first else {
                break;
            };
            if let Some((hash, offset)) = *next {
                writer.push(out, hash, *before + offset)?;
            }
            *next = ids.next()?;
        }
        footer.ids = writer.finish(out)?;
        Ok(())
    }
}

/// What is noted of the names that were merged.
struct Seen<'a, 'b> {
    pacer: &'a Pacer<'a>,
    part: Option<&'b mut FilterPart>,
    tops: Tops,
    names: [u64; Facet::ALL.len()],
    wrong: Option<Malformed>,
}

impl Seen<'_, '_> {
    fn add_top(&mut self, facet: Facet, key: &[u8], events: u64) {
        if !self.tops.wants(facet, events) {
            return;
        }
        match parse_key(key) {
            Ok((_, name)) => self.tops.add(facet, name, events),
            Err(why) => self.wrong = Some(why),
        }
    }
}

impl Watch for Seen<'_, '_> {
    fn name(&mut self, key: &[u8], value: &KeyValue<'_>) {
        match key.first().and_then(|facet| Facet::of(*facet)) {
            Some(facet) => {
                self.names[facet.place()] += 1;
                self.add_top(facet, key, value.list.count());
            }
            None => self.wrong = Some(Malformed("a name")),
        }
        if let Some(part) = &mut self.part {
            part.insert(hash_of_key(key));
        }
    }

    fn pause(&mut self) -> Result<(), Error> {
        // What is read and written asks for the pace.
        self.pacer.spend(0)
    }
}

/// A dictionary that was copied.
struct Copied {
    hash: blake3::Hash,
    place: Place,
    packs_to: u32,
}

impl Input<'_> {
    /// A block as it is stored, its checksum checked.
    fn copied(&self, place: Place) -> Result<Bytes, Error> {
        self.pacer.spend(place.length as usize)?;
        let stored = self.segment.file.read_place(place)?;
        let checked = check_block(&stored);
        checked.map_err(|why| self.segment.file.damaged(place.offset, why))?;
        Ok(stored)
    }
}

/// Copies the data blocks of an input.
fn copy_data(input: &Input<'_>, out: &mut dyn Output) -> Result<(), Error> {
    let (trees, data) = (input.stream(), input.stream());
    let mut blocks = Tree::new(input.footer.blocks, &trees).iter()?;
    let mut end = 0;
    while blocks.advance()? {
        let block = input
            .segment
            .block_of(blocks.key(), blocks.value(), input.footer)?;
        let stored = data.stored(block.place)?;
        let checked = match block.place.offset == end {
            true => check_block(&stored),
            false => Err(Malformed("the place of a block")),
        };
        checked.map_err(|why| input.segment.file.damaged(end, why))?;
        out.write(&stored)?;
        end += u64::from(block.place.length);
    }
    match end == input.footer.ends.data {
        true => Ok(()),
        false => Err(input
            .segment
            .file
            .damaged(end, Malformed("the end of the data"))),
    }
}

/// Puts the blocks, times and marks of an input into the trees of the output, where its data starts
/// at `start`.
fn add_places(
    input: &Input<'_>,
    start: u64,
    numbers: &[u32],
    places: &mut PlacesWriter,
    out: &mut dyn Output,
) -> Result<(), Error> {
    let segment = input.segment;
    let wrong = |why| segment.file.damaged(input.footer.ends.lists, why);
    let (trees, other_trees) = (input.stream(), input.stream());
    let mut blocks = Tree::new(input.footer.blocks, &trees).iter()?;
    let mut times = Tree::new(input.footer.times, &other_trees).iter()?;
    while blocks.advance()? {
        let block = segment.block_of(blocks.key(), blocks.value(), input.footer)?;
        if !times.advance()? {
            return Err(wrong(Malformed("the number of times")));
        }
        let recorded_at = time_of_key(times.key()).map_err(wrong)?;
        let number = numbers.get(block.dictionary as usize);
        places.block(
            out,
            &BlockPlace {
                first: block.first,
                recorded_at,
                place: Place {
                    offset: start + block.place.offset,
                    length: block.place.length,
                },
                dictionary: *number
                    .ok_or_else(|| wrong(Malformed("the number of a dictionary")))?,
            },
        )?;
    }
    let mut marks = Tree::new(input.footer.marks, &trees).iter()?;
    while marks.advance()? {
        let end = position_of_key(segment.first(), marks.key()).map_err(wrong)?;
        let chain = read_mark(marks.value()).map_err(wrong)?;
        places.mark(out, end, chain)?;
    }
    Ok(())
}
