//! Queries over the log.

use crate::limits::{QUERY_ITEM_NAMES_MAX, QUERY_ITEMS_MAX};
use crate::{Error, Event, EventType, StreamName, Tag, Text, name};

/// Which events: those that match one of the items; without items, all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Joined by OR.
    pub items: Vec<QueryItem>,
}

/// One alternative of a query. Everything that it names must hold; what is empty holds always.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryItem {
    /// The type is one of these.
    pub types: Vec<EventType>,
    /// All of these are among the event's tags.
    pub tags: Vec<Tag>,
    /// The event is in this stream.
    pub stream: Option<StreamName>,
    /// The event is in a stream of this category.
    pub category: Option<Text>,
}

/// What a query item asks of one event, borrowed from wherever the event is: an index entry, an
/// event in flight, an event that was read.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The event's type.
    pub event_type: &'a str,
    /// The event's tags, sorted.
    pub tags: &'a [Tag],
    /// The event's stream.
    pub stream: Option<&'a StreamName>,
}

impl Query {
    /// Every event.
    pub fn all() -> Query {
        Query::default()
    }

    /// The events of one stream.
    pub fn stream(stream: StreamName) -> Query {
        Query {
            items: vec![QueryItem {
                stream: Some(stream),
                ..QueryItem::default()
            }],
        }
    }

    /// The events that have this tag.
    pub fn tag(tag: Tag) -> Query {
        Query {
            items: vec![QueryItem {
                tags: vec![tag],
                ..QueryItem::default()
            }],
        }
    }

    /// The events of these types.
    pub fn types(types: Vec<EventType>) -> Query {
        Query {
            items: vec![QueryItem {
                types,
                ..QueryItem::default()
            }],
        }
    }

    /// Whether the query is for every event, so that nothing need be looked at.
    pub fn is_all(&self) -> bool {
        self.items.is_empty() || self.items.iter().any(|item| *item == QueryItem::default())
    }

    /// Whether the event matches.
    pub fn matches(&self, event: &Event) -> bool {
        self.matches_facts(Facts {
            event_type: event.event_type.as_str(),
            tags: &event.tags,
            stream: event.stream.as_ref(),
        })
    }

    /// Whether an event with these facts matches.
    pub fn matches_facts(&self, facts: Facts<'_>) -> bool {
        self.items.is_empty() || self.items.iter().any(|item| item.matches(facts))
    }

    /// Checks the limits and the categories; errors name the part of `field` they are about.
    pub fn check(&self, field: &str) -> Result<(), Error> {
        let most = |field: String, found: usize, most: usize| {
            if found <= most {
                return Ok(());
            }
            Err(Error::invalid("bad_query", "the query is too large")
                .field(field)
                .found(found)
                .expected(format!("at most {most}")))
        };
        most(field.to_owned(), self.items.len(), QUERY_ITEMS_MAX)?;
        for (at, item) in self.items.iter().enumerate() {
            most(
                format!("{field}[{at}].types"),
                item.types.len(),
                QUERY_ITEM_NAMES_MAX,
            )?;
            most(
                format!("{field}[{at}].tags"),
                item.tags.len(),
                QUERY_ITEM_NAMES_MAX,
            )?;
            if let Some(category) = &item.category {
                name::check_category(category)
                    .map_err(|error| error.field(format!("{field}[{at}].category")))?;
            }
        }
        Ok(())
    }
}

impl QueryItem {
    /// Whether an event with these facts matches this item.
    pub fn matches(&self, facts: Facts<'_>) -> bool {
        let types = &self.types;
        (types.is_empty() || types.iter().any(|name| name.as_str() == facts.event_type))
            && self.tags.iter().all(|tag| facts.tags.contains(tag))
            && self
                .stream
                .as_ref()
                .is_none_or(|stream| facts.stream == Some(stream))
            && self.category.as_ref().is_none_or(|category| {
                facts
                    .stream
                    .is_some_and(|stream| stream.category() == category.as_str())
            })
    }
}
