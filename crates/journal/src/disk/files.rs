//! Where each commit stands: which file, and where in it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use headwater_event::Error;

use super::frame::ALIGN;
use super::fs::File;
use super::{Dir, Placed, failed};
use crate::Seq;

/// The most files that are kept open for reading.
const OPEN_MAX: usize = 16;
const SUFFIX: &str = ".commits";
const DIGITS: usize = 20;

/// The name of the file whose first commit this is.
pub(crate) fn name(first: Seq) -> String {
    format!("{first:0DIGITS$}{SUFFIX}", first = first.0)
}

/// The first commit of a file of this name; `None` if it is no name of a file of commits.
pub(crate) fn parse_name(name: &str) -> Option<Seq> {
    let digits = name.strip_suffix(SUFFIX)?;
    let plain = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok().map(Seq)).flatten()
}

/// The frames of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) first: Seq,
    /// Where each frame starts, in units of [`ALIGN`] bytes.
    pub(crate) starts: Vec<u32>,
    /// Where the last one ends, in bytes.
    pub(crate) end: u64,
    /// How long the file is.
    pub(crate) length: u64,
}

impl Span {
    pub(crate) fn new(first: Seq, end: u64, length: u64) -> Span {
        Span {
            first,
            starts: Vec::new(),
            end,
            length,
        }
    }

    pub(crate) fn push(&mut self, start: u64, end: u64) {
        self.starts.push((start / ALIGN as u64) as u32); // a file is far smaller than 256 GiB
        self.end = end;
    }

    /// The number after its last commit.
    pub(crate) fn next(&self) -> Seq {
        self.first.plus(self.starts.len() as u64)
    }

    /// Where the last frame starts and ends.
    pub(crate) fn last_frame(&self) -> Option<(u64, u64)> {
        let last = self.starts.len().checked_sub(1)?;
        Some((self.start(last), self.end))
    }

    /// Where one frame starts and ends, counted from 0.
    pub(crate) fn frame(&self, at: usize) -> Option<(u64, u64)> {
        (at < self.starts.len()).then(|| (self.start(at), self.start(at + 1)))
    }

    fn start(&self, at: usize) -> u64 {
        match self.starts.get(at) {
            Some(units) => u64::from(*units) * ALIGN as u64,
            None => self.end,
        }
    }
}

/// Frames next to each other in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FoundFrames {
    pub(crate) file: Seq,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) count: usize,
}

/// All files, by their first commit.
pub(crate) struct Files {
    spans: Vec<Span>,
}

impl Files {
    pub(crate) fn new(spans: Vec<Span>) -> Files {
        Files { spans }
    }

    /// Takes in where a commit was put.
    pub(crate) fn place(&mut self, placed: Placed) {
        match (placed, self.spans.last_mut()) {
            (Placed::Behind { start, end, length }, Some(last)) => {
                last.push(start, end);
                last.length = length;
            }
            (Placed::Behind { .. }, None) => unreachable!("there is always a file"),
            (Placed::NewFile(span), last) => {
                // A file without a durable frame is replaced by one of the same name.
                if last.is_some_and(|last| last.first == span.first) {
                    self.spans.pop();
                }
                self.spans.push(span);
            }
        }
    }

    /// The first commit of the first file.
    pub(crate) fn first(&self) -> Seq {
        self.spans.first().map_or(Seq::FIRST, |span| span.first)
    }

    /// The number after the last commit.
    pub(crate) fn next(&self) -> Seq {
        self.spans.last().map_or(Seq::FIRST, Span::next)
    }

    /// Where the last frame of the last file ends.
    pub(crate) fn end(&self) -> u64 {
        self.spans.last().map_or(0, |span| span.end)
    }

    /// Bytes of all files.
    pub(crate) fn bytes(&self) -> u64 {
        self.spans.iter().map(|span| span.length).sum()
    }

    /// The first file, if all its commits are below `seq` and there is another one.
    pub(crate) fn droppable(&self, seq: Seq) -> Option<Seq> {
        match &self.spans[..] {
            [first, second, ..] if second.first <= seq => Some(first.first),
            _ => None,
        }
    }

    /// Forgets the first file, if it is this one.
    pub(crate) fn drop_first(&mut self, first: Seq) {
        if self.first() == first {
            self.spans.remove(0);
        }
    }

    /// The frames from `seq` on that stand in one file and fit into `bytes_max`, at least one.
    pub(crate) fn find(&self, seq: Seq, bytes_max: usize) -> Option<FoundFrames> {
        let after = self.spans.partition_point(|span| span.first <= seq);
        let span = self.spans.get(after.checked_sub(1)?)?;
        let at = (seq.0 - span.first.0) as usize;
        if at >= span.starts.len() {
            return None;
        }
        let start = span.start(at);
        let last = start + bytes_max as u64;
        let units = last / ALIGN as u64;
        let fitting = match span.end <= last {
            true => span.starts.len(),
            false => {
                span.starts
                    .partition_point(|begin| u64::from(*begin) <= units)
                    - 1
            }
        };
        let upto = fitting.max(at + 1);
        Some(FoundFrames {
            file: span.first,
            start,
            end: span.start(upto),
            count: upto - at,
        })
    }
}

/// The files that are open for reading, the one opened last at the end.
#[derive(Default)]
pub(crate) struct Handles {
    open: Mutex<Vec<(Seq, Arc<dyn File>)>>,
}

impl Handles {
    /// The open file whose first commit this is.
    pub(crate) fn get(&self, dir: &Dir, first: Seq) -> Result<Arc<dyn File>, Error> {
        if let Some((_, file)) = self.lock().iter().find(|(seq, _)| *seq == first) {
            return Ok(Arc::clone(file));
        }
        let path = dir.file(first);
        let file = dir
            .fs
            .open(&path)
            .map_err(|error| failed("open", &path, error))?;
        let mut open = self.lock();
        if open.len() >= OPEN_MAX {
            open.remove(0);
        }
        open.push((first, Arc::clone(&file)));
        Ok(file)
    }

    /// Closes the files that are dropped: those before this one.
    pub(crate) fn forget_before(&self, first: Seq) {
        self.lock().retain(|(file, _)| *file >= first);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Seq, Arc<dyn File>)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_others_are_not() {
        assert_eq!(name(Seq(4711)), "00000000000000004711.commits");
        assert_eq!(parse_name(&name(Seq(4711))), Some(Seq(4711)));
        for other in ["4711.commits", "0000000000000000471x.commits", "lock"] {
            assert_eq!(parse_name(other), None);
        }
    }
}
