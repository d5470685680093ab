//! Reading a segment from its start to its end: ahead, at a pace, and without filling the cache.

use std::cell::{Cell, RefCell};

use bytes::Bytes;
use headwater_event::Error;

use super::paged::{Items, check_page};
use super::segment_file::SegmentFile;
use super::sink::Pacer;
use super::stored::{Blocks, Place, Raw, decode_block};
use crate::canonical::Malformed;

/// How much is read ahead.
const AHEAD_BYTES: usize = 128 << 10;

/// What stands between two reads that follow each other, at most.
const GAP_BYTES: u64 = 16 << 10;

/// The file of a segment, read ahead as soon as two reads follow each other.
pub(crate) struct Stream<'a> {
    pub(crate) file: &'a SegmentFile,
    pacer: &'a Pacer<'a>,
    /// What was read last, and where.
    window: RefCell<(u64, Bytes)>,
    /// Where the read before ended.
    end: Cell<u64>,
    /// Nothing is read ahead from here on.
    limit: u64,
}

impl<'a> Stream<'a> {
    pub(crate) fn new(file: &'a SegmentFile, pacer: &'a Pacer<'a>) -> Stream<'a> {
        Stream {
            file,
            pacer,
            window: RefCell::default(),
            end: Cell::new(u64::MAX),
            limit: file.len(),
        }
    }

    /// Exactly these bytes, as they are stored.
    pub(crate) fn read(&self, offset: u64, length: usize) -> Result<Bytes, Error> {
        let mut window = self.window.borrow_mut();
        let within = offset.checked_sub(window.0).map(|at| at as usize); // in memory, if it is within
        if let Some(at) = within
            && let Some(end) = at.checked_add(length)
            && end <= window.1.len()
        {
            self.end.set(offset + length as u64);
            return Ok(window.1.slice(at..end));
        }
        let follows = offset
            .checked_sub(self.end.get())
            .is_some_and(|gap| gap <= GAP_BYTES);
        self.end.set(offset.saturating_add(length as u64));
        if !follows || length >= AHEAD_BYTES {
            self.pacer.spend(length)?;
            return self.file.read(offset, length);
        }
        let left = self.limit.saturating_sub(offset).max(length as u64);
        let ahead = left.min(AHEAD_BYTES as u64) as usize; // at least the length
        self.pacer.spend(ahead)?;
        *window = (offset, self.file.read(offset, ahead)?);
        Ok(window.1.slice(..length))
    }
}

impl Blocks for Stream<'_> {
    fn block(&self, place: Place) -> Result<Raw<'_>, Error> {
        let raw = decode_block(&self.stored(place)?);
        raw.map(Raw::Kept)
            .map_err(|why| self.file.damaged(place.offset, why))
    }

    fn stored(&self, place: Place) -> Result<Bytes, Error> {
        self.read(place.offset, place.length as usize)
    }

    fn damaged(&self, offset: u64, why: Malformed) -> Error {
        self.file.damaged(offset, why)
    }
}

/// Items, one after another.
pub(crate) struct ItemStream<'a> {
    stream: Stream<'a>,
    items: Items,
    page: u64,
    /// The rest of the page before.
    left: Bytes,
}

impl<'a> ItemStream<'a> {
    pub(crate) fn new(items: Items, stream: Stream<'a>) -> ItemStream<'a> {
        ItemStream {
            stream,
            items,
            page: 0,
            left: Bytes::new(),
        }
    }

    pub(crate) fn items(&self) -> Items {
        self.items
    }

    /// The next item; none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let length = usize::from(self.items.item_bytes);
        if self.left.len() < length {
            if self.page == self.items.pages() {
                return Ok(None);
            }
            self.left = self.next_page()?;
        }
        Ok(Some(self.left.split_to(length)))
    }

    /// The items of the next page, which there is.
    fn next_page(&mut self) -> Result<Bytes, Error> {
        let offset = self.items.page_offset(self.page);
        let page = self.stream.read(offset, self.items.page_bytes(self.page))?;
        let used = self.items.items_of(self.page) * usize::from(self.items.item_bytes);
        let checked = check_page(&page, used);
        checked.map_err(|why| self.stream.file.damaged(offset, why))?;
        self.page += 1;
        Ok(page.slice(..used))
    }
}
