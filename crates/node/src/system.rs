//! What the node records about its databases, in the log `_system`.
//!
//! Every event is in the stream `database/<id>` of the database it is about.
//!
//! | type | data | tags |
//! |---|---|---|
//! | `DatabaseCreated` | `name`, `log_id` | `name:<name>` |
//! | `DatabaseDeleted` | `name` | `name:<name>` |
//! | `SettingsChanged` | `parts` | |
//! | `ProjectionApplied` | `projection`, `definition` | `projection:<name>` |
//! | `ProjectionRemoved` | `projection` | `projection:<name>` |
//! | `PositionSkipped` | `projection`, `position`, `reason` | `projection:<name>` |
//!
//! A name is free when it was deleted as often as it was created; that it still is when a database
//! is created is a condition of the append, not a lock.

use headwater_event::{
    Append, Error, Event, EventType, LogId, NewEvent, Position, Query, QueryItem, StreamName, Tag,
};
use headwater_projection::Recorded;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{DatabaseName, Parts};

/// Identity of a database. A name points to it; it never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DatabaseId(pub Uuid);

impl std::fmt::Display for DatabaseId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

const CREATED: &str = "DatabaseCreated";
const DELETED: &str = "DatabaseDeleted";
const CHANGED: &str = "SettingsChanged";
const APPLIED: &str = "ProjectionApplied";
const REMOVED: &str = "ProjectionRemoved";
const SKIPPED: &str = "PositionSkipped";

/// What happened to a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    Created(Created),
    Deleted(Deleted),
    Changed(Changed),
    Applied(Applied),
    Removed(Removed),
    Skipped(Skipped),
}

/// It is there from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Created {
    pub(crate) name: String,
    pub(crate) log_id: LogId,
}

/// It is not there any more; its files are removed after this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Deleted {
    pub(crate) name: String,
}

/// Its settings are these from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Changed {
    /// Into how many parts its categories are shared out.
    pub(crate) parts: Parts,
}

/// A projection has this definition from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Applied {
    pub(crate) projection: String,
    pub(crate) definition: String,
}

/// A projection is not there any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Removed {
    pub(crate) projection: String,
}

/// A projection goes on after a position at which it failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Skipped {
    pub(crate) projection: String,
    pub(crate) position: Position,
    pub(crate) reason: String,
}

/// What a backup carries of a database beside its log: `{"ProjectionApplied":{...}}`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
enum Carried {
    SettingsChanged(Changed),
    ProjectionApplied(Applied),
    PositionSkipped(Skipped),
}

impl Fact {
    /// The event that records this about a database.
    pub(crate) fn to_event(&self, id: DatabaseId) -> Result<NewEvent, Error> {
        let named = |name: &str| Some(format!("name:{name}"));
        let projection = |name: &str| Some(format!("projection:{name}"));
        let (name, data, tag) = match self {
            Fact::Created(fact) => (CREATED, json(fact), named(&fact.name)),
            Fact::Deleted(fact) => (DELETED, json(fact), named(&fact.name)),
            Fact::Changed(fact) => (CHANGED, json(fact), None),
            Fact::Applied(fact) => (APPLIED, json(fact), projection(&fact.projection)),
            Fact::Removed(fact) => (REMOVED, json(fact), projection(&fact.projection)),
            Fact::Skipped(fact) => (SKIPPED, json(fact), projection(&fact.projection)),
        };
        let tag = tag.map(Tag::new).transpose()?;
        NewEvent::json(EventType::new(name)?, data?)
            .in_stream(stream(id)?)
            .tagged(tag.into_iter().collect())
    }

    /// What it says about projections, if it does.
    pub(crate) fn recorded(self) -> Option<Recorded> {
        match self {
            Fact::Created(_) | Fact::Deleted(_) | Fact::Changed(_) => None,
            Fact::Applied(fact) => Some(Recorded::Applied {
                text: fact.definition,
            }),
            Fact::Removed(fact) => Some(Recorded::Removed {
                name: fact.projection,
            }),
            Fact::Skipped(fact) => Some(Recorded::Skipped {
                name: fact.projection,
                position: fact.position,
                reason: fact.reason,
            }),
        }
    }

    /// The facts that another database needs to be the same beside its log: the settings; and of each
    /// projection that is there, the definition that was applied last, and what it passes over since.
    pub(crate) fn of_a_backup(facts: Vec<Fact>) -> Vec<Fact> {
        let mut kept: Vec<Fact> = Vec::new();
        for fact in facts {
            match &fact {
                Fact::Applied(Applied { projection, .. })
                | Fact::Removed(Removed { projection }) => {
                    kept.retain(|before| before.projection() != Some(projection));
                }
                Fact::Changed(_) => kept.retain(|before| !matches!(before, Fact::Changed(_))),
                _ => {}
            }
            if matches!(fact, Fact::Changed(_) | Fact::Applied(_) | Fact::Skipped(_)) {
                kept.push(fact);
            }
        }
        kept
    }

    /// The projection that it is about.
    fn projection(&self) -> Option<&String> {
        match self {
            Fact::Created(_) | Fact::Deleted(_) | Fact::Changed(_) => None,
            Fact::Applied(fact) => Some(&fact.projection),
            Fact::Removed(fact) => Some(&fact.projection),
            Fact::Skipped(fact) => Some(&fact.projection),
        }
    }

    /// The fact as a backup carries it.
    pub(crate) fn to_json(&self) -> Result<Vec<u8>, Error> {
        match self {
            Fact::Changed(fact) => json(&Carried::SettingsChanged(fact.clone())),
            Fact::Applied(fact) => json(&Carried::ProjectionApplied(fact.clone())),
            Fact::Skipped(fact) => json(&Carried::PositionSkipped(fact.clone())),
            Fact::Created(_) | Fact::Deleted(_) | Fact::Removed(_) => Err(Error::new(
                headwater_event::Kind::Internal,
                "internal",
                "a backup does not carry this fact",
            )),
        }
    }

    /// The fact that a backup carries.
    pub(crate) fn of_json(text: &[u8]) -> Result<Fact, Error> {
        match serde_json::from_slice(text) {
            Ok(Carried::SettingsChanged(fact)) => Ok(Fact::Changed(fact)),
            Ok(Carried::ProjectionApplied(fact)) => Ok(Fact::Applied(fact)),
            Ok(Carried::PositionSkipped(fact)) => Ok(Fact::Skipped(fact)),
            Err(error) => Err(Error::invalid(
                "bad_backup",
                "a fact about the database cannot be read",
            )
            .found(&error)
            .expected(
                "SettingsChanged, ProjectionApplied or PositionSkipped, as docs/SYSTEM.md has them",
            )
            .action("restore with the version of headwater that made the backup, or a newer one")),
        }
    }

    /// What an event of `_system` says, and about which database. Types that this version does not
    /// know are passed over.
    pub(crate) fn of_event(event: &Event) -> Result<Option<(DatabaseId, Fact)>, Error> {
        let fact = match event.event_type.as_str() {
            CREATED => Fact::Created(parse(event)?),
            DELETED => Fact::Deleted(parse(event)?),
            CHANGED => Fact::Changed(parse(event)?),
            APPLIED => Fact::Applied(parse(event)?),
            REMOVED => Fact::Removed(parse(event)?),
            SKIPPED => Fact::Skipped(parse(event)?),
            _ => return Ok(None),
        };
        let id = event
            .stream
            .as_ref()
            .and_then(|stream| stream.key().parse().ok())
            .ok_or_else(|| unreadable(event))?;
        Ok(Some((DatabaseId(id), fact)))
    }
}

/// The facts that a node folds when it is opened, which databases and which keys there are: few
/// among those that are about readers.
pub(crate) fn of_node() -> Result<Query, Error> {
    let types = [CREATED, DELETED, CHANGED].map(EventType::new);
    let mut types: Vec<EventType> = types.into_iter().collect::<Result<_, _>>()?;
    types.extend(crate::keys::types()?);
    Ok(Query::types(types))
}

/// The append that creates a database, unless one of this name was created after `seen`.
pub(crate) fn create(
    id: DatabaseId,
    name: &DatabaseName,
    log_id: LogId,
    seen: Position,
) -> Result<Append, Error> {
    let created = Fact::Created(Created {
        name: name.to_string(),
        log_id,
    });
    let taken = QueryItem {
        types: vec![EventType::new(CREATED)?],
        tags: vec![Tag::new(format!("name:{name}"))?],
        ..QueryItem::default()
    };
    let taken = Query { items: vec![taken] };
    Ok(Append::of(vec![created.to_event(id)?]).unless(taken, seen))
}

/// The append of a fact about a database that must not have been deleted.
pub(crate) fn while_there(id: DatabaseId, fact: &Fact) -> Result<Append, Error> {
    let deleted = QueryItem {
        types: vec![EventType::new(DELETED)?],
        stream: Some(stream(id)?),
        ..QueryItem::default()
    };
    let deleted = Query {
        items: vec![deleted],
    };
    Ok(Append::of(vec![fact.to_event(id)?]).unless(deleted, Position::ZERO))
}

/// The stream that holds all that is recorded about a database.
pub(crate) fn stream(id: DatabaseId) -> Result<StreamName, Error> {
    StreamName::new(format!("database/{id}"))
}

pub(crate) fn json(fact: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(fact).map_err(|error| {
        Error::new(
            headwater_event::Kind::Internal,
            "internal",
            "a fact has no JSON form",
        )
        .caused_by(error)
    })
}

pub(crate) fn parse<'a, T: Deserialize<'a>>(event: &'a Event) -> Result<T, Error> {
    serde_json::from_slice(&event.data).map_err(|error| unreadable(event).caused_by(error))
}

pub(crate) fn unreadable(event: &Event) -> Error {
    Error::damaged(format!(
        "the {} of the log _system cannot be read",
        event.event_type
    ))
    .at(event.position)
    .found(String::from_utf8_lossy(&event.data))
    .action("use the version of headwater that wrote it, or a newer one")
}
