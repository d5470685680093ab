//! Listing streams by name.

use headwater_event::{Error, Position, Revision, StreamName};

use crate::journal::Journal;

/// The most streams of one page.
const LIMIT_MAX: usize = 10_000;

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
    /// The streams whose names start with `prefix`, after the name `after`, at most `limit` and
    /// never more than 10,000.
    pub fn streams(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<StreamPage, Error> {
        self.log.check_alive()?;
        let head = self.log.head().position;
        let mut names = self.log.names();
        while !names.catch_up(self.log.index()?) {}
        let index = self.log.index()?;
        let mut page = StreamPage {
            streams: Vec::new(),
            head,
            more: false,
        };
        for name in names.starting_with(prefix, after) {
            let positions = index.stream(name);
            let durable = &positions[..positions.partition_point(|at| *at <= head.0)];
            let Some(last) = durable.last() else {
                continue; // in flight, or taken back
            };
            if page.streams.len() == limit.min(LIMIT_MAX) {
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
