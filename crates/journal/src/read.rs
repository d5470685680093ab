//! Reading: a page of the events that match a query.

use std::collections::VecDeque;
use std::sync::Arc;

use headwater_event::limits::READ_EVENTS_MAX;
use headwater_event::{ChainHash, Error, Event, EventId, Position, Query, Timestamp};

use crate::errors;
use crate::index::{Found, Span, Way};
use crate::journal::Journal;
use crate::log::{Access, Log};
use crate::run::Run;

/// How many steps through the index one look at it may take; more are taken in further looks.
const STEPS_MAX: usize = 10_000;
/// How many looks one page may take before it is given back with what was found.
const LOOKS_MAX: usize = 500;
/// How much is read from the storage at once where the next events follow.
const READ_AHEAD_BYTES: usize = 256 << 10;
/// How many events there may be to each that is wanted for that.
const READ_AHEAD_SPREAD: u64 = 8;

/// What to read.
#[derive(Clone, Debug)]
pub struct Read {
    /// Which events.
    pub query: Query,
    /// From where, and which way.
    pub direction: Direction,
    /// At most so many events, and never more than
    /// [`READ_EVENTS_MAX`].
    pub limit: usize,
    /// The last position to look at when reading forward, the last one to begin from when reading
    /// backward: events after it are as if they were not there. `None` is the head.
    pub until: Option<Position>,
    /// At most about so many bytes of events, but at least one event.
    pub bytes_max: usize,
}

impl Default for Read {
    /// The log from its start, a thousand events at a time.
    fn default() -> Read {
        Read {
            query: Query::all(),
            direction: Direction::Forward {
                after: Position::ZERO,
            },
            limit: 1_000,
            until: None,
            bytes_max: 4 << 20,
        }
    }
}

/// From where a read goes, and which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The events after this position, the oldest first; 0 is from the start.
    Forward {
        /// Exclusive.
        after: Position,
    },
    /// The events before this position, the latest first; 0 is from the head.
    Backward {
        /// Exclusive.
        before: Position,
    },
}

/// A part of the events that a read asks for.
#[derive(Clone, Debug)]
pub struct Page {
    /// In the order that was asked for.
    pub events: Vec<Event>,
    /// The head at the moment of the read: what the answer reflects.
    pub head: Position,
    /// Everything between the start and this position, itself included, was looked at. Reading on
    /// from here, as `after` or `before`, misses nothing and repeats nothing.
    pub scanned: Position,
    /// There may be more.
    pub more: bool,
}

/// The first and last position to look at; nothing if they cross.
#[derive(Clone, Copy)]
struct Bounds {
    way: Way,
    from: u64,
    to: u64,
}

impl Bounds {
    fn is_empty(&self) -> bool {
        self.way.before(self.to, self.from)
    }
}

impl Journal {
    /// Reads a page. Blocks where events are not in memory.
    ///
    /// Fails with `position_ahead` for a position beyond the head.
    pub fn read(&self, read: &Read) -> Result<Page, Error> {
        match page(&self.log, read, Access::ahead(READ_AHEAD_BYTES))? {
            Some(page) => Ok(page),
            None => Err(Error::damaged(
                "a read that may use the storage found nothing",
            )),
        }
    }

    /// Reads a page if all of it is in memory.
    pub(crate) fn read_memory(&self, read: &Read) -> Result<Option<Page>, Error> {
        page(&self.log, read, Access::Memory)
    }

    /// Position of the durable event that has this id; none if there is none. Blocks for a few reads.
    pub fn position_of(&self, id: EventId) -> Result<Option<Position>, Error> {
        self.log.check_alive()?;
        let found = self.log.index.position_of(id)?;
        Ok(found.filter(|position| *position <= self.log.head().position))
    }

    /// Position of the last event that was recorded at the instant or before it; 0 if there is
    /// none. Blocks for a few reads.
    pub fn position_at(&self, instant: Timestamp) -> Result<Position, Error> {
        self.log.check_alive()?;
        let view = self.log.index.view()?;
        if let Some(segment) = view.recorded_after(instant) {
            return segment.position_at(instant);
        }
        let first = {
            let commits = self.log.commits();
            let seq = commits.first_after(instant);
            seq.and_then(|seq| commits.before(seq))
                .map(|before| before.position.next())
        };
        let Some(first) = first else {
            return Ok(self.log.head().position);
        };
        let run = self.log.run(first, Access::ONE)?;
        let upto = run
            .appends()
            .partition_point(|append| append.recorded_at <= instant);
        Ok(match upto {
            0 => Position(first.0 - 1),
            upto => run.appends()[upto - 1].last,
        })
    }

    /// The end of the last append at `position` or before it, and the chain there. Blocks for a
    /// few reads.
    pub fn chain_at(&self, position: Position) -> Result<(Position, ChainHash), Error> {
        self.log.check_alive()?;
        self.log.check_position("position", position)?;
        if position == Position::ZERO {
            return Ok((Position::ZERO, ChainHash::START));
        }
        let place = {
            let commits = self.log.commits();
            let seq = commits.seq_of(position);
            seq.and_then(|seq| Some((seq, commits.before(seq)?)))
        };
        let commit = match place {
            Some((seq, _)) => self.log.commit_run(seq, Access::ONE)?,
            None => None,
        };
        let (Some((_, before)), Some(run)) = (place, commit) else {
            return self.log.segment_of(position)?.chain_at(position);
        };
        let (mut end, mut chain) = (before.position, before.chain);
        for append in run.appends() {
            if append.last > position {
                break;
            }
            end = append.last;
            chain = chain.then(run.append_bytes(append));
        }
        Ok((end, chain))
    }
}

fn page(log: &Log, read: &Read, access: Access) -> Result<Option<Page>, Error> {
    log.check_alive()?;
    read.query.check("query")?;
    let head = log.head().position;
    let bounds = bounds(log, read, head)?;
    let limit = read.limit.min(READ_EVENTS_MAX);
    if bounds.is_empty() || limit == 0 {
        let scanned = match (bounds.is_empty(), bounds.way) {
            (true, Way::Up) => Position(bounds.from - 1),
            (true, Way::Down) => Position(bounds.from.min(head.0) + 1),
            (false, way) => Position(way.back(bounds.from)),
        };
        return Ok(Some(Page {
            events: Vec::new(),
            head,
            scanned,
            more: !bounds.is_empty(),
        }));
    }
    let looks = match access {
        Access::Memory => 1, // its caller must not be held up
        Access::Storage { .. } => LOOKS_MAX,
    };
    let found = find(log, &read.query, bounds, limit, looks)?;
    let Some((events, cut)) = fetch(log, &found.positions, read.bytes_max, access)? else {
        return Ok(None);
    };
    let scanned = cut.map_or(found.scanned, |last| last.0);
    Ok(Some(Page {
        events,
        head,
        scanned: Position(scanned),
        more: bounds.way.before(scanned, bounds.to),
    }))
}

fn bounds(log: &Log, read: &Read, head: Position) -> Result<Bounds, Error> {
    let until = read.until.map_or(head, |until| until.min(head));
    match read.direction {
        Direction::Forward { after } => {
            log.check_position("after", after)?;
            Ok(Bounds {
                way: Way::Up,
                from: after.0 + 1,
                to: until.0,
            })
        }
        Direction::Backward { before } => {
            let from = match before {
                Position::ZERO => until.0,
                before => {
                    let head = log.head().position;
                    if before > head.next() {
                        let error = errors::position_ahead("before", before, head.next());
                        return Err(error.at(head));
                    }
                    until.0.min(before.0 - 1)
                }
            };
            Ok(Bounds {
                way: Way::Down,
                from,
                to: 1,
            })
        }
    }
}

/// The positions that match, without holding the index for long at a time.
fn find(
    log: &Log,
    query: &Query,
    bounds: Bounds,
    limit: usize,
    looks: usize,
) -> Result<Found, Error> {
    let way = bounds.way;
    if query.is_all() {
        return Ok(run_of(bounds, limit));
    }
    let mut positions: Vec<u64> = Vec::new();
    let mut from = bounds.from;
    for _ in 0..looks {
        let found = log.index.scan(
            query,
            Span {
                way,
                from,
                to: bounds.to,
                limit: limit - positions.len(),
                steps: STEPS_MAX,
            },
        )?;
        positions.extend(found.positions);
        from = way.step(found.scanned);
        if positions.len() == limit || !way.before(found.scanned, bounds.to) {
            break;
        }
    }
    Ok(Found {
        positions,
        scanned: way.back(from),
    })
}

/// Every position, where the query is for all events.
fn run_of(bounds: Bounds, limit: usize) -> Found {
    let count = limit as u64;
    let positions: Vec<u64> = match bounds.way {
        Way::Up => (bounds.from..=bounds.to.min(bounds.from + count - 1)).collect(),
        Way::Down => (bounds.to.max((bounds.from + 1).saturating_sub(count))..=bounds.from)
            .rev()
            .collect(),
    };
    let scanned = positions.last().copied().unwrap_or(bounds.from);
    Found { positions, scanned }
}

/// The events at these positions, up to `bytes_max`, and the last of them if some were left out.
#[expect(clippy::type_complexity, reason = "the pair is taken apart at once")]
fn fetch(
    log: &Log,
    positions: &[u64],
    bytes_max: usize,
    access: Access,
) -> Result<Option<(Vec<Event>, Option<Position>)>, Error> {
    let mut events = Vec::with_capacity(positions.len());
    let mut bytes = 0;
    let mut current: Option<Arc<Run>> = None;
    let mut next: VecDeque<Arc<Run>> = VecDeque::new();
    for (at, position) in positions.iter().map(|at| Position(*at)).enumerate() {
        while current.as_ref().is_none_or(|run| !run.holds(position)) && !next.is_empty() {
            current = next.pop_front();
        }
        let run = match current.take().filter(|run| run.holds(position)) {
            Some(run) => run,
            None => match log.runs_at(position, ahead(&positions[at..], access), &mut next)? {
                Some(run) => run,
                None => return Ok(None),
            },
        };
        bytes += run.event_len(position);
        if bytes > bytes_max && !events.is_empty() {
            let last = Position(positions[at - 1]);
            return Ok(Some((events, Some(last))));
        }
        events.push(run.event(position)?);
        current = Some(run);
    }
    Ok(Some((events, None)))
}

/// Reads ahead only where what follows is wanted soon, and no further than what is wanted.
fn ahead(positions: &[u64], access: Access) -> Access {
    let (Access::Storage { bytes, .. }, [first, .., last]) = (access, positions) else {
        return match access {
            Access::Memory => Access::Memory,
            Access::Storage { .. } => Access::ONE,
        };
    };
    let dense = last > first && last - first <= READ_AHEAD_SPREAD * positions.len() as u64;
    match dense {
        true => Access::Storage {
            bytes,
            upto: Position(*last),
        },
        false => Access::ONE,
    }
}
