//! What a caller is told when something cannot be done.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use crate::Position;

/// What kind of failure it is: enough to decide what to do, the same on every interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request can never succeed as it is. Nothing was done; the caller must change it.
    Invalid,
    /// What the request names is not there. Nothing was done.
    NotFound,
    /// The request contradicts what is there. Nothing was done; the caller must look again and
    /// decide.
    Conflict,
    /// The request is larger than a limit. Nothing was done; the caller must split it.
    TooLarge,
    /// A queue is full. Nothing was done; the caller may try again after a pause.
    Busy,
    /// The storage has no room. Nothing was done; it works again by itself once there is room.
    Full,
    /// A deadline passed first. Nothing was written; the caller may try again.
    Deadline,
    /// The outcome is not known, or the database cannot answer now. The caller must retry with
    /// the same event ids, which never writes twice.
    Unavailable,
    /// Stored bytes are not what was written. They are refused, never guessed; a person must
    /// look.
    Damaged,
    /// A defect of Headwater. The caller may retry with the same event ids.
    Internal,
}

/// A failure: a kind for programs, a stable code, and words for people.
///
/// It is cheap to clone, because one failed commit is told to every append that was in it.
#[derive(Clone, Debug)]
pub struct Error {
    inner: Arc<Inner>,
}

#[derive(Clone, Debug)]
struct Inner {
    kind: Kind,
    code: &'static str,
    message: String,
    field: Option<String>,
    found: Option<String>,
    expected: Option<String>,
    action: Option<String>,
    position: Option<Position>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// A failure of `kind` with a stable `code` (lower case, underscores) and a message that names
    /// the thing.
    pub fn new(kind: Kind, code: &'static str, message: impl Into<String>) -> Error {
        Error {
            inner: Arc::new(Inner {
                kind,
                code,
                message: message.into(),
                field: None,
                found: None,
                expected: None,
                action: None,
                position: None,
                source: None,
            }),
        }
    }

    /// A request that can never succeed as it is.
    pub fn invalid(code: &'static str, message: impl Into<String>) -> Error {
        Error::new(Kind::Invalid, code, message)
    }

    /// Stored bytes that are not what was written.
    pub fn damaged(message: impl Into<String>) -> Error {
        Error::new(Kind::Damaged, "damaged", message)
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Error {
        change(Arc::make_mut(&mut self.inner));
        self
    }

    /// The part of the request it is about, such as `events[3].tags[0]`.
    pub fn field(self, field: impl Into<String>) -> Error {
        self.with(|inner| inner.field = Some(field.into()))
    }

    /// Puts the name of the surrounding part before the field that it is about.
    pub fn within(self, part: &str) -> Error {
        self.with(|inner| {
            inner.field = Some(match inner.field.take() {
                Some(field) => format!("{part}.{field}"),
                None => part.to_owned(),
            });
        })
    }

    /// What was found. Long values are cut at 200 characters.
    pub fn found(self, found: impl fmt::Display) -> Error {
        self.with(|inner| inner.found = Some(cut(found.to_string())))
    }

    /// What was expected instead.
    pub fn expected(self, expected: impl fmt::Display) -> Error {
        self.with(|inner| inner.expected = Some(expected.to_string()))
    }

    /// What to do about it.
    pub fn action(self, action: impl Into<String>) -> Error {
        self.with(|inner| inner.action = Some(action.into()))
    }

    /// The position in the log that it is about.
    pub fn at(self, position: Position) -> Error {
        self.with(|inner| inner.position = Some(position))
    }

    /// Says before the message what the error is about.
    pub fn about(self, what: impl fmt::Display) -> Error {
        self.with(|inner| inner.message = format!("{what}: {}", inner.message))
    }

    /// What caused it.
    pub fn caused_by(self, source: impl StdError + Send + Sync + 'static) -> Error {
        self.with(|inner| inner.source = Some(Arc::new(source)))
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        self.inner.kind
    }

    /// The stable code, such as `position_ahead`.
    pub fn code(&self) -> &'static str {
        self.inner.code
    }

    /// The message alone, without found, expected and action.
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// See [`field`](Self::field).
    pub fn field_name(&self) -> Option<&str> {
        self.inner.field.as_deref()
    }

    /// See [`found`](Self::found).
    pub fn what_found(&self) -> Option<&str> {
        self.inner.found.as_deref()
    }

    /// See [`expected`](Self::expected).
    pub fn what_expected(&self) -> Option<&str> {
        self.inner.expected.as_deref()
    }

    /// See [`action`](Self::action).
    pub fn what_to_do(&self) -> Option<&str> {
        self.inner.action.as_deref()
    }

    /// See [`at`](Self::at).
    pub fn position(&self) -> Option<Position> {
        self.inner.position
    }

    /// Whether the same request may succeed later without being changed.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.kind(),
            Kind::Busy | Kind::Full | Kind::Deadline | Kind::Unavailable | Kind::Internal
        )
    }

    /// Whether it is certain that nothing was written.
    pub fn has_no_side_effects(&self) -> bool {
        !matches!(self.kind(), Kind::Unavailable | Kind::Internal)
    }
}

fn cut(text: String) -> String {
    const CHARS_MAX: usize = 200;
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}... ({} bytes)", &text[..end], text.len()),
        None => text,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.inner;
        if let Some(field) = &inner.field {
            write!(f, "{field}: ")?;
        }
        f.write_str(&inner.message)?;
        if let Some(found) = &inner.found {
            write!(f, "; found {found}")?;
        }
        if let Some(expected) = &inner.expected {
            write!(f, "; expected {expected}")?;
        }
        if let Some(action) = &inner.action {
            write!(f, "; {action}")?;
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.inner.source {
            Some(source) => Some(source.as_ref()),
            None => None,
        }
    }
}
