//! The name of who appends, in the metadata of the events.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::event::too_large;
use crate::limits::METADATA_BYTES_MAX;
use crate::{Error, NewEvent, Text};

/// A name as the metadata of events that have no other.
pub(crate) struct Actor<'a> {
    name: &'a str,
    alone: Text,
}

/// What metadata says of its actor; a second `actor` in it is an error.
#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow, default, deserialize_with = "given")]
    actor: Option<&'a RawValue>,
}

/// `null` is something that was given.
fn given<'a, D: Deserializer<'a>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl Actor<'_> {
    pub(crate) fn new(name: &str) -> Actor<'_> {
        Actor {
            name,
            alone: Text::from(format!("{{{}}}", member(name))),
        }
    }

    /// Puts the name into the metadata of an event that was checked.
    ///
    /// `other_actor`: the metadata names somebody else, or names twice.
    pub(crate) fn sign(&self, event: &mut NewEvent) -> Result<(), Error> {
        let Some(metadata) = &event.metadata else {
            event.metadata = Some(self.alone.clone());
            return Ok(());
        };
        let said: Said<'_> = serde_json::from_str(metadata)
            .map_err(|error| self.refuse().found(&error).caused_by(error))?;
        if let Some(said) = said.actor {
            let same = serde_json::from_str::<String>(said.get()).is_ok_and(|it| it == self.name);
            return match same {
                true => Ok(()),
                false => Err(self.refuse().found(said.get())),
            };
        }
        let members = metadata.trim_start().strip_prefix('{').unwrap_or_default(); // an object, as was checked
        let comma = if members.trim_start().starts_with('}') {
            ""
        } else {
            ","
        };
        let signed = format!("{{{}{comma}{members}", member(self.name));
        if signed.len() > METADATA_BYTES_MAX {
            return Err(too_large("metadata", signed.len(), METADATA_BYTES_MAX));
        }
        event.metadata = Some(Text::from(signed));
        Ok(())
    }

    fn refuse(&self) -> Error {
        Error::invalid("other_actor", "the event names somebody else as its actor")
            .field("metadata.actor")
            .expected(format!("none, or {:?}: the name of the key", self.name))
            .action("leave it out; say on whose behalf in another field of the metadata")
    }
}

/// The member of a JSON object.
fn member(name: &str) -> String {
    let name = serde_json::Value::from(name);
    format!("\"actor\":{name}")
}
