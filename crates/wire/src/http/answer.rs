//! Answers: the few forms that they have.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::Stream;
use headwater_event::LogId;
use serde::Serialize;

use crate::http::accept::JSON;
use crate::http::problem::Problem;

/// About how many bytes of an answer are made at once, where it is made while it is sent.
pub(crate) const CHUNK_BYTES: usize = 64 << 10;

/// Room for most answers of one piece.
const SMALL_BYTES: usize = 256;

/// The log that positions in the answer are of.
pub(crate) const LOG_ID: HeaderName = HeaderName::from_static("headwater-log-id");
/// The head that the answer reflects.
pub(crate) const HEAD: HeaderName = HeaderName::from_static("headwater-head");
/// The cursor to go on with.
pub(crate) const NEXT: HeaderName = HeaderName::from_static("headwater-next");

/// A JSON document.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Result<Response, Problem> {
    let mut bytes = Vec::with_capacity(SMALL_BYTES);
    serde_json::to_writer(&mut bytes, body)
        .map_err(|error| Problem::new("internal", "the answer has no JSON form").found(error))?;
    Ok(with_type(status, JSON, bytes))
}

/// Bytes of a media type.
pub(crate) fn with_type(
    status: StatusCode,
    media: &'static str,
    bytes: impl Into<Bytes>,
) -> Response {
    let mut response = (status, Body::from(bytes.into())).into_response();
    set_type(&mut response, media);
    response
}

/// An answer that is made while it is sent.
pub(crate) fn streamed(
    media: &'static str,
    chunks: impl Stream<Item = Bytes> + Send + 'static,
) -> Response {
    use futures::StreamExt as _;
    let body = Body::from_stream(chunks.map(Ok::<Bytes, std::convert::Infallible>));
    let mut response = body.into_response();
    set_type(&mut response, media);
    response
}

fn set_type(response: &mut Response, media: &'static str) {
    let value = HeaderValue::from_static(media);
    response.headers_mut().insert(header::CONTENT_TYPE, value);
}

/// Sets a header that says which log the positions are of.
pub(crate) fn set_log(response: &mut Response, log_id: LogId) {
    if let Ok(value) = HeaderValue::from_str(&log_id.to_string()) {
        response.headers_mut().insert(LOG_ID, value);
    }
}
