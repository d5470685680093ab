//! Identities: of an event, and of a log.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Error;

/// The namespace under which foreign ids become UUIDs, itself
/// `UUIDv5(URL namespace, "headwater:foreign-event-id")`.
const FOREIGN: Uuid = Uuid::from_u128(0x5ba1_6a35_9b5f_5d3e_8a0c_6f2e_94d7_1c42);

/// Identity of an event, unique in its log: a retried append is known by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(pub Uuid);

impl EventId {
    /// The id that stands for an id which is not a UUID: UUIDv5 of the source and the id
    /// (RFC 9562, section 5.5), with the length of the source before both so that no two pairs
    /// meet.
    pub fn foreign(source: &str, id: &str) -> EventId {
        let name = format!("{}:{source}{id}", source.len());
        EventId(Uuid::new_v5(&FOREIGN, name.as_bytes()))
    }
}

/// Identity of a log. New at create, branch and restore, so that a cursor into one log is never
/// taken for a cursor into another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LogId(pub Uuid);

macro_rules! uuid_text {
    ($name:ident, $noun:literal) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<$name, Error> {
                Uuid::parse_str(text).map($name).map_err(|_| {
                    Error::invalid("bad_id", format!("{} is not a UUID", $noun))
                        .found(text)
                        .expected("a UUID such as 01929b9e-7a54-7cc3-a1d7-2a7c5f3a9d10")
                })
            }
        }
    };
}

uuid_text!(EventId, "the event id");
uuid_text!(LogId, "the log id");
