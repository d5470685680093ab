//! Names that writers choose: streams, event types, tags.

use std::fmt;

use crate::limits::{NAME_BYTES_MAX, TAG_BYTES_MAX};
use crate::{Error, Text};

/// Checks what all names have in common: not empty, within `bytes_max`, no control characters.
fn check(noun: &'static str, text: &str, bytes_max: usize) -> Result<(), Error> {
    if text.is_empty() {
        return Err(Error::invalid("bad_name", format!("the {noun} is empty"))
            .expected(format!("1 to {bytes_max} bytes of text")));
    }
    if text.len() > bytes_max {
        return Err(
            Error::invalid("bad_name", format!("the {noun} is too long"))
                .found(format!("{} bytes", text.len()))
                .expected(format!("at most {bytes_max} bytes")),
        );
    }
    // Most names are plain ASCII, which is seen at once.
    let plain = text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if !plain && let Some(control) = text.chars().find(|c| c.is_control()) {
        return Err(
            Error::invalid("bad_name", format!("the {noun} has a control character"))
                .found(format!("{:?}", control))
                .expected("printable text"),
        );
    }
    Ok(())
}

/// Name of the events of one entity: `category/key`, such as `account/42`.
///
/// The category ends at the first `/`; the key may hold more of them. At most 400 bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamName {
    text: Text,
    /// Bytes of the category: what stands before the first `/`.
    category: u16,
}

impl StreamName {
    /// Checks and takes a name.
    pub fn new(text: impl Into<Text>) -> Result<StreamName, Error> {
        let text = text.into();
        check("stream name", &text, NAME_BYTES_MAX)?;
        match text.find('/') {
            Some(slash) if slash > 0 && slash + 1 < text.len() => Ok(StreamName {
                category: slash as u16, // at most NAME_BYTES_MAX, checked above
                text,
            }),
            _ => Err(
                Error::invalid("bad_name", "the stream name has no category and key")
                    .found(&text)
                    .expected("category/key, such as account/42"),
            ),
        }
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The whole name, sharing its buffer.
    pub fn text(&self) -> &Text {
        &self.text
    }

    /// What stands before the first `/`.
    pub fn category(&self) -> &str {
        &self.text[..usize::from(self.category)]
    }

    /// What stands after the first `/`.
    pub fn key(&self) -> &str {
        &self.text[usize::from(self.category) + 1..]
    }
}

/// A category: the part of stream names before the first `/`.
pub fn check_category(text: &str) -> Result<(), Error> {
    check("category", text, NAME_BYTES_MAX)?;
    if text.contains('/') {
        return Err(Error::invalid("bad_name", "the category holds a `/`")
            .found(text)
            .expected("the part of the stream name before the first `/`, such as account"));
    }
    Ok(())
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $noun:literal, $max:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Text);

        impl $name {
            /// Checks and takes a name.
            pub fn new(text: impl Into<Text>) -> Result<$name, Error> {
                let text = text.into();
                check($noun, &text, $max)?;
                Ok($name(text))
            }

            /// The name.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The name, sharing its buffer.
            pub fn text(&self) -> &Text {
                &self.0
            }
        }

        text_traits!($name);
    };
}

macro_rules! text_traits {
    ($name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self.as_str(), f)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<$name, Error> {
                $name::new(text)
            }
        }
    };
}

text_traits!(StreamName);

name!(
    /// What happened: `AccountOpened`. At most 400 bytes.
    EventType, "event type", NAME_BYTES_MAX
);

name!(
    /// An opaque label on an event, such as `customer:7`. At most 256 bytes.
    Tag, "tag", TAG_BYTES_MAX
);
