//! What a client is told when something cannot be done: a SQLSTATE, a message, and what else is
//! known of it.

use headwater_event::{Conflict, Error, Kind};
use headwater_node::ProjectionError;
use headwater_sql::SqlError;
use pgwire::messages::response::{ErrorResponse, NoticeResponse};

/// A failure, or something that a client should notice.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    inner: Box<Inner>,
}

#[derive(Clone, Debug)]
struct Inner {
    is_fatal: bool,
    sqlstate: String,
    message: String,
    detail: Option<String>,
    hint: Option<String>,
    /// The character to blame, counted from 1.
    position: Option<usize>,
}

impl Failure {
    /// A failure after which the connection goes on.
    pub(crate) fn new(sqlstate: &str, message: impl Into<String>) -> Failure {
        Failure {
            inner: Box::new(Inner {
                is_fatal: false,
                sqlstate: sqlstate.to_owned(),
                message: message.into(),
                detail: None,
                hint: None,
                position: None,
            }),
        }
    }

    /// What PostgreSQL does and Headwater does not: 0A000.
    pub(crate) fn unsupported(what: impl std::fmt::Display) -> Failure {
        Failure::new("0A000", format!("{what} is not part of Headwater's SQL"))
    }

    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Failure {
        self.inner.detail = Some(detail.into());
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.inner.hint = Some(hint.into());
        self
    }

    /// The character of the statement to blame, counted from 1.
    pub(crate) fn at(mut self, position: usize) -> Failure {
        self.inner.position = Some(position);
        self
    }

    /// The same failure of a statement that stands after so many characters of a longer text.
    pub(crate) fn after(mut self, characters: usize) -> Failure {
        self.inner.position = self.inner.position.map(|position| position + characters);
        self
    }

    /// The same failure, after which the connection is closed.
    pub(crate) fn fatal(mut self) -> Failure {
        self.inner.is_fatal = true;
        self
    }

    pub(crate) fn sqlstate(&self) -> &str {
        &self.inner.sqlstate
    }

    pub(crate) fn message(&self) -> &str {
        &self.inner.message
    }

    /// As the protocol says it.
    pub(crate) fn response(&self) -> ErrorResponse {
        let severity = if self.inner.is_fatal {
            "FATAL"
        } else {
            "ERROR"
        };
        ErrorResponse::new(self.fields(severity))
    }

    /// The same words as a notice, which stops nothing.
    pub(crate) fn notice(&self, severity: &str) -> NoticeResponse {
        NoticeResponse::new(self.fields(severity))
    }

    fn fields(&self, severity: &str) -> Vec<(u8, String)> {
        let inner = &self.inner;
        let mut fields = vec![
            (b'S', severity.to_owned()),
            (b'V', severity.to_owned()),
            (b'C', inner.sqlstate.clone()),
            (b'M', inner.message.clone()),
        ];
        fields.extend(inner.detail.clone().map(|detail| (b'D', detail)));
        fields.extend(inner.hint.clone().map(|hint| (b'H', hint)));
        fields.extend(inner.position.map(|position| (b'P', position.to_string())));
        for (_, text) in &mut fields {
            text.retain(|character| character != '\0'); // which would end it on the wire
        }
        fields
    }
}

impl From<SqlError> for Failure {
    fn from(error: SqlError) -> Failure {
        let mut failure = Failure::new(error.sqlstate(), error.message());
        failure.inner.detail = error.detail().map(ToOwned::to_owned);
        failure.inner.hint = error.hint().map(ToOwned::to_owned);
        failure.inner.position = error.position();
        failure
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let message = match error.field_name() {
            Some(field) => format!("{field}: {}", error.message()),
            None => error.message().to_owned(),
        };
        let mut failure = Failure::new(sqlstate_of(&error), message);
        let parts = [
            ("found", error.what_found()),
            ("expected", error.what_expected()),
        ];
        let told: Vec<String> = parts
            .iter()
            .filter_map(|(word, part)| part.map(|part| format!("{word} {part}")))
            .collect();
        failure.inner.detail = (!told.is_empty()).then(|| told.join("; "));
        failure.inner.hint = error.what_to_do().map(ToOwned::to_owned);
        failure
    }
}

impl From<ProjectionError> for Failure {
    fn from(error: ProjectionError) -> Failure {
        match error {
            ProjectionError::Sql(error) => error.into(),
            ProjectionError::Other(error) => error.into(),
            ProjectionError::Definition(error) => Error::from(error).into(),
        }
    }
}

/// 40001 tells a client that it may read again, decide again and try again.
impl From<&Conflict> for Failure {
    fn from(conflict: &Conflict) -> Failure {
        let event = conflict.event().map(|event| {
            let id = event.id;
            format!(
                "In the way is the {} {id} at position {}.",
                event.event_type, event.position
            )
        });
        let (sqlstate, detail, hint) = match conflict {
            Conflict::Revision {
                stream,
                expected,
                found,
                ..
            } => (
                "40001",
                format!("Stream {stream}: expected revision {expected}, found {found}."),
                "Read the stream again and decide again.",
            ),
            Conflict::Boundary { after, .. } => (
                "40001",
                format!("Expected no such event after position {after}."),
                "Read what matches again and decide again.",
            ),
            Conflict::IdReused { id, .. } => (
                "23505",
                format!("Key (id)=({id}) already exists."),
                "Give a new event a new id.",
            ),
        };
        let detail = event.map_or(detail.clone(), |event| format!("{detail} {event}"));
        Failure::new(sqlstate, conflict.to_string())
            .detail(detail)
            .hint(hint)
    }
}

/// The SQLSTATE that comes nearest: by the code where one says more than its kind.
fn sqlstate_of(error: &Error) -> &'static str {
    match (error.code(), error.kind()) {
        ("unknown_database", _) => "3D000",
        ("key_needed", _) => "28000",
        ("bad_key", _) => "28P01",
        ("forbidden", _) => "42501",
        ("system_database", _) => "25006",
        ("stopping", _) => "57P01",
        ("projection_failed", _) => "55000",
        (_, Kind::Invalid) => "22023",
        (_, Kind::NotFound) => "42704",
        (_, Kind::Conflict) => "40001",
        (_, Kind::TooLarge) => "54000",
        (_, Kind::Busy) => "53000",
        (_, Kind::Full) => "53100",
        (_, Kind::Deadline) => "57014",
        (_, Kind::Unavailable) => "57P03",
        (_, Kind::Damaged) => "XX001",
        (_, Kind::Internal) => "XX000",
    }
}
