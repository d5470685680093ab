//! Items of equal length in pages, each under a checksum: what is looked up by number, and mapped
//! into memory rather than kept in the cache.
//!
//! ```text
//! page     item ... | zeros up to 4,092 bytes, but in the last page | crc32c of all before u32
//! ```
//!
//! A page is read and checked through a call before it is first looked at through the map, so that
//! a disk that cannot read it says so by an error.

use std::sync::OnceLock;

use headwater_event::Error;

use super::checked::Checked;
use super::output::Output;
use super::segment_file::{SegmentFile, Takes};
use super::stored::check_block;
use crate::cache::Value;
use crate::canonical::{Malformed, Reader};
use crate::storage::Map;

pub(crate) const PAGE_BYTES: usize = 4096;

/// Bytes of a page that hold items.
const CONTENT_BYTES: usize = PAGE_BYTES - size_of::<u32>();

/// The most bytes of an item.
pub(crate) const ITEM_BYTES_MAX: usize = 32;

/// Where pages start: on multiples of this, so that an item of a power of two stays in one line of
/// a processor's cache.
pub(crate) const PAGES_START_AT: u64 = 64;

/// Where items stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Items {
    pub(crate) offset: u64,
    pub(crate) count: u64,
    pub(crate) item_bytes: u8,
}

impl Items {
    /// Bytes of an encoded one.
    pub(crate) const BYTES: usize = 17;

    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.offset.to_le_bytes());
        out.extend_from_slice(&self.count.to_le_bytes());
        out.push(self.item_bytes);
    }

    /// Reads what [`put`](Items::put) wrote of items that end at `end` at the latest.
    pub(crate) fn read(reader: &mut Reader<'_>, end: u64) -> Result<Items, Malformed> {
        let items = Items {
            offset: reader.u64("the offset of pages")?,
            count: reader.u64("the number of items")?,
            item_bytes: reader.take(1, "the length of an item")?[0],
        };
        let is_short = (1..=ITEM_BYTES_MAX).contains(&usize::from(items.item_bytes));
        // So many items that their pages could not be counted do not fit before the end either.
        let fits = is_short
            && items.count <= end
            && (items.offset.checked_add(items.bytes())).is_some_and(|last| last <= end);
        match fits {
            true => Ok(items),
            false => Err(Malformed("the place of pages")),
        }
    }

    pub(crate) fn per_page(&self) -> u64 {
        (CONTENT_BYTES / usize::from(self.item_bytes)) as u64
    }

    pub(crate) fn pages(&self) -> u64 {
        self.count.div_ceil(self.per_page())
    }

    /// How long all pages are.
    pub(crate) fn bytes(&self) -> u64 {
        let pages = self.pages();
        match pages.checked_sub(1) {
            Some(last) => last * PAGE_BYTES as u64 + self.page_bytes(last) as u64,
            None => 0,
        }
    }

    pub(crate) fn end(&self) -> u64 {
        self.offset + self.bytes()
    }

    /// How long a page is, with its checksum.
    pub(crate) fn page_bytes(&self, page: u64) -> usize {
        if page + 1 < self.pages() {
            return PAGE_BYTES;
        }
        self.items_of(page) * usize::from(self.item_bytes) + size_of::<u32>()
    }

    pub(crate) fn page_offset(&self, page: u64) -> u64 {
        self.offset + page * PAGE_BYTES as u64
    }

    /// How many items a page has.
    pub(crate) fn items_of(&self, page: u64) -> usize {
        let left = self.count.saturating_sub(page * self.per_page());
        left.min(self.per_page()) as usize
    }
}

/// The bytes of a page that hold items, if its checksum holds and it ends with zeros.
pub(crate) fn check_page(page: &[u8], used: usize) -> Result<&[u8], Malformed> {
    let content = check_block(page).map_err(|_| Malformed("the checksum of a page"))?;
    let (items, rest) = content
        .split_at_checked(used)
        .ok_or(Malformed("the length of a page"))?;
    match rest.iter().all(|byte| *byte == 0) {
        true => Ok(items),
        false => Err(Malformed("the end of a page")),
    }
}

/// Writes items.
pub(crate) struct ItemWriter {
    items: Items,
    page: Vec<u8>,
}

impl ItemWriter {
    /// Begins pages here, behind zeros up to where pages may start.
    pub(crate) fn new(out: &mut dyn Output, item_bytes: usize) -> Result<ItemWriter, Error> {
        let start = out.position().next_multiple_of(PAGES_START_AT);
        let zeros = (start - out.position()) as usize; // less than PAGES_START_AT
        out.write(&[0; PAGES_START_AT as usize][..zeros])?;
        Ok(ItemWriter {
            items: Items {
                offset: start,
                count: 0,
                item_bytes: item_bytes as u8, // at most ITEM_BYTES_MAX
            },
            page: Vec::with_capacity(PAGE_BYTES),
        })
    }

    /// Adds the next item, which has as many bytes as was said.
    pub(crate) fn push(&mut self, out: &mut dyn Output, item: &[u8]) -> Result<(), Error> {
        assert_eq!(item.len(), usize::from(self.items.item_bytes));
        if self.page.len() + item.len() > CONTENT_BYTES {
            self.page.resize(CONTENT_BYTES, 0);
            self.write_page(out)?;
        }
        self.page.extend_from_slice(item);
        self.items.count += 1;
        Ok(())
    }

    fn write_page(&mut self, out: &mut dyn Output) -> Result<(), Error> {
        let crc = crc32c::crc32c(&self.page);
        self.page.extend_from_slice(&crc.to_le_bytes());
        out.write(&self.page)?;
        self.page.clear();
        Ok(())
    }

    /// Writes the last page.
    pub(crate) fn finish(mut self, out: &mut dyn Output) -> Result<Items, Error> {
        if self.items.count > 0 {
            self.write_page(out)?;
        }
        assert_eq!(out.position(), self.items.end());
        Ok(self.items)
    }
}

/// Looks items up.
pub(crate) struct Paged {
    items: Items,
    per_page: u32,
    map: OnceLock<Option<Map>>,
    /// The pages that were checked.
    checked: Checked,
}

impl Paged {
    pub(crate) fn new(items: Items) -> Paged {
        Paged {
            items,
            per_page: items.per_page() as u32, // at most CONTENT_BYTES
            map: OnceLock::new(),
            checked: Checked::new(items.pages()),
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.items.count
    }

    pub(crate) fn items(&self) -> Items {
        self.items
    }

    /// How many bytes are mapped.
    pub(crate) fn mapped_bytes(&self) -> u64 {
        let is_mapped = matches!(self.map.get(), Some(Some(_)));
        if is_mapped { self.items.bytes() } else { 0 }
    }

    /// The item of this number, if it is mapped and was looked at before, or one near it.
    pub(crate) fn ready(&self, number: u64) -> Option<&[u8]> {
        let (page, within) = self.place_of(number);
        let map = self.map.get()?.as_ref()?;
        if !self.checked.has(page) {
            return None;
        }
        let start = page as usize * PAGE_BYTES + within;
        (**map)
            .as_ref()
            .get(start..start + usize::from(self.items.item_bytes))
    }

    /// As [`with`](Self::with), if that waits for nothing: the page is mapped or kept, and was looked
    /// at before, or the storage has it in memory.
    pub(crate) fn with_in_memory<T>(
        &self,
        file: &SegmentFile,
        number: u64,
        takes: &Takes,
        show: impl FnOnce(&[u8]) -> T,
    ) -> Option<T> {
        if let Some(item) = self.ready(number) {
            return Some(show(item));
        }
        let (page, at) = self.place_of(number);
        let offset = self.items.page_offset(page);
        if self.map(file).ok()?.is_none() {
            let Some(Value::Bytes(bytes)) = file.cached(offset) else {
                return None;
            };
            return bytes
                .get(at..at + usize::from(self.items.item_bytes))
                .map(show);
        }
        takes.take()?;
        let bytes = file.read_in_memory(offset, self.items.page_bytes(page))?;
        // What is not as it was written is told by who reads it.
        check_block(&bytes).ok()?;
        self.checked.set(page);
        self.ready(number).map(show)
    }

    /// The page that an item is in, and where it begins there.
    fn place_of(&self, number: u64) -> (u64, usize) {
        let (page, within) = match u32::try_from(number) {
            Ok(short) => (u64::from(short / self.per_page), short % self.per_page),
            Err(_) => {
                let per_page = u64::from(self.per_page);
                (number / per_page, (number % per_page) as u32)
            }
        };
        (page, within as usize * usize::from(self.items.item_bytes))
    }

    /// Shows the item of this number, which is one of them.
    pub(crate) fn with<T>(
        &self,
        file: &SegmentFile,
        number: u64,
        show: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, Error> {
        if let Some(item) = self.ready(number) {
            return Ok(show(item));
        }
        let (page, at) = self.place_of(number);
        let length = usize::from(self.items.item_bytes);
        let shown = match self.map(file)? {
            Some(map) => {
                self.check(file, page)?;
                let start = page as usize * PAGE_BYTES + at;
                let bytes: &[u8] = (**map).as_ref();
                bytes.get(start..start + length).map(show)
            }
            None => {
                let bytes = self.read_page(file, page)?;
                bytes.get(at..at + length).map(show)
            }
        };
        let wrong = || file.damaged(self.items.page_offset(page), Malformed("a page"));
        shown.ok_or_else(wrong)
    }

    fn map(&self, file: &SegmentFile) -> Result<Option<&Map>, Error> {
        if let Some(map) = self.map.get() {
            return Ok(map.as_ref());
        }
        let map = file.map(self.items.offset, self.items.bytes())?;
        Ok(self.map.get_or_init(|| map).as_ref())
    }

    fn check(&self, file: &SegmentFile, page: u64) -> Result<(), Error> {
        if self.checked.has(page) {
            return Ok(());
        }
        let offset = self.items.page_offset(page);
        let bytes = file.read_near(offset, self.items.page_bytes(page))?;
        check_block(&bytes).map_err(|_| self.bad_page(file, page))?;
        self.checked.set(page);
        Ok(())
    }

    /// The bytes of a page where pages cannot be mapped.
    fn read_page(&self, file: &SegmentFile, page: u64) -> Result<bytes::Bytes, Error> {
        let offset = self.items.page_offset(page);
        if let Some(Value::Bytes(bytes)) = file.cached(offset) {
            return Ok(bytes);
        }
        let bytes = file.read(offset, self.items.page_bytes(page))?;
        let content = check_block(&bytes).map_err(|_| self.bad_page(file, page))?;
        let kept = bytes::Bytes::copy_from_slice(content);
        file.keep(offset, Value::Bytes(kept.clone()));
        Ok(kept)
    }

    fn bad_page(&self, file: &SegmentFile, page: u64) -> Error {
        file.damaged(
            self.items.page_offset(page),
            Malformed("the checksum of a page"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pages_hold_what_was_written(before in 0usize..200, item in 1usize..=32, count in 0u64..3_000) {
            let mut out = vec![7; before];
            let mut writer = ItemWriter::new(&mut out, item).unwrap();
            let bytes = |number: u64| vec![number as u8; item];
            for number in 0..count {
                writer.push(&mut out, &bytes(number)).unwrap();
            }
            let items = writer.finish(&mut out).unwrap();
            prop_assert_eq!(items.offset % PAGES_START_AT, 0);
            prop_assert_eq!((items.count, items.end()), (count, out.len() as u64));
            let mut found = Vec::new();
            for page in 0..items.pages() {
                let offset = items.page_offset(page) as usize;
                let stored = &out[offset..offset + items.page_bytes(page)];
                found.extend_from_slice(check_page(stored, items.items_of(page) * item).unwrap());
            }
            prop_assert_eq!(found, (0..count).flat_map(bytes).collect::<Vec<u8>>());
            let mut encoded = Vec::new();
            items.put(&mut encoded);
            let end = out.len() as u64;
            prop_assert_eq!(Items::read(&mut Reader::new(&encoded), end), Ok(items));
            if end > 0 && count > 0 {
                prop_assert!(Items::read(&mut Reader::new(&encoded), end - 1).is_err());
            }
        }

        #[test]
        fn any_place_is_within_the_file_or_an_error(bytes: [u8; Items::BYTES], end: u64) {
            if let Ok(items) = Items::read(&mut Reader::new(&bytes), end >> 8) {
                prop_assert!(items.end() <= end >> 8);
            }
        }
    }

    #[test]
    fn what_follows_items_is_zero() {
        let page = |content: &[u8]| {
            let crc = crc32c::crc32c(content);
            [content, &crc.to_le_bytes()].concat()
        };
        assert_eq!(check_page(&page(&[1, 2, 0, 0]), 2), Ok(&[1, 2][..]));
        assert!(check_page(&page(&[1, 2, 0, 1]), 2).is_err());
        assert!(check_page(&page(&[1]), 2).is_err());
        assert!(check_page(&[1, 2, 3], 0).is_err());
    }
}
