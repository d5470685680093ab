//! A server on a free port over a temporary directory, and a client that knows its documentation.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use headwater_node::env::SystemEnv;
use headwater_node::{Node, Options};
use headwater_wire::{Limits, Listen, Options as Serving, Protocol, Server};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Longer than anything here takes unless it hangs.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Numbers that look random and are the same in each run.
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }
}

pub struct TestServer {
    pub node: Node,
    pub url: String,
    postgres: SocketAddr,
    /// Where it speaks Kafka's protocol.
    pub kafka: SocketAddr,
    client: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<()>,
    directory: TempDir,
}

/// An answer that was read to its end.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
    /// The body, if it is one JSON document.
    pub body: Value,
}

impl Reply {
    /// Checks the status, and gives the body.
    #[track_caller]
    pub fn ok(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.body
    }

    /// Checks that it is this problem.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!(
            (self.status, &self.body["code"]),
            (status, &json!(code)),
            "{}",
            self.text
        );
        assert_eq!(self.body["status"], json!(status));
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let retryable = matches!(status, 429 | 503 | 507);
        assert_eq!(self.headers.contains_key("retry-after"), retryable);
        self.body
    }

    /// The lines of NDJSON.
    pub fn lines(&self) -> Vec<Value> {
        let lines = self.text.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// HTTP at this address.
pub fn http(address: &str) -> Listen {
    Listen {
        protocol: Protocol::Http,
        address: address.parse().unwrap(),
    }
}

impl TestServer {
    pub async fn start() -> TestServer {
        TestServer::with(Options::default(), Limits::default()).await
    }

    pub async fn with(options: Options, limits: Limits) -> TestServer {
        TestServer::over(tempfile::tempdir().unwrap(), options, limits).await
    }

    pub async fn over(directory: TempDir, options: Options, limits: Limits) -> TestServer {
        let serving = Serving {
            limits,
            ..Serving::default()
        };
        TestServer::begin(directory, options, serving).await
    }

    /// A server that serves in this way.
    pub async fn serving(serving: Serving) -> TestServer {
        let directory = tempfile::tempdir().unwrap();
        TestServer::begin(directory, Options::default(), serving).await
    }

    async fn begin(directory: TempDir, options: Options, serving: Serving) -> TestServer {
        let root = directory.path().join("data");
        let node = Node::open(root, Arc::new(SystemEnv), options)
            .await
            .unwrap();
        let on = |protocol| Listen {
            protocol,
            ..http("127.0.0.1:0")
        };
        let protocols = [Protocol::Http, Protocol::Postgres, Protocol::Kafka];
        let server = Server::bind(node.clone(), &protocols.map(on), serving)
            .await
            .unwrap();
        let address = |protocol| server.address(protocol).unwrap();
        let url = format!("http://{}", address(Protocol::Http));
        let (postgres, kafka) = (address(Protocol::Postgres), address(Protocol::Kafka));
        // It fails if there is one already, which is as good.
        let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(server.run(async {
            let _ = stopped.await; // asked for, or the test is over
        }));
        TestServer {
            node,
            url,
            postgres,
            kafka,
            client: reqwest::Client::builder()
                .timeout(PATIENCE)
                .tls_certs_only([])
                .build()
                .unwrap(),
            stop: Some(stop),
            running,
            directory,
        }
    }

    /// A server with a database `shop`.
    pub async fn with_shop() -> TestServer {
        let server = TestServer::start().await;
        server.create("shop").await;
        server
    }

    pub fn root(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// The directory of a database.
    pub fn place(&self, name: &str) -> PathBuf {
        let info = self.node.show(&name.parse().unwrap()).unwrap();
        self.root().join("databases").join(info.id.to_string())
    }

    pub fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    /// Where it speaks PostgreSQL's protocol.
    pub fn postgres(&self) -> SocketAddr {
        self.postgres
    }

    /// Asks the server to stop; the task ends when it has.
    pub fn begin_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Stops the server and the node in order, and gives the directory back.
    pub async fn stop(mut self) -> TempDir {
        self.begin_stop();
        tokio::time::timeout(PATIENCE, self.running)
            .await
            .unwrap()
            .unwrap();
        self.node.shutdown().await;
        self.directory
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    pub async fn get(&self, path: &str) -> Reply {
        send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        send(self.request(Method::POST, path).json(body)).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        send(self.request(Method::DELETE, path)).await
    }

    pub async fn put_sql(&self, path: &str, text: &str) -> Reply {
        let request = self.request(Method::PUT, path);
        send(
            request
                .header("content-type", "application/sql")
                .body(text.to_owned()),
        )
        .await
    }

    pub async fn create(&self, name: &str) -> Value {
        self.post("/v1/databases", &json!({ "name": name }))
            .await
            .ok(201)
    }

    pub async fn append(&self, database: &str, body: &Value) -> Reply {
        self.post(&format!("/v1/databases/{database}/append"), body)
            .await
    }

    /// Appends events of one type to one stream.
    pub async fn note(&self, database: &str, count: usize) -> Value {
        let event = json!({ "type": "Noted", "stream": "note/1", "data": { "text": "hello" } });
        let body = json!({ "events": vec![event; count] });
        self.append(database, &body).await.ok(201)
    }

    pub async fn sql(&self, database: &str, body: &Value) -> Reply {
        self.post(&format!("/v1/databases/{database}/sql"), body)
            .await
    }
}

/// Sends a request and reads its answer. A problem must stand in the documentation.
pub async fn send(request: RequestBuilder) -> Reply {
    let (client, request) = request.build_split();
    let request = request.unwrap();
    let (method, path) = (request.method().clone(), request.url().path().to_owned());
    let response = client.execute(request).await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    let body: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
    if status >= 400 {
        check_documented(&method, &path, status, &body["code"]);
    }
    Reply {
        status,
        headers,
        text,
        body,
    }
}

/// The OpenAPI document.
pub static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(headwater_wire::document()).unwrap());

fn check_documented(method: &Method, path: &str, status: u16, code: &Value) {
    let method = method.as_str().to_lowercase();
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let found = paths.iter().find(|(template, _)| fits(template, path));
    let Some(operation) = found.and_then(|(_, operations)| operations.get(&method)) else {
        assert!(
            [404, 405, 403].contains(&status),
            "{method} {path} is not documented"
        );
        return;
    };
    let response = &operation["responses"][status.to_string()];
    let told = response["description"].as_str().unwrap_or("");
    let code = code.as_str().unwrap();
    assert!(
        told.contains(&format!("`{code}`")),
        "{method} {path} answered {status} {code}, and its documentation says {told:?}"
    );
}

fn fits(template: &str, path: &str) -> bool {
    let (template, path) = (template.split('/'), path.split('/'));
    template.clone().count() == path.clone().count()
        && template
            .zip(path)
            .all(|(part, found)| part.starts_with('{') || part == found)
}
