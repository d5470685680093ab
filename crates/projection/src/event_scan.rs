//! Which part of the log a statement needs from the table `event`: what SQLite's planner offers is
//! turned into a query and bounds for the journal.
//!
//! SQLite checks every pushed condition again, so a scan may give too much and must never give too
//! little. What cannot be pushed is simply left out.

use headwater_event::limits::QUERY_ITEM_NAMES_MAX;
use headwater_event::{
    EventId, EventType, Position, Query, QueryItem, StreamName, Text, Timestamp,
};
use headwater_journal::{Direction, Read};
use rusqlite::types::ValueRef;
use rusqlite::vtab::IndexConstraintOp;
use uuid::Uuid;

use crate::event_source::EventSource;

/// Columns of the table `event` that conditions are pushed down for, by index.
pub(crate) const POSITION: i32 = 0;
pub(crate) const ID: i32 = 1;
const STREAM: i32 = 2;
const CATEGORY: i32 = 3;
const TYPE: i32 = 6;
const RECORDED_AT: i32 = 13;

/// Events in the first page of a scan, in case only the first few are wanted.
const FIRST_PAGE_EVENTS: usize = 32;
/// Events in a later page.
const PAGE_EVENTS_MAX: usize = 2_048;
/// Bytes of events in a page, about.
const PAGE_BYTES_MAX: usize = 2 << 20;

/// How a column is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compared {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// One of a list.
    In,
}

/// A condition that is pushed down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) column: i32,
    pub(crate) compared: Compared,
}

impl Term {
    /// The term of a condition, if it can be pushed down.
    pub(crate) fn of(column: i32, operator: &IndexConstraintOp, is_in: bool) -> Option<Term> {
        let compared = match operator {
            IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_EQ if is_in => Compared::In,
            IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_EQ => Compared::Equal,
            IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_LT => Compared::Less,
            IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_LE => Compared::LessOrEqual,
            IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_GT => Compared::Greater,
            IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_GE => Compared::GreaterOrEqual,
            _ => return None,
        };
        let pushed = match column {
            POSITION | RECORDED_AT => compared != Compared::In,
            TYPE => matches!(compared, Compared::Equal | Compared::In),
            ID | STREAM | CATEGORY => compared == Compared::Equal,
            _ => false,
        };
        pushed.then_some(Term { column, compared })
    }

    /// One character for the column and one for the comparison: how the planner hands a term to
    /// the cursor.
    pub(crate) fn encode(self) -> [char; 2] {
        let column = match self.column {
            POSITION => 'p',
            ID => 'i',
            STREAM => 's',
            CATEGORY => 'c',
            TYPE => 't',
            _ => 'r',
        };
        let compared = match self.compared {
            Compared::Equal => '=',
            Compared::Less => '<',
            Compared::LessOrEqual => '{',
            Compared::Greater => '>',
            Compared::GreaterOrEqual => '}',
            Compared::In => 'i',
        };
        [column, compared]
    }

    /// The terms of an encoded list.
    pub(crate) fn decode(list: &str) -> Vec<Term> {
        let characters: Vec<char> = list.chars().collect();
        let term = |pair: &[char]| Term {
            column: match pair[0] {
                'p' => POSITION,
                'i' => ID,
                's' => STREAM,
                'c' => CATEGORY,
                't' => TYPE,
                _ => RECORDED_AT,
            },
            compared: match pair[1] {
                '=' => Compared::Equal,
                '<' => Compared::Less,
                '{' => Compared::LessOrEqual,
                '>' => Compared::Greater,
                '}' => Compared::GreaterOrEqual,
                _ => Compared::In,
            },
        };
        characters.chunks_exact(2).map(term).collect()
    }

    /// How many of `total` events are left, as the planner guesses.
    pub(crate) fn selects(self, total: f64) -> f64 {
        match (self.column, self.compared) {
            (POSITION, Compared::Equal) | (ID, _) => 1.0,
            (STREAM, _) => total.min(20.0),
            (POSITION | RECORDED_AT, _) => total / 4.0,
            _ => total / 10.0,
        }
    }
}

/// A walk over a part of the log, one way.
#[derive(Debug)]
pub(crate) struct Scan {
    item: QueryItem,
    /// The first and last position that may match, both inclusive; crossed when nothing can.
    lower: u64,
    upper: u64,
    descending: bool,
    page_events: usize,
}

impl Scan {
    /// Everything up to the position that the query sees.
    pub(crate) fn new(source: &EventSource, descending: bool) -> Scan {
        Scan {
            item: QueryItem::default(),
            lower: 1,
            upper: source.until().0,
            descending,
            page_events: FIRST_PAGE_EVENTS,
        }
    }

    fn nothing(&mut self) {
        (self.lower, self.upper) = (1, 0);
    }

    /// Narrows the scan to what holds for a term and its value.
    pub(crate) fn narrow(
        &mut self,
        term: Term,
        value: ValueRef<'_>,
        source: &EventSource,
    ) -> rusqlite::Result<()> {
        match (term.column, value) {
            // Nothing compares with null.
            (_, ValueRef::Null) => self.nothing(),
            (POSITION, ValueRef::Integer(number)) => self.bound(term.compared, number),
            (RECORDED_AT, ValueRef::Integer(micros)) => {
                self.recorded(term.compared, micros, source)?;
            }
            (ID, ValueRef::Blob(bytes)) => self.id(bytes, source)?,
            (STREAM, ValueRef::Text(text)) => self.stream(text),
            (CATEGORY, ValueRef::Text(text)) => self.category(text),
            (TYPE, ValueRef::Text(text)) => self.types(&[text]),
            _ => {}
        }
        Ok(())
    }

    fn bound(&mut self, compared: Compared, number: i64) {
        let at_least = |number: i64| u64::try_from(number).unwrap_or(0);
        match compared {
            Compared::Equal => {
                self.bound(Compared::GreaterOrEqual, number);
                self.bound(Compared::LessOrEqual, number);
            }
            Compared::Less => self.bound(Compared::LessOrEqual, number.saturating_sub(1)),
            Compared::LessOrEqual => self.upper = self.upper.min(at_least(number)),
            Compared::Greater => {
                self.bound(Compared::GreaterOrEqual, number.saturating_add(1));
            }
            Compared::GreaterOrEqual => self.lower = self.lower.max(at_least(number)),
            Compared::In => {}
        }
    }

    fn id(&mut self, bytes: &[u8], source: &EventSource) -> rusqlite::Result<()> {
        let found = match Uuid::from_slice(bytes) {
            Ok(id) => source.journal().position_of(EventId(id)),
            Err(_) => Ok(None), // no event has such an id
        };
        match found.map_err(|error| source.keep(error))? {
            Some(position) => self.bound(Compared::Equal, position.0.cast_signed()),
            None => self.nothing(),
        }
        Ok(())
    }

    /// Recorded times never go back, so a range of times is a range of positions.
    fn recorded(
        &mut self,
        compared: Compared,
        micros: i64,
        source: &EventSource,
    ) -> rusqlite::Result<()> {
        let last_at = |micros: i64| -> rusqlite::Result<u64> {
            match Timestamp::from_micros(micros) {
                Some(instant) => source
                    .journal()
                    .position_at(instant)
                    .map(|position| position.0)
                    .map_err(|error| source.keep(error)),
                None if micros < 0 => Ok(0),
                None => Ok(u64::MAX),
            }
        };
        if matches!(compared, Compared::Equal | Compared::LessOrEqual) {
            self.upper = self.upper.min(last_at(micros)?);
        }
        if compared == Compared::Less {
            self.upper = self.upper.min(last_at(micros.saturating_sub(1))?);
        }
        if matches!(compared, Compared::Equal | Compared::GreaterOrEqual) {
            let before = last_at(micros.saturating_sub(1))?;
            self.lower = self.lower.max(before.saturating_add(1));
        }
        if compared == Compared::Greater {
            self.lower = self.lower.max(last_at(micros)?.saturating_add(1));
        }
        Ok(())
    }

    fn stream(&mut self, text: &[u8]) {
        let name = utf8(text).and_then(|text| StreamName::new(text).ok());
        match (name, &self.item.stream) {
            (Some(name), Some(other)) if *other != name => self.nothing(),
            (Some(name), _) => self.item.stream = Some(name),
            (None, _) => self.nothing(), // no stream has such a name
        }
    }

    fn category(&mut self, text: &[u8]) {
        let category = utf8(text).filter(|text| headwater_event::check_category(text).is_ok());
        match (category, &self.item.category) {
            (Some(category), Some(other)) if other.as_str() != category => self.nothing(),
            (Some(category), _) => self.item.category = Some(Text::from(category)),
            (None, _) => self.nothing(), // no stream has such a category
        }
    }

    /// The type is one of these.
    pub(crate) fn types(&mut self, names: &[&[u8]]) {
        let mut types: Vec<EventType> = names
            .iter()
            .filter_map(|name| EventType::new(utf8(name)?).ok())
            .collect();
        if !self.item.types.is_empty() {
            types.retain(|name| self.item.types.contains(name));
        }
        if types.is_empty() {
            self.nothing();
        } else if types.len() <= QUERY_ITEM_NAMES_MAX {
            self.item.types = types;
        }
    }

    /// What to read next; `None` at the end.
    pub(crate) fn next(&mut self) -> Option<Read> {
        if self.lower > self.upper {
            return None;
        }
        let left = usize::try_from(self.upper - self.lower).unwrap_or(usize::MAX);
        let limit = self.page_events.min(left.saturating_add(1));
        self.page_events = (self.page_events * 4).min(PAGE_EVENTS_MAX);
        let direction = if self.descending {
            Direction::Backward {
                before: Position(self.upper.saturating_add(1)),
            }
        } else {
            Direction::Forward {
                after: Position(self.lower.saturating_sub(1)),
            }
        };
        Some(Read {
            query: Query {
                items: vec![self.item.clone()],
            },
            direction,
            limit,
            until: Some(Position(self.upper)),
            bytes_max: PAGE_BYTES_MAX,
        })
    }

    /// Goes on after what a page has looked at.
    pub(crate) fn scanned(&mut self, scanned: Position, more: bool) {
        if !more {
            self.nothing();
        } else if self.descending {
            match scanned.0.checked_sub(1) {
                Some(upper) => self.upper = self.upper.min(upper),
                None => self.nothing(),
            }
        } else {
            self.lower = self.lower.max(scanned.0.saturating_add(1));
        }
    }

    /// Whether the position lies beyond the far end of the scan.
    pub(crate) fn is_past(&self, position: Position) -> bool {
        self.descending && position.0 < self.lower
    }
}

fn utf8(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}
