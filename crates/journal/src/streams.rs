//! Listing streams by name.

use std::cmp::Ordering;
use std::iter::Peekable;

use headwater_event::{Error, Position, Revision, StreamName};

use crate::index::StreamEnd;
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

type Named = Result<(Box<str>, StreamEnd), Error>;

impl Journal {
    /// The streams whose names start with `prefix`, after the name `after`, at most `limit` and
    /// never more than 10,000. Blocks where the names are not in memory.
    pub fn streams(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<StreamPage, Error> {
        self.log.check_alive()?;
        let head = self.log.head().position;
        let (view, active) = self.log.index.with_active(|active, view| {
            let streams = active.streams(prefix, after, head);
            (std::sync::Arc::clone(view), streams)
        })?;
        let of_piece = |streams: Vec<(std::sync::Arc<str>, StreamEnd)>| {
            let named = streams
                .into_iter()
                .map(|(name, end)| Ok((Box::from(&*name), end)));
            Box::new(named) as Box<dyn Iterator<Item = Named> + '_>
        };
        // The newest first: it says where a stream ends.
        let mut sources = vec![of_piece(active).peekable()];
        for piece in view.pieces.iter().rev() {
            sources.push(of_piece(piece.streams(prefix, after, head)).peekable());
        }
        for segment in view.segments.iter().rev() {
            let streams = segment.streams(prefix, after)?;
            let streams: Box<dyn Iterator<Item = Named>> = Box::new(streams);
            sources.push(streams.peekable());
        }
        let limit = limit.min(LIMIT_MAX);
        let mut page = StreamPage {
            streams: Vec::new(),
            head,
            more: false,
        };
        while let Some((name, end)) = next_name(&mut sources)? {
            if page.streams.len() == limit {
                page.more = true;
                break;
            }
            page.streams.push(StreamInfo {
                name: StreamName::new(&*name)?,
                revision: end.revision,
                last: end.last,
            });
        }
        Ok(page)
    }
}

/// The first name of all sources, as the first source that has it tells it.
fn next_name<I>(sources: &mut [Peekable<I>]) -> Result<Option<(Box<str>, StreamEnd)>, Error>
where
    I: Iterator<Item = Named>,
{
    let mut first: Option<(usize, Box<str>)> = None;
    for (at, source) in sources.iter_mut().enumerate() {
        let name = match source.peek() {
            None => continue,
            Some(Err(error)) => return Err(error.clone()),
            Some(Ok((name, _))) => name,
        };
        match first.as_ref().map(|(_, least)| name.cmp(least)) {
            Some(Ordering::Greater) => {}
            // An older part says where the stream was, not where it is.
            Some(Ordering::Equal) => drop(source.next()),
            Some(Ordering::Less) | None => first = Some((at, name.clone())),
        }
    }
    match first {
        Some((at, _)) => sources[at].next().transpose(),
        None => Ok(None),
    }
}
