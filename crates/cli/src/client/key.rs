//! Keys: the one that the client shows, and what the server says of keys.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::Deserialize;

/// The text of a key. It is not printed where things are printed for a look.
#[derive(Clone)]
pub(crate) struct KeyText(Arc<str>);

impl KeyText {
    /// The text.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for KeyText {
    fn from(text: String) -> KeyText {
        KeyText(text.into())
    }
}

impl FromStr for KeyText {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<KeyText, Infallible> {
        Ok(KeyText(text.trim().into()))
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Keys {
    pub(super) keys: Vec<Key>,
}

/// A key, without its text.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Key {
    /// Who uses it.
    pub(crate) name: String,
    /// read, write or admin.
    pub(crate) role: String,
    /// The one database that it reaches, if it does not reach all.
    pub(crate) database: Option<String>,
    /// When it was made.
    pub(crate) created_at: String,
    /// When it was used last.
    pub(crate) used_at: Option<String>,
    /// Since when it opens nothing any more.
    pub(crate) revoked_at: Option<String>,
}

/// A key that was just made.
#[derive(Deserialize)]
pub(crate) struct MadeKey {
    /// Its text.
    pub(crate) key: String,
    /// What else there is to say.
    #[serde(flatten)]
    pub(crate) about: Key,
}
