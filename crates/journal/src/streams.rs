//! Listing streams by name.

use std::sync::Arc;

use headwater_event::{Error, Position, Revision, StreamName};

use crate::index::SortedNames;
use crate::journal::Journal;

/// A page of streams, by name.
#[derive(Clone, Debug)]
pub struct StreamPage {
    /// In the order of the names' bytes.
    pub streams: Vec<StreamInfo>,
    /// The head that the page reflects.
    pub head: Position,
    /// There are more after the last of these.
    pub more: bool,
}

/// A stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamInfo {
    /// Its name.
    pub name: StreamName,
    /// Where it is: the number of its events.
    pub revision: Revision,
    /// Position of its last event.
    pub last: Position,
}

impl Journal {
    /// The streams whose names start with `prefix`, after the name `after`, at most `limit`.
    pub fn streams(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<StreamPage, Error> {
        self.log.check_alive()?;
        let head = self.log.head().position;
        let mut names = self.log.names();
        let index = self.log.index()?;
        names.catch_up(&index);
        let mut page = StreamPage {
            streams: Vec::new(),
            head,
            more: false,
        };
        for name in sorted(&names, prefix, after) {
            let positions = index.stream(name);
            let durable = &positions[..positions.partition_point(|at| *at <= head.0)];
            let Some(last) = durable.last() else {
                continue; // in flight, or taken back
            };
            if page.streams.len() == limit {
                page.more = true;
                break;
            }
            page.streams.push(StreamInfo {
                name: StreamName::new(&**name)?,
                revision: Revision(durable.len() as u64),
                last: Position(*last),
            });
        }
        Ok(page)
    }
}

fn sorted<'a>(
    names: &'a SortedNames,
    prefix: &'a str,
    after: Option<&'a str>,
) -> impl Iterator<Item = &'a Arc<str>> {
    names.starting_with(prefix, after)
}
