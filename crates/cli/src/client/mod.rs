//! A client of Headwater's HTTP interface: typed calls, and failures that a person can act on.
//!
//! Calls that may be repeated without doing anything twice (reads, and appends whose events carry
//! ids) are repeated after the pause that the server asks for, when it answers 429 or 503.

mod answer;
mod key;
mod lines;
mod problem;
mod request;
mod stats;
mod url;

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
pub(crate) use reqwest::{Body, Method};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};

pub(crate) use answer::{
    Appended, Applied, Building, Database, Page, Projection, ProjectionFailure, ProjectionState,
    RestoreLine, Restored, RowColumn, Rows, Verified, VerifyLine,
};
use answer::{Databases, Projections};
use key::Keys;
pub(crate) use key::{Key, KeyText, MadeKey};
pub(crate) use lines::Lines;
pub(crate) use problem::Problem;
pub(crate) use request::{Events, Sql};
pub(crate) use stats::{Named, Stats, Work};
pub(crate) use url::ServerUrl;

use crate::failure::Failure;

const JSON: &str = "application/json";
const NDJSON: &str = "application/x-ndjson";

/// How often a call is repeated before its failure is told.
const REPEATS_MAX: u32 = 6;
/// The shortest pause before a call is repeated.
const PAUSE_MIN: Duration = Duration::from_millis(50);
/// The longest pause before a call is repeated, whatever the server asks for.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Whether a call may be made again when the server says "later".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Repeat {
    /// Doing it twice does what doing it once does.
    Safe,
    /// It may be done once.
    Never,
}

/// The certificates of a file.
fn certificates(path: &Path) -> Result<Vec<reqwest::Certificate>, Failure> {
    let unusable = || Failure::new(format!("{} cannot be trusted", path.display()));
    let pem = std::fs::read(path).map_err(|error| unusable().caused_by(&error))?;
    let found = reqwest::Certificate::from_pem_bundle(&pem);
    let found = found.map_err(|error| unusable().caused_by(&error))?;
    match found.is_empty() {
        true => Err(unusable().found("no certificate").expected("one in PEM")),
        false => Ok(found),
    }
}

/// A connection to one server. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    server: ServerUrl,
    key: Option<KeyText>,
}

impl Client {
    /// A client of the server; nothing is sent yet.
    pub(crate) fn new(server: ServerUrl) -> Result<Client, Failure> {
        Client::trusting(server, None)
    }

    /// As [`new`](Client::new): a server under TLS is trusted if this certificate vouches for it, or
    /// without one those that this machine trusts.
    pub(crate) fn trusting(server: ServerUrl, ca: Option<&Path>) -> Result<Client, Failure> {
        let http = reqwest::Client::builder().no_proxy().tcp_nodelay(true);
        let http = match (ca, server.is_secure()) {
            (Some(ca), _) => http.tls_certs_only(certificates(ca)?),
            (None, true) => http,
            // Those of the machine are not even read.
            (None, false) => http.tls_certs_only([]),
        };
        let http = http
            .build()
            .map_err(|error| Failure::new("the HTTP client cannot start").caused_by(&error))?;
        let key = None;
        Ok(Client { http, server, key })
    }

    /// The same client, which shows a key.
    pub(crate) fn with_key(self, key: Option<KeyText>) -> Client {
        Client { key, ..self }
    }

    /// The server's address, such as `http://127.0.0.1:4280`.
    pub(crate) fn server(&self) -> &ServerUrl {
        &self.server
    }

    /// Whether the server answers and says that it is well.
    pub(crate) async fn is_healthy(&self) -> bool {
        self.health().await.is_ok()
    }

    /// Fails with the reason if the server does not answer, or does not say that it is well.
    pub(crate) async fn health(&self) -> Result<(), Failure> {
        let request = self.request(Method::GET, &["health"]);
        self.send(request, Repeat::Never).await.map(drop)
    }

    /// All databases.
    pub(crate) async fn databases(&self) -> Result<Vec<Database>, Failure> {
        let request = self.request(Method::GET, &["v1", "databases"]);
        Ok(self
            .json::<Databases>(request, Repeat::Safe)
            .await?
            .databases)
    }

    /// Creates a database.
    pub(crate) async fn create_database(&self, name: &str) -> Result<Database, Failure> {
        let request = self
            .request(Method::POST, &["v1", "databases"])
            .json(&json!({ "name": name }));
        self.json(request, Repeat::Never).await
    }

    /// One database; it is opened for that.
    pub(crate) async fn database(&self, name: &str) -> Result<Database, Failure> {
        let request = self.request(Method::GET, &["v1", "databases", name]);
        self.json(request, Repeat::Safe).await
    }

    /// Sets how many partitions each category of a database has.
    pub(crate) async fn set_database(
        &self,
        name: &str,
        partitions: u32,
    ) -> Result<Database, Failure> {
        let request = self.in_database(Method::PUT, name, &["settings"]);
        let request = request.json(&json!({ "partitions": partitions }));
        self.json(request, Repeat::Safe).await
    }

    /// Deletes a database with all of its events.
    pub(crate) async fn delete_database(&self, name: &str) -> Result<(), Failure> {
        let request = self.request(Method::DELETE, &["v1", "databases", name]);
        self.send(request, Repeat::Never).await.map(drop)
    }

    /// All keys.
    pub(crate) async fn keys(&self) -> Result<Vec<Key>, Failure> {
        let request = self.request(Method::GET, &["v1", "keys"]);
        Ok(self.json::<Keys>(request, Repeat::Safe).await?.keys)
    }

    /// Makes a key.
    pub(crate) async fn create_key(
        &self,
        name: &str,
        role: &str,
        database: Option<&str>,
    ) -> Result<MadeKey, Failure> {
        let mut body = json!({ "name": name, "role": role });
        if let Some(database) = database {
            body["database"] = database.into();
        }
        let request = self.request(Method::POST, &["v1", "keys"]).json(&body);
        self.json(request, Repeat::Never).await
    }

    /// Revokes a key.
    pub(crate) async fn revoke_key(&self, name: &str) -> Result<(), Failure> {
        let request = self.request(Method::DELETE, &["v1", "keys", name]);
        self.send(request, Repeat::Never).await.map(drop)
    }

    /// Appends a body as the HTTP interface takes it. All of its events must carry ids, as the
    /// call is repeated.
    pub(crate) async fn append(
        &self,
        database: &str,
        body: impl Into<Bytes>,
    ) -> Result<Appended, Failure> {
        let request = self
            .in_database(Method::POST, database, &["append"])
            .header(CONTENT_TYPE, JSON)
            .body(body.into());
        self.json(request, Repeat::Safe).await
    }

    /// One page of events.
    pub(crate) async fn events(&self, database: &str, events: &Events) -> Result<Page, Failure> {
        let request = self.events_request(database, events)?.header(ACCEPT, JSON);
        self.json(request, Repeat::Safe).await
    }

    /// Follows events: lines with `event`, `heartbeat` or `error`.
    pub(crate) async fn follow(&self, database: &str, events: &Events) -> Result<Lines, Failure> {
        let request = self
            .events_request(database, events)?
            .query(&[("follow", "true")])
            .header(ACCEPT, NDJSON);
        Ok(Lines::new(self.send(request, Repeat::Safe).await?))
    }

    fn events_request(&self, database: &str, events: &Events) -> Result<RequestBuilder, Failure> {
        Ok(match events.body()? {
            Some(body) => self
                .in_database(Method::POST, database, &["read"])
                .json(&body),
            None => self
                .in_database(Method::GET, database, &["events"])
                .query(&events.parameters()),
        })
    }

    /// The answer to a query, whole.
    pub(crate) async fn sql(&self, database: &str, sql: &Sql) -> Result<Rows, Failure> {
        let request = self.sql_request(database, sql).header(ACCEPT, JSON);
        self.json(request, Repeat::Never).await
    }

    /// The answer to a query, line by line: an object with `columns`, the rows, and an object with
    /// `rows` or `error`.
    pub(crate) async fn sql_lines(&self, database: &str, sql: &Sql) -> Result<Lines, Failure> {
        let request = self.sql_request(database, sql).header(ACCEPT, NDJSON);
        Ok(Lines::new(self.send(request, Repeat::Never).await?))
    }

    fn sql_request(&self, database: &str, sql: &Sql) -> RequestBuilder {
        self.in_database(Method::POST, database, &["sql"]).json(sql)
    }

    /// All projections of a database.
    pub(crate) async fn projections(&self, database: &str) -> Result<Vec<Projection>, Failure> {
        let request = self.in_database(Method::GET, database, &["projections"]);
        let answer: Projections = self.json(request, Repeat::Safe).await?;
        Ok(answer.projections)
    }

    /// One projection, with its definition.
    pub(crate) async fn projection(
        &self,
        database: &str,
        name: &str,
    ) -> Result<Projection, Failure> {
        let request = self.in_database(Method::GET, database, &["projections", name]);
        self.json(request, Repeat::Safe).await
    }

    /// Applies a definition. It returns when the definition is recorded, not when its tables have
    /// caught up.
    pub(crate) async fn apply(
        &self,
        database: &str,
        name: &str,
        definition: &str,
    ) -> Result<(Applied, Projection), Failure> {
        let request = self
            .in_database(Method::PUT, database, &["projections", name])
            .header(CONTENT_TYPE, "application/sql")
            .body(definition.to_owned());
        let response = self.send(request, Repeat::Safe).await?;
        let applied = match response.status() {
            StatusCode::CREATED => Applied::Created,
            StatusCode::ACCEPTED => Applied::Replacing,
            _ => Applied::Unchanged,
        };
        Ok((applied, decode(response).await?))
    }

    /// Gets a failed projection going again without the event at `position`.
    pub(crate) async fn skip(
        &self,
        database: &str,
        name: &str,
        position: u64,
        reason: &str,
    ) -> Result<Projection, Failure> {
        let request = self
            .in_database(Method::POST, database, &["projections", name, "skip"])
            .json(&json!({ "position": position, "reason": reason }));
        self.json(request, Repeat::Never).await
    }

    /// Removes a projection.
    pub(crate) async fn remove_projection(
        &self,
        database: &str,
        name: &str,
    ) -> Result<(), Failure> {
        let request = self.in_database(Method::DELETE, database, &["projections", name]);
        self.send(request, Repeat::Never).await.map(drop)
    }

    /// Where the bytes of a database are, as the server wrote it.
    pub(crate) async fn stats(&self, database: &str) -> Result<Box<RawValue>, Failure> {
        let request = self.in_database(Method::GET, database, &["stats"]);
        self.json(request, Repeat::Safe).await
    }

    /// Walks the whole log, and holds it against a line that was kept of it: lines with `progress`,
    /// `verified` or `error`.
    pub(crate) async fn verify(
        &self,
        database: &str,
        against: Option<&str>,
    ) -> Result<Lines, Failure> {
        let against: Vec<_> = against.iter().map(|kept| ("against", kept)).collect();
        let request = self
            .in_database(Method::POST, database, &["verify"])
            .query(&against);
        Ok(Lines::new(self.send(request, Repeat::Safe).await?))
    }

    /// Takes a backup that goes on from the log and point `kept`, without the segments that are held:
    /// `{"name":...,"bytes":...,"footer_crc":...}`. The answer is to be read as it comes.
    pub(crate) async fn backup(
        &self,
        database: &str,
        held: &[Value],
        kept: Option<(String, String)>,
    ) -> Result<Chunks, Failure> {
        let (log, against) = kept.unzip();
        let request = self
            .in_database(Method::POST, database, &["backup"])
            .json(&json!({ "segments": held, "log": log, "against": against }));
        Ok(Chunks(self.send(request, Repeat::Safe).await?))
    }

    /// Sends a backup, to make a database of it: lines with `progress`, `restored` or `error`.
    pub(crate) async fn restore(&self, name: &str, backup: Body) -> Result<Lines, Failure> {
        let request = self
            .in_database(Method::POST, name, &["restore"])
            .header(CONTENT_TYPE, "application/octet-stream")
            .body(backup);
        // It is read as it is sent, so it cannot be sent twice.
        match request.send().await {
            Ok(response) if response.status().is_success() => Ok(Lines::new(response)),
            Ok(response) => Err(Problem::read(response).await.into()),
            Err(error) => Err(self.unreachable(&error)),
        }
    }

    /// Any request with a body, and its answer whatever its status.
    pub(crate) async fn raw(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: String,
    ) -> Result<Answer, Failure> {
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let request = self
            .request(method, &segments)
            .header(CONTENT_TYPE, content_type)
            .body(body);
        let response = request
            .send()
            .await
            .map_err(|error| self.unreachable(&error))?;
        let status = response.status().as_u16();
        let body = response
            .bytes()
            .await
            .map_err(|error| self.unreachable(&error))?;
        Ok(Answer { status, body })
    }

    fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let request = self.http.request(method, self.server.join(path));
        match &self.key {
            Some(key) => request.bearer_auth(key.as_str()),
            None => request,
        }
    }

    fn in_database(&self, method: Method, database: &str, path: &[&str]) -> RequestBuilder {
        let mut whole = vec!["v1", "databases", database];
        whole.extend_from_slice(path);
        self.request(method, &whole)
    }

    async fn json<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        repeat: Repeat,
    ) -> Result<T, Failure> {
        decode(self.send(request, repeat).await?).await
    }

    /// Sends, and repeats where that is safe; any answer but 2xx is a failure.
    async fn send(&self, request: RequestBuilder, repeat: Repeat) -> Result<Response, Failure> {
        let mut repeats = 0;
        loop {
            let attempt = request
                .try_clone()
                .ok_or_else(|| Failure::new("the request cannot be sent twice"))?;
            let again = repeat == Repeat::Safe && repeats < REPEATS_MAX;
            repeats += 1;
            let wait = match attempt.send().await {
                Ok(response) if response.status().is_success() => return Ok(response),
                Ok(response) if again && is_later(&response) => pause(&response, repeats),
                Ok(response) => return Err(Problem::read(response).await.into()),
                Err(error) if again && !error.is_connect() => PAUSE_MIN * repeats,
                Err(error) => return Err(self.unreachable(&error)),
            };
            tracing::debug!(pause = ?wait, "asking again");
            tokio::time::sleep(wait).await;
        }
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let told = format!("{:?}", std::error::Error::source(error));
        if error.is_connect() && told.contains("certificate") {
            return Failure::new(format!(
                "{} has a certificate that is not trusted",
                self.server
            ))
            .caused_by(&error.without_url_ref())
            .advice("give the one that vouches for it with --tls-ca");
        }
        if error.is_connect() {
            return Failure::new(format!("no server answers at {}", self.server))
                .caused_by(&error.without_url_ref())
                .advice(
                    "start one with `headwater serve`, or check --server and HEADWATER_SERVER",
                );
        }
        Failure::new(format!("the connection to {} broke", self.server))
            .caused_by(&error.without_url_ref())
            .advice("run the command again; what was written is not written twice")
    }
}

/// An answer that is read as it comes.
pub(crate) struct Chunks(Response);

impl Chunks {
    /// More of it; nothing at its end. An answer that breaks off is a failure.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        self.0.chunk().await.map_err(|error| {
            Failure::new("the answer broke off").caused_by(&error.without_url_ref())
        })
    }
}

/// An answer, as it came.
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The bytes.
    pub(crate) body: Bytes,
}

impl Answer {
    /// The body, if the status says yes.
    pub(crate) fn success(self) -> Result<Bytes, Failure> {
        if (200..300).contains(&self.status) {
            return Ok(self.body);
        }
        Err(Problem::of(self.status, &self.body).into())
    }
}

/// An error's text without the address, which the sentence names already.
trait WithoutUrl {
    fn without_url_ref(&self) -> Cause;
}

impl WithoutUrl for reqwest::Error {
    fn without_url_ref(&self) -> Cause {
        let mut deepest: &dyn std::error::Error = self;
        while let Some(source) = deepest.source() {
            deepest = source;
        }
        Cause(deepest.to_string())
    }
}

/// The deepest cause of a failure, as text.
#[derive(Debug)]
struct Cause(String);

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Cause {}

/// Whether the server asks to come again later.
fn is_later(response: &Response) -> bool {
    let later = [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::SERVICE_UNAVAILABLE,
    ];
    later.contains(&response.status())
}

/// What the server asks for in `Retry-After`, or a pause that doubles.
fn pause(response: &Response, repeats: u32) -> Duration {
    let asked = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse().ok())
        .map(Duration::from_secs);
    let doubled = PAUSE_MIN * 2u32.saturating_pow(repeats);
    asked.unwrap_or(doubled).min(PAUSE_MAX)
}

async fn decode<T: DeserializeOwned>(response: Response) -> Result<T, Failure> {
    let body = response.bytes().await.map_err(|error| {
        Failure::new("the answer broke off").caused_by(&error.without_url_ref())
    })?;
    read_json(&body)
}

/// Reads the server's JSON.
pub(crate) fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|error| {
        let start = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
        Failure::new("the server's answer cannot be read")
            .caused_by(&error)
            .found(start)
            .advice("check that --server is a Headwater of this version")
    })
}
