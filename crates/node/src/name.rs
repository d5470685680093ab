//! Names of databases.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use headwater_event::Error;

/// Characters of a name.
pub const DATABASE_NAME_CHARS_MAX: usize = 63;

/// The name of the node's own log.
pub(crate) const SYSTEM: &str = "_system";

/// The name of a database: `[a-z0-9][a-z0-9_-]{0,62}`, or `_system` for the node's own log.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DatabaseName(Arc<str>);

impl DatabaseName {
    /// The node's own log. It can be read and not written.
    pub fn system() -> DatabaseName {
        DatabaseName(SYSTEM.into())
    }

    /// Whether it is the node's own log.
    pub fn is_system(&self) -> bool {
        self.as_str() == SYSTEM
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DatabaseName {
    type Err = Error;

    fn from_str(text: &str) -> Result<DatabaseName, Error> {
        if is_plain(text) || text == SYSTEM {
            return Ok(DatabaseName(text.into()));
        }
        Err(
            Error::invalid("bad_database_name", "the name of a database cannot be used")
                .found(format!("{text:?}"))
                .expected(format!(
                    "1 to {DATABASE_NAME_CHARS_MAX} of a to z, 0 to 9, - and _, beginning with a letter or digit"
                )),
        )
    }
}

/// Whether a text is `[a-z0-9][a-z0-9_-]{0,62}`.
pub(crate) fn is_plain(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut bytes = text.bytes();
    bytes.next().is_some_and(plain)
        && bytes.all(|byte| plain(byte) || byte == b'_' || byte == b'-')
        && text.len() <= DATABASE_NAME_CHARS_MAX
}

impl fmt::Display for DatabaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for DatabaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        for good in [
            "a",
            "0",
            "shop",
            "shop-2",
            "a_b",
            &"a".repeat(63),
            "_system",
        ] {
            assert!(good.parse::<DatabaseName>().is_ok(), "{good}");
        }
        let long = "a".repeat(64);
        for bad in [
            "", "-a", "_a", "A", "a.b", "a/b", "ä", "a b", "..", "_usage", &long,
        ] {
            let error = bad.parse::<DatabaseName>().unwrap_err();
            assert_eq!(error.code(), "bad_database_name", "{bad}");
        }
    }
}
