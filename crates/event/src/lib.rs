//! The vocabulary of Headwater: what an event is, how events are asked for, under which condition
//! they are appended, what the limits are and what a failure says.
//!
//! There is no I/O here, no clock and no runtime: everything else in Headwater builds on these
//! words and adds the doing.
//!
//! ```
//! use headwater_event::{Append, EventType, ExpectedRevision, NewEvent, StreamName};
//!
//! let ada = StreamName::new("account/ada")?;
//! let opened = NewEvent::json(EventType::new("AccountOpened")?, r#"{"email":"ada@example.org"}"#)
//!     .in_stream(ada.clone());
//! let append = Append::of(vec![opened]).expecting(ada, ExpectedRevision::None);
//! append.check()?;
//! # Ok::<(), headwater_event::Error>(())
//! ```

mod actor;
mod append;
mod chain;
mod error;
mod event;
mod id;
pub mod json;
pub mod limits;
mod name;
mod position;
mod query;
mod text;
mod time;

pub use append::{
    Append, Appended, Boundary, CheckedAppend, Condition, Conflict, ExpectedRevision, Outcome,
};
pub use chain::{ChainHash, ChainLink, ChainPoint};
pub use error::{Error, Kind};
pub use event::{Event, EventRef, JSON, NewEvent, tag_set};
pub use id::{EventId, LogId};
pub use name::{EventType, StreamName, Tag, check_category};
pub use position::{Position, Revision};
pub use query::{Facts, Query, QueryItem};
pub use text::Text;
pub use time::Timestamp;
