//! What form an answer should have.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

pub(crate) const JSON: &str = "application/json";
pub(crate) const NDJSON: &str = "application/x-ndjson";
pub(crate) const EVENT_STREAM: &str = "text/event-stream";

/// The form of an answer, from the `Accept` header: the first that it names of those we have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accept {
    /// One JSON document.
    Json,
    /// A JSON document on each line.
    Ndjson,
    /// Server-sent events.
    EventStream,
    /// None that we have, or none at all.
    Any,
}

impl<S: Sync> FromRequestParts<S> for Accept {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Accept, Infallible> {
        let values = parts.headers.get_all(header::ACCEPT);
        let texts = values.iter().filter_map(|value| value.to_str().ok());
        Ok(texts
            .flat_map(|text| text.split(','))
            .find_map(Accept::of)
            .unwrap_or(Accept::Any))
    }
}

impl Accept {
    fn of(range: &str) -> Option<Accept> {
        let media = range.split(';').next().unwrap_or("").trim();
        match media.to_ascii_lowercase().as_str() {
            JSON => Some(Accept::Json),
            NDJSON | "application/ndjson" | "application/jsonl" => Some(Accept::Ndjson),
            EVENT_STREAM => Some(Accept::EventStream),
            _ => None,
        }
    }
}
