//! What is recorded about keys in `_system`, in the stream `key/<id>`.

use headwater_event::{Error, Event, EventType, NewEvent, StreamName, Tag};
use serde::{Deserialize, Serialize};

use crate::keys::{KeyId, Role};
use crate::system::{json, parse, unreadable};

pub(super) const CREATED: &str = "KeyCreated";
pub(super) const REVOKED: &str = "KeyRevoked";
const USED: &str = "KeyUsed";

/// The types of all facts about keys.
pub(crate) fn types() -> Result<Vec<EventType>, Error> {
    [CREATED, REVOKED, USED]
        .into_iter()
        .map(EventType::new)
        .collect()
}

/// What happened to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fact {
    Created(Created),
    Revoked(Revoked),
    /// It opened something, at about this time.
    Used(Used),
}

/// It opens what its role says from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Created {
    pub(super) name: String,
    pub(super) role: Role,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) database: Option<String>,
    pub(super) verifier: String,
}

/// It opens nothing any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Revoked {
    pub(super) name: String,
}

/// It was used: when, is the time of the event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Used {}

impl Fact {
    /// The event that records a use.
    pub(super) fn used(id: KeyId) -> Result<NewEvent, Error> {
        Fact::Used(Used {}).to_event(id)
    }

    /// The event that records this about a key.
    pub(super) fn to_event(&self, id: KeyId) -> Result<NewEvent, Error> {
        let tag = |name: &str| Ok::<_, Error>(vec![Tag::new(format!("key:{name}"))?]);
        let (name, data, tags) = match self {
            Fact::Created(fact) => (CREATED, json(fact), tag(&fact.name)?),
            Fact::Revoked(fact) => (REVOKED, json(fact), tag(&fact.name)?),
            Fact::Used(fact) => (USED, json(fact), Vec::new()),
        };
        NewEvent::json(EventType::new(name)?, data?)
            .in_stream(stream(id)?)
            .tagged(tags)
    }

    /// What an event of `_system` says, and about which key; nothing if it is about something
    /// else.
    pub(super) fn of_event(event: &Event) -> Result<Option<(KeyId, Fact)>, Error> {
        let fact = match event.event_type.as_str() {
            CREATED => Fact::Created(parse(event)?),
            REVOKED => Fact::Revoked(parse(event)?),
            USED => Fact::Used(parse(event)?),
            _ => return Ok(None),
        };
        let stream = event.stream.as_ref();
        let id = stream.and_then(|stream| KeyId::of_text(stream.key()));
        let id = id.ok_or_else(|| unreadable(event))?;
        Ok(Some((id, fact)))
    }
}

/// The stream that holds all that is recorded about a key.
pub(super) fn stream(id: KeyId) -> Result<StreamName, Error> {
    StreamName::new(format!("key/{id}"))
}
