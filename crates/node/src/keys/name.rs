//! Names of keys.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use headwater_event::Error;

use crate::name::{DATABASE_NAME_CHARS_MAX, is_plain};

/// The name of a key: `[a-z0-9][a-z0-9_-]{0,62}`, which every protocol can say.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(Arc<str>);

impl KeyName {
    /// The name of a key that a process makes for itself, which no other can have.
    pub(super) fn of_this_process(text: &str) -> KeyName {
        KeyName(text.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = Error;

    fn from_str(text: &str) -> Result<KeyName, Error> {
        match is_plain(text) {
            true => Ok(KeyName(text.into())),
            false => Err(
                Error::invalid("bad_key_name", "the name of a key cannot be used")
                    .found(format!("{text:?}"))
                    .expected(format!(
                        "1 to {DATABASE_NAME_CHARS_MAX} of a to z, 0 to 9, - and _, beginning with a letter or digit"
                    )),
            ),
        }
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}
