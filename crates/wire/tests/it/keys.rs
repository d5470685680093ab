//! Keys over HTTP: who may do what, where, and what happens to those who may not.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{DOCUMENT, Reply, TestServer, send};

/// What an operation needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    Nothing,
    /// A role, and a key that reaches the database of the request.
    Here(Role),
    /// A role, and a key that reaches all databases.
    Everywhere(Role),
    /// A role; it tells only what the key reaches.
    Anywhere(Role),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Read,
    Write,
    Admin,
}

use Needs::{Anywhere, Everywhere, Here, Nothing};
use Role::{Admin, Read, Write};

const ROLES: [(Role, &str); 3] = [(Read, "read"), (Write, "write"), (Admin, "admin")];

/// Every operation of the document, written down a second time: what a person expects.
const OPERATIONS: &[(&str, &str, Needs)] = &[
    ("GET", "/health", Nothing),
    ("GET", "/v1/openapi.json", Nothing),
    ("GET", "/metrics", Everywhere(Read)),
    ("GET", "/v1/keys", Everywhere(Admin)),
    ("POST", "/v1/keys", Everywhere(Admin)),
    ("DELETE", "/v1/keys/{key}", Everywhere(Admin)),
    ("GET", "/v1/databases", Anywhere(Read)),
    ("POST", "/v1/databases", Anywhere(Admin)),
    ("GET", "/v1/databases/{db}", Here(Read)),
    ("DELETE", "/v1/databases/{db}", Here(Admin)),
    ("PUT", "/v1/databases/{db}/settings", Here(Admin)),
    ("POST", "/v1/databases/{db}/append", Here(Write)),
    ("GET", "/v1/databases/{db}/events", Here(Read)),
    ("POST", "/v1/databases/{db}/read", Here(Read)),
    ("GET", "/v1/databases/{db}/streams", Here(Read)),
    ("GET", "/v1/databases/{db}/stats", Here(Read)),
    ("POST", "/v1/databases/{db}/sql", Here(Read)),
    ("POST", "/v1/databases/{db}/verify", Here(Read)),
    ("POST", "/v1/databases/{db}/backup", Here(Admin)),
    ("POST", "/v1/databases/{db}/restore", Here(Admin)),
    ("GET", "/v1/databases/{db}/projections", Here(Read)),
    ("GET", "/v1/databases/{db}/projections/{name}", Here(Read)),
    ("PUT", "/v1/databases/{db}/projections/{name}", Here(Admin)),
    (
        "DELETE",
        "/v1/databases/{db}/projections/{name}",
        Here(Admin),
    ),
    (
        "POST",
        "/v1/databases/{db}/projections/{name}/skip",
        Here(Admin),
    ),
];

impl Needs {
    /// Whether a key of this role, of this database or of all, fulfils it on `on`.
    pub fn are_met(self, role: Role, of: Option<&str>, on: &str) -> bool {
        match self {
            Nothing => true,
            Here(least) if on == "_system" => role >= least.max(Admin) && of.is_none(),
            Here(least) => role >= least && of.is_none_or(|of| of == on),
            Everywhere(least) => role >= least && of.is_none(),
            Anywhere(least) => role >= least,
        }
    }
}

/// A request that gets no further than its parameters, once it was let in: it does nothing.
fn asking(server: &TestServer, method: &str, path: &str, on: &str) -> reqwest::RequestBuilder {
    let path = path.replace("{db}", on).replace("{name}", "a");
    let path = path.replace("{key}", "nobody");
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    server.request(method, &format!("{path}?nonsense=1"))
}

/// A server with the databases `shop` and `bank`, and an admin key.
pub async fn guarded() -> (TestServer, String) {
    let server = TestServer::with_shop().await;
    server.create("bank").await;
    let root = json!({ "name": "root", "role": "admin" });
    let key = text(server.post("/v1/keys", &root).await.ok(201));
    (server, key)
}

/// Another key, which differs in its last character alone.
pub fn changed(key: &str) -> String {
    let last = if key.ends_with('A') { 'B' } else { 'A' };
    format!("{}{last}", &key[..key.len() - 1])
}

fn text(made: Value) -> String {
    made["key"].as_str().unwrap().to_owned()
}

pub async fn make(server: &TestServer, key: &str, body: &Value) -> String {
    let request = server.request(Method::POST, "/v1/keys").json(body);
    text(send(request.bearer_auth(key)).await.ok(201))
}

async fn append(server: &TestServer, key: &str, metadata: Option<Value>) -> Reply {
    let mut event = json!({ "type": "Noted", "data": 1 });
    if let Some(metadata) = metadata {
        event["metadata"] = metadata;
    }
    let request = server.request(Method::POST, "/v1/databases/shop/append");
    let request = request.json(&json!({ "events": [event] }));
    send(request.bearer_auth(key)).await
}

async fn get(server: &TestServer, key: &str, path: &str) -> Reply {
    send(server.request(Method::GET, path).bearer_auth(key)).await
}

/// A key that was made.
pub struct KeyMade {
    pub name: String,
    pub text: String,
    pub role: Role,
    /// The one database that it reaches.
    pub of: Option<String>,
}

/// A key of each role, of all databases and of each.
pub async fn all_keys(server: &TestServer, root: &str) -> Vec<KeyMade> {
    let mut keys = Vec::new();
    for (role, role_name) in ROLES {
        for of in [None, Some("shop"), Some("bank")] {
            let name = format!("{role_name}-{}", of.unwrap_or("all"));
            let body = json!({ "name": name, "role": role_name, "database": of });
            keys.push(KeyMade {
                text: make(server, root, &body).await,
                name,
                role,
                of: of.map(str::to_owned),
            });
        }
    }
    keys
}

#[test]
fn every_operation_is_in_the_table() {
    let written: BTreeSet<(String, String)> = OPERATIONS
        .iter()
        .map(|(method, path, _)| (method.to_lowercase(), (*path).to_owned()))
        .collect();
    let mut documented = BTreeSet::new();
    for (path, operations) in DOCUMENT["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            documented.insert((method.clone(), path.clone()));
            let needs = OPERATIONS
                .iter()
                .find(|(known, template, _)| known.to_lowercase() == *method && template == path);
            let role = match needs.map(|(.., needs)| *needs) {
                Some(Here(role) | Everywhere(role) | Anywhere(role)) => Some(role),
                _ => None,
            };
            let role = ROLES.iter().find(|(known, _)| Some(*known) == role);
            let named = operation["security"][0]["key"][0].as_str();
            assert_eq!(named, role.map(|(_, name)| *name), "{method} {path}");
        }
    }
    assert_eq!(written, documented);
}

#[tokio::test]
async fn each_key_opens_what_the_table_says_and_nothing_else() {
    let (server, root) = guarded().await;
    let keys = all_keys(&server, &root).await;
    for (method, path, needs) in OPERATIONS {
        for on in ["shop", "_system", "nowhere"] {
            for KeyMade { text, role, of, .. } in &keys {
                let request = asking(&server, method, path, on).bearer_auth(text);
                let reply = send(request).await;
                let met = needs.are_met(*role, of.as_deref(), on);
                let told = (reply.status, reply.body["code"].as_str());
                let expected = match met {
                    true => (400, Some("bad_request")),
                    false => (403, Some("forbidden")),
                };
                assert_eq!(
                    told, expected,
                    "{method} {path} on {on}: {role:?} of {of:?}"
                );
            }
            let reply = send(asking(&server, method, path, on)).await;
            match needs {
                Nothing => reply.problem(400, "bad_request"),
                _ => reply.problem(401, "key_needed"),
            };
        }
    }
}

/// How long so many wrong keys of one address, one after another, are kept waiting at least.
pub fn pauses(count: u32) -> Duration {
    Duration::from_millis(100) * ((1 << count) - 1)
}

#[tokio::test]
async fn without_a_key_or_with_a_wrong_one_nothing_is_done_and_nothing_wakes() {
    let (server, root) = guarded().await;
    let reply = server.get("/v1/databases/shop/events").await;
    assert_eq!(
        reply.headers["www-authenticate"],
        "Bearer realm=\"headwater\""
    );
    reply.problem(401, "key_needed");
    let head = server.request(Method::HEAD, "/v1/databases/shop").send();
    assert_eq!(head.await.unwrap().status(), 401);

    let changed = changed(&root);
    let cut = &root[..root.len() - 1];
    let mut refused = 0;
    let begun = Instant::now();
    for wrong in ["x", "hw_0123456789abcdef_x", cut, &changed] {
        if wrong != root {
            append(&server, wrong, None).await.problem(401, "bad_key");
            refused += 1;
        }
    }
    assert!(begun.elapsed() >= pauses(refused), "each is told later");
    let basic = server.request(Method::GET, "/v1/databases");
    let reply = send(basic.basic_auth("root", Some(&root))).await;
    reply.problem(401, "key_needed");

    let listed = get(&server, &root, "/v1/databases").await.ok(200);
    for database in listed["databases"].as_array().unwrap() {
        assert_eq!(database["state"], "asleep");
    }
    let metrics = get(&server, &root, "/metrics").await.text;
    let counted = format!("headwater_keys_refused_total{{protocol=\"http\"}} {refused}\n");
    assert!(metrics.contains(&counted), "{metrics}");
    assert!(
        metrics
            .lines()
            .any(|line| line == "headwater_wakes_total 0")
    );
    // Who sends another host's name has a key here, and is no web page.
    let elsewhere = server.request(Method::GET, "/v1/databases");
    let elsewhere = elsewhere
        .header("host", "db.example.org")
        .bearer_auth(&root);
    send(elsewhere).await.ok(200);
}

#[tokio::test]
async fn the_name_of_the_key_is_the_actor_of_what_it_appends() {
    let (server, root) = guarded().await;
    let body = json!({ "name": "till-3", "role": "write", "database": "shop" });
    let till = make(&server, &root, &body).await;
    append(&server, &till, None).await.ok(201);
    append(&server, &till, Some(json!({ "trace": 7 })))
        .await
        .ok(201);
    append(&server, &till, Some(json!({ "actor": "till-3" })))
        .await
        .ok(201);
    let forged = append(&server, &till, Some(json!({ "actor": "root" }))).await;
    let problem = forged.problem(400, "other_actor");
    assert_eq!(problem["field"], "events[0].metadata.actor");

    let page = get(&server, &till, "/v1/databases/shop/events")
        .await
        .ok(200);
    let metadata: Vec<&Value> = page["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["metadata"])
        .collect();
    assert_eq!(
        metadata,
        [
            &json!({ "actor": "till-3" }),
            &json!({ "actor": "till-3", "trace": 7 }),
            &json!({ "actor": "till-3" }),
        ]
    );
}

#[tokio::test]
async fn an_append_that_is_sent_again_with_its_key_is_a_repetition() {
    let (server, root) = guarded().await;
    let event = json!({ "id": "018f0000-0000-7000-8000-000000000001", "type": "Noted" });
    let sent = || {
        let request = server.request(Method::POST, "/v1/databases/shop/append");
        send(
            request
                .json(&json!({ "events": [event] }))
                .bearer_auth(&root),
        )
    };
    sent().await.ok(201);
    assert_eq!(sent().await.ok(200)["repeated"], true);
}

#[tokio::test]
async fn a_key_that_is_revoked_opens_nothing_any_more() {
    let (server, root) = guarded().await;
    let made = |name: &'static str| json!({ "name": name, "role": "read" });
    let till = make(&server, &root, &made("till")).await;
    let path = "/v1/databases/shop/events?follow=true&heartbeat_ms=100";
    let request = server.request(Method::GET, path).bearer_auth(&till);
    let request = request.header("accept", "application/x-ndjson");
    let mut following = request.send().await.unwrap();
    assert_eq!(following.status(), 200);
    let first = following.chunk().await.unwrap().unwrap();
    assert!(first.starts_with(b"{\"heartbeat\":"), "{first:?}");

    let revoke = || {
        server
            .request(Method::DELETE, "/v1/keys/till")
            .bearer_auth(&root)
    };
    send(revoke()).await.ok(204);
    get(&server, &till, "/v1/databases")
        .await
        .problem(401, "bad_key");
    send(revoke()).await.problem(404, "unknown_key");
    let mut rest = Vec::new();
    while let Some(chunk) = following.chunk().await.unwrap() {
        rest.extend_from_slice(&chunk);
    }
    let rest = String::from_utf8(rest).unwrap();
    let last: Value = serde_json::from_str(rest.lines().last().unwrap()).unwrap();
    assert_eq!(last["error"]["code"], "bad_key", "{rest}");

    // The name is free again, and the old text does not open what the new key does.
    let again = make(&server, &root, &made("till")).await;
    assert_ne!(again, till);
    get(&server, &again, "/v1/databases").await.ok(200);
    get(&server, &till, "/v1/databases")
        .await
        .problem(401, "bad_key");
}

#[tokio::test]
async fn a_follow_that_began_without_a_key_ends_when_the_first_one_is_made() {
    let server = TestServer::with_shop().await;
    let path = "/v1/databases/shop/events?follow=true&heartbeat_ms=100";
    let request = server.request(Method::GET, path);
    let request = request.header("accept", "application/x-ndjson");
    let mut following = request.send().await.unwrap();
    following.chunk().await.unwrap().unwrap();
    let body = json!({ "name": "root", "role": "admin" });
    server.post("/v1/keys", &body).await.ok(201);
    let mut rest = Vec::new();
    while let Some(chunk) = following.chunk().await.unwrap() {
        rest.extend_from_slice(&chunk);
    }
    let rest = String::from_utf8(rest).unwrap();
    assert!(rest.contains("key_needed"), "{rest}");
}

#[tokio::test]
async fn keys_are_listed_without_their_texts_and_there_after_a_restart() {
    let (server, root) = guarded().await;
    let body = json!({ "name": "till", "role": "write", "database": "shop" });
    let till = make(&server, &root, &body).await;
    send(
        server
            .request(Method::DELETE, "/v1/keys/till")
            .bearer_auth(&root),
    )
    .await
    .ok(204);
    let directory = server.stop().await;

    let server = TestServer::over(directory, Default::default(), Default::default()).await;
    server.get("/v1/databases").await.problem(401, "key_needed");
    get(&server, &till, "/v1/databases")
        .await
        .problem(401, "bad_key");
    let reply = get(&server, &root, "/v1/keys").await;
    let secret = root.splitn(3, '_').nth(2).unwrap(); // it may have the sign in it
    assert!(secret.len() > 30 && !reply.text.contains(secret));
    let listed = reply.ok(200);
    let keys = listed["keys"].as_array().unwrap();
    let names: Vec<&Value> = keys.iter().map(|key| &key["name"]).collect();
    assert_eq!(names, ["root", "till"]);
    assert_eq!(keys[0]["role"], "admin");
    assert!(keys[0].get("database").is_none());
    assert!(keys[0]["used_at"].is_string());
    assert!(keys[0].get("revoked_at").is_none());
    assert_eq!(keys[1]["database"], "shop");
    assert!(keys[1]["revoked_at"].is_string());

    let system = get(&server, &root, "/v1/databases/_system/events").await;
    let secret = root.rsplit_once('_').unwrap().1;
    assert!(system.text.contains("KeyCreated") && !system.text.contains(secret));
}

#[tokio::test]
async fn what_cannot_be_a_key_is_refused() {
    let server = TestServer::with_shop().await;
    let post = |body: Value| {
        let request = server.request(Method::POST, "/v1/keys").json(&body);
        send(request)
    };
    for body in [
        json!({ "name": "a", "role": "read" }),
        json!({ "name": "a", "role": "write" }),
        json!({ "name": "a", "role": "admin", "database": "shop" }),
    ] {
        post(body).await.problem(400, "first_key");
    }
    let name = json!({ "name": "A key", "role": "admin" });
    post(name).await.problem(400, "bad_key_name");
    let role = json!({ "name": "a", "role": "root" });
    post(role).await.problem(400, "bad_role");
    let database = json!({ "name": "a", "role": "admin", "database": "?" });
    post(database).await.problem(400, "bad_database_name");

    let key = text(post(json!({ "name": "a", "role": "admin" })).await.ok(201));
    let again = server.request(Method::POST, "/v1/keys").bearer_auth(&key);
    let again = again.json(&json!({ "name": "a", "role": "read" }));
    send(again).await.problem(409, "key_exists");
}

#[tokio::test]
async fn a_key_of_one_database_is_told_of_no_other() {
    let (server, root) = guarded().await;
    let body = json!({ "name": "clerk", "role": "admin", "database": "bank" });
    let clerk = make(&server, &root, &body).await;
    let listed = get(&server, &clerk, "/v1/databases").await.ok(200);
    assert_eq!(listed["databases"].as_array().unwrap().len(), 1);
    assert_eq!(listed["databases"][0]["name"], "bank");
    let create = |name: &str| {
        let request = server.request(Method::POST, "/v1/databases");
        send(request.json(&json!({ "name": name })).bearer_auth(&clerk))
    };
    create("mint").await.problem(403, "forbidden");
    create("bank").await.problem(409, "database_exists");
}

#[tokio::test]
async fn a_name_is_given_to_one_key_however_many_ask() {
    let (server, root) = guarded().await;
    let asked = (0..8).map(|_| {
        let request = server.request(Method::POST, "/v1/keys").bearer_auth(&root);
        send(request.json(&json!({ "name": "till", "role": "read" })))
    });
    let replies = futures::future::join_all(asked).await;
    let made = replies.iter().filter(|reply| reply.status == 201).count();
    assert_eq!(made, 1);
    for reply in replies.into_iter().filter(|reply| reply.status != 201) {
        reply.problem(409, "key_exists");
    }
}

#[tokio::test]
async fn a_protocol_that_asks_for_no_key_is_not_spoken_once_one_is_needed() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    let server = TestServer::with_shop().await;
    let connect = async || TcpStream::connect(server.postgres()).await.unwrap();
    let mut before = connect().await;
    let words = b"\0\x03\0\0user\0ada\0database\0shop\0\0";
    let length = u32::try_from(words.len() + 4).unwrap();
    before.write_all(&length.to_be_bytes()).await.unwrap();
    before.write_all(words).await.unwrap();
    let mut first = [0];
    before.read_exact(&mut first).await.unwrap();
    assert_eq!(first, *b"R", "it is let in");

    let body = json!({ "name": "root", "role": "admin" });
    server.post("/v1/keys", &body).await.ok(201);
    before.read_to_end(&mut Vec::new()).await.unwrap();
    let mut told = Vec::new();
    let _ = connect().await.read_to_end(&mut told).await; // an end, or a reset
    assert!(told.is_empty());
}
