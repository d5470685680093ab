//! Appends of every kind: with and without ids, retried, with ids that were used, expecting
//! revisions, with boundaries, large and tiny.

use headwater_event::{
    Append, EventId, EventType, ExpectedRevision, NewEvent, Position, Query, QueryItem, Revision,
    StreamName, Tag, Text, tag_set,
};
use uuid::Uuid;

use crate::Random;

/// About how many words of eight bytes a large event has.
const LARGE_WORDS: u64 = 8 << 10;

/// Makes appends. Names are few, so that conditions meet.
#[derive(Clone, Debug, Default)]
pub struct Workload {
    made: u64,
    /// Some events have very much data.
    large: bool,
    earlier: Vec<Append>,
}

impl Workload {
    /// Appends of which some are so large, and say so little that repeats, that merging their segments
    /// takes many steps.
    pub(crate) fn large() -> Workload {
        Workload {
            large: true,
            ..Workload::default()
        }
    }

    /// The next append. `head` is the last position that its writer has seen.
    pub fn append(&mut self, random: &mut Random, head: Position) -> Append {
        if !self.earlier.is_empty() && random.once_in(6) {
            return self.again(random);
        }
        let with_ids = random.once_in(2);
        let count = 1 + random.below(3);
        let events = (0..count).map(|_| self.event(random, with_ids)).collect();
        let append = condition(random, head, Append::of(events));
        if with_ids {
            self.earlier.push(append.clone());
        }
        append
    }

    /// An earlier append: as it was, or with its ids on something else.
    fn again(&mut self, random: &mut Random) -> Append {
        let mut append = self.earlier[random.below(self.earlier.len() as u64) as usize].clone();
        if random.once_in(4) {
            append.events[0].event_type = EventType::new("Changed").expect("a good name");
        }
        if random.once_in(8) {
            append.events.push(self.event(random, true));
        }
        append
    }

    fn event(&mut self, random: &mut Random, with_id: bool) -> NewEvent {
        self.made += 1;
        NewEvent {
            id: with_id.then(|| EventId(Uuid::from_u128(u128::from(self.made)))),
            stream: random.once_in(2).then(|| stream(random)),
            event_type: event_type(random),
            tags: tag_set((0..random.below(3)).map(|_| tag(random)).collect()).expect("few tags"),
            ..self.data(random)
        }
    }

    /// Data that tells the event from every other one; sometimes whole sectors of zeros.
    fn data(&self, random: &mut Random) -> NewEvent {
        let nothing = EventType::new("Nothing").expect("a good name");
        if let Some(bytes) = self.bytes(random) {
            let media = Some(Text::from("application/octet-stream"));
            return NewEvent {
                content_type: media,
                ..NewEvent::json(nothing, bytes)
            };
        }
        let fill = "x".repeat(random.below(300) as usize);
        NewEvent::json(nothing, format!(r#"{{"n":{},"fill":"{fill}"}}"#, self.made))
    }

    /// Data that is no text.
    fn bytes(&self, random: &mut Random) -> Option<Vec<u8>> {
        let mut bytes = self.made.to_le_bytes().to_vec();
        if self.large && random.once_in(3) {
            let words = LARGE_WORDS / 2 + random.below(LARGE_WORDS);
            bytes.extend((0..words).flat_map(|_| random.draw().to_le_bytes()));
            return Some(bytes);
        }
        random.once_in(4).then(|| {
            bytes.resize(8 + random.below(3_000) as usize, 0);
            bytes
        })
    }
}

pub(crate) fn stream(random: &mut Random) -> StreamName {
    StreamName::new(format!("s/{}", random.below(4))).expect("a good name")
}

pub(crate) fn event_type(random: &mut Random) -> EventType {
    EventType::new(format!("T{}", random.below(3))).expect("a good name")
}

pub(crate) fn tag(random: &mut Random) -> Tag {
    Tag::new(format!("t:{}", random.below(4))).expect("a good name")
}

fn condition(random: &mut Random, head: Position, append: Append) -> Append {
    let mut append = append;
    if random.once_in(3) {
        let revision = match random.below(4) {
            0 => ExpectedRevision::Any,
            1 => ExpectedRevision::None,
            2 => ExpectedRevision::Exists,
            _ => ExpectedRevision::Exactly(Revision(1 + random.below(12))),
        };
        append = append.expecting(stream(random), revision);
    }
    if random.once_in(3) {
        let item = QueryItem {
            types: vec![event_type(random)],
            tags: (0..random.below(2)).map(|_| tag(random)).collect(),
            stream: random.once_in(4).then(|| stream(random)),
            category: random.once_in(4).then(|| Text::from("s")),
        };
        let back = random.below(6).min(head.0);
        append = append.unless(Query { items: vec![item] }, Position(head.0 - back));
    }
    append
}
