//! What a client is told when something cannot be done: `application/problem+json` (RFC 9457).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use headwater_event::{Conflict, Error, EventRef};
use headwater_node::{DefinitionError, ProjectionError};
use headwater_sql::SqlError;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::code;

/// Seconds after which a client may try again.
const RETRY_AFTER_SECONDS: u32 = 1;

/// A failure: a stable code, what was found, what was expected, what to do.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// The HTTP status.
    status: u16,
    /// Stable; what a program looks at.
    #[schema(value_type = String)]
    code: &'static str,
    /// A short sentence that is the same for each code.
    #[schema(value_type = String)]
    title: &'static str,
    /// The whole sentence, for people.
    detail: String,
    #[serde(flatten)]
    #[schema(inline)]
    more: Box<More>,
    #[serde(skip)]
    closing: bool,
}

/// The parts that not every problem has.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
struct More {
    /// The part of the request that it is about, such as `events[3].tags[0]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// What was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<String>,
    /// What was expected instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    /// The position in the log that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
    /// The stream of a `revision_conflict`.
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<String>,
    /// The position after which a `boundary_conflict` looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<u64>,
    /// The event id of an `id_reused`.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// The event in the way of a conflict.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<EventReference>,
    /// PostgreSQL's code of a `sql_error`.
    #[serde(skip_serializing_if = "Option::is_none")]
    sqlstate: Option<String>,
    /// The character of the statement that is to blame, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    sql_position: Option<usize>,
    /// The line of the projection's file that is to blame, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// The character of that line, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    /// What PostgreSQL would give as a hint.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

/// The short form of an event.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct EventReference {
    /// Place in the log.
    position: u64,
    /// Identity.
    id: String,
    /// What happened.
    r#type: String,
    /// The stream, if it is in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<String>,
    /// Its place in the stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
}

impl From<&EventRef> for EventReference {
    fn from(event: &EventRef) -> EventReference {
        EventReference {
            position: event.position.0,
            id: event.id.to_string(),
            r#type: event.event_type.to_string(),
            stream: event.stream.as_ref().map(ToString::to_string),
            revision: event.stream.as_ref().map(|_| event.revision.0),
        }
    }
}

impl Problem {
    /// A problem with one of the codes of [`code::CODES`].
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Problem {
        let entry = code::lookup(code);
        if entry.is_none() {
            tracing::error!(code, "a code of an error is not in the list");
        }
        Problem {
            status: entry.map_or(500, |entry| entry.status),
            code,
            title: entry.map_or("", |entry| entry.title),
            detail: message.into(),
            more: Box::default(),
            closing: false,
        }
    }

    pub(crate) fn field(mut self, field: impl Into<String>) -> Problem {
        self.more.field = Some(field.into());
        self
    }

    pub(crate) fn found(mut self, found: impl std::fmt::Display) -> Problem {
        self.more.found = Some(found.to_string());
        self
    }

    pub(crate) fn expected(mut self, expected: impl Into<String>) -> Problem {
        self.more.expected = Some(expected.into());
        self
    }

    pub(crate) fn action(mut self, action: impl Into<String>) -> Problem {
        self.more.action = Some(action.into());
        self
    }

    /// The same problem, after which the connection is closed: what is left of the request on it
    /// is not worth reading.
    pub(crate) fn closing(mut self) -> Problem {
        self.closing = true;
        self
    }

    /// A panic that a request met.
    pub(crate) fn panicked() -> Problem {
        Problem::new("internal", "the request met a defect of the server")
            .action("try again with the same event ids; the log of the server tells more")
    }

    /// The HTTP status.
    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The problem as JSON, in one line.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        let mut whole = self.clone();
        whole.detail = whole.sentence();
        serde_json::to_vec(&whole).unwrap_or_default() // texts and numbers alone, which always are JSON
    }

    /// Message, found, expected and action in one sentence.
    fn sentence(&self) -> String {
        let mut text = match &self.more.field {
            Some(field) => format!("{field}: {}", self.detail),
            None => self.detail.clone(),
        };
        let more = [
            ("found ", &self.more.found),
            ("expected ", &self.more.expected),
            ("", &self.more.action),
        ];
        for (word, part) in more {
            if let Some(part) = part {
                text.push_str("; ");
                text.push_str(word);
                text.push_str(part);
            }
        }
        text
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        let entry = code::lookup(error.code());
        let text = |part: Option<&str>| part.map(ToOwned::to_owned);
        Problem {
            status: entry.map_or_else(|| code::status_of(error.kind()), |entry| entry.status),
            code: error.code(),
            title: entry.map_or_else(|| code::title_of(error.kind()), |entry| entry.title),
            detail: error.message().to_owned(),
            more: Box::new(More {
                field: text(error.field_name()),
                found: text(error.what_found()),
                expected: text(error.what_expected()),
                action: text(error.what_to_do()),
                position: error.position().map(|position| position.0),
                ..More::default()
            }),
            closing: false,
        }
    }
}

impl From<ProjectionError> for Problem {
    fn from(error: ProjectionError) -> Problem {
        match error {
            ProjectionError::Definition(error) => error.into(),
            ProjectionError::Sql(error) => error.into(),
            ProjectionError::Other(error) => error.into(),
        }
    }
}

impl From<DefinitionError> for Problem {
    fn from(error: DefinitionError) -> Problem {
        let mut problem = Problem::new("bad_projection", error.message);
        problem.more = Box::new(More {
            field: Some(format!("line {}, column {}", error.line, error.column)),
            line: Some(error.line),
            column: Some(error.column),
            expected: error.expected,
            hint: error.hint,
            sqlstate: error.sqlstate,
            ..More::default()
        });
        problem
    }
}

impl From<SqlError> for Problem {
    fn from(error: SqlError) -> Problem {
        let mut problem = Problem::new("sql_error", error.message());
        let more = &mut problem.more;
        more.sqlstate = Some(error.sqlstate().to_owned());
        more.sql_position = error.position();
        more.found = error.detail().map(ToOwned::to_owned);
        more.hint = error.hint().map(ToOwned::to_owned);
        problem
    }
}

impl From<&Conflict> for Problem {
    fn from(conflict: &Conflict) -> Problem {
        let mut problem = Problem::new(conflict.code(), conflict.to_string());
        let more = &mut problem.more;
        more.event = conflict.event().map(EventReference::from);
        more.position = conflict.event().map(|event| event.position.0);
        match conflict {
            Conflict::Revision {
                stream,
                expected,
                found,
                ..
            } => {
                more.stream = Some(stream.to_string());
                more.expected = Some(expected.to_string());
                more.found = Some(found.to_string());
                more.action = Some("read the stream again and decide again".to_owned());
            }
            Conflict::Boundary { after, .. } => {
                more.after = Some(after.0);
                more.action = Some("read what matches again and decide again".to_owned());
            }
            Conflict::IdReused { id, .. } => {
                more.id = Some(id.to_string());
                more.action = Some("give a new event a new id".to_owned());
            }
        }
        problem
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status(), self.to_json()).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if matches!(self.status, 429 | 503 | 507) {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS.into());
        }
        if self.status == 401 {
            let scheme = HeaderValue::from_static("Bearer realm=\"headwater\"");
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        if self.closing {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}
