//! Keys over Kafka's protocol: who may do what, and what happens to those who may not.

use std::collections::BTreeSet;
use std::time::Instant;

use headwater_node::Options;
use headwater_wire::Limits;
use reqwest::Method;
use serde_json::json;
use tokio::net::TcpStream;

use crate::harness::{TestServer, send as send_http};
use crate::kafka::{answer, connect, request, send};
use crate::keys::Role::{self, Admin, Read, Write};
use crate::keys::{Needs, all_keys, changed, guarded, make, pauses};

/// Errors of the protocol.
const TOPIC_REFUSED: i16 = 29;
const GROUP_REFUSED: i16 = 30;
const CLUSTER_REFUSED: i16 = 31;
const NOT_AVAILABLE: i16 = 15;
const UNKNOWN_MEMBER: i16 = 25;
const NO_MECHANISM: i16 = 33;
const ILLEGAL_STATE: i16 = 34;
const NOT_LET_IN: i16 = 58;

const API_VERSIONS: i16 = 18;
const HANDSHAKE: i16 = 17;
const AUTHENTICATE: i16 = 36;
const LIST_GROUPS: i16 = 16;
const OFFSET_COMMIT: i16 = 8;

/// A body that is written.
#[derive(Default)]
struct Body(Vec<u8>);

impl Body {
    fn i8(mut self, number: i8) -> Body {
        self.0.extend(number.to_be_bytes());
        self
    }

    fn i16(mut self, number: i16) -> Body {
        self.0.extend(number.to_be_bytes());
        self
    }

    fn i32(mut self, number: i32) -> Body {
        self.0.extend(number.to_be_bytes());
        self
    }

    fn i64(mut self, number: i64) -> Body {
        self.0.extend(number.to_be_bytes());
        self
    }

    fn text(self, text: &str) -> Body {
        let mut body = self.i16(text.len() as i16);
        body.0.extend(text.as_bytes());
        body
    }

    fn bytes(self, bytes: &[u8]) -> Body {
        let mut body = self.i32(bytes.len() as i32);
        body.0.extend(bytes);
        body
    }

    /// A list of one topic with its partition 0.
    fn one(self, topic: &str) -> Body {
        self.i32(1).text(topic).i32(1).i32(0)
    }
}

/// An answer that is read.
struct Told<'a>(&'a [u8]);

impl Told<'_> {
    fn skip(mut self, count: usize) -> Self {
        self.0 = &self.0[count..];
        self
    }

    fn i16(&self) -> i16 {
        i16::from_be_bytes(self.0[..2].try_into().unwrap())
    }

    /// Passes over a text, which may be null.
    fn text(self) -> Self {
        let length = self.i16();
        self.skip(2 + usize::try_from(length.max(0)).unwrap())
    }
}

/// A request that needs something, and where its answer has an error.
struct Api {
    key: i16,
    name: &'static str,
    version: i16,
    needs: Needs,
    /// What is told to who may not.
    refused: i16,
    body: fn(&str) -> Body,
    error: fn(Told<'_>) -> i16,
}

const fn api(
    (key, name, version): (i16, &'static str, i16),
    (needs, refused): (Needs, i16),
    body: fn(&str) -> Body,
    error: fn(Told<'_>) -> i16,
) -> Api {
    Api {
        key,
        name,
        version,
        needs,
        refused,
        body,
        error,
    }
}

/// At once, or after a list of one topic of one partition, each with what stands before.
fn first(told: Told<'_>) -> i16 {
    told.i16()
}

fn of_partition(told: Told<'_>) -> i16 {
    told.skip(4).text().skip(4 + 4).i16()
}

fn of_partition_late(told: Told<'_>) -> i16 {
    of_partition(told.skip(4))
}

fn after_name(told: Told<'_>) -> i16 {
    told.skip(4 + 4).text().i16()
}

fn in_list(told: Told<'_>) -> i16 {
    told.skip(4).i16()
}

fn of_metadata(told: Told<'_>) -> i16 {
    told.skip(4 + 4).text().skip(4).text().skip(4 + 4).i16()
}

fn of_offset_fetch(told: Told<'_>) -> i16 {
    told.skip(4).text().skip(4 + 4 + 8).text().i16()
}

const TOPIC_READ: (Needs, i16) = (Needs::Here(Read), TOPIC_REFUSED);
const TOPIC_WRITE: (Needs, i16) = (Needs::Here(Write), TOPIC_REFUSED);
const ANY: (Needs, i16) = (Needs::Anywhere(Read), 0);

/// Every request that `ApiVersions` lists, written down a second time: what a person expects.
#[rustfmt::skip]
const APIS: &[Api] = &[
    api((0, "Produce", 3), TOPIC_WRITE,
        |on| Body::default().i16(-1).i16(1).i32(1_000).one(on).bytes(b"x"), of_partition),
    api((1, "Fetch", 4), TOPIC_READ,
        |on| Body::default().i32(-1).i32(0).i32(0).i32(1).i8(0).one(on).i64(1).i32(1), of_partition_late),
    api((2, "ListOffsets", 1), TOPIC_READ,
        |on| Body::default().i32(-1).one(on).i64(-1), of_partition),
    api((3, "Metadata", 1), TOPIC_READ, |on| Body::default().i32(1).text(on), of_metadata),
    api((8, "OffsetCommit", 2), TOPIC_READ,
        |on| Body::default().text("g").i32(-1).text("").i64(-1).one(on).i64(1).i16(-1), of_partition),
    api((9, "OffsetFetch", 1), TOPIC_READ, |on| Body::default().text("g").one(on), of_offset_fetch),
    api((10, "FindCoordinator", 0), ANY, |_| Body::default().text("g"), first),
    // A silence of no time is refused, after who asks was let in.
    api((11, "JoinGroup", 1), ANY,
        |_| Body::default().text("g").i32(0).i32(0).text("").text("consumer").i32(0), first),
    api((12, "Heartbeat", 0), ANY, |_| Body::default().text("g").i32(1).text("m"), first),
    api((13, "LeaveGroup", 0), ANY, |_| Body::default().text("g").text("m"), first),
    api((14, "SyncGroup", 0), ANY, |_| Body::default().text("g").i32(1).text("m").i32(0), first),
    api((15, "DescribeGroups", 0), ANY, |_| Body::default().i32(1).text("g"), in_list),
    api((16, "ListGroups", 0), ANY, |_| Body::default(), first),
    api((HANDSHAKE, "SaslHandshake", 1), (Needs::Nothing, 0), |_| Body::default().text("PLAIN"), first),
    api((API_VERSIONS, "ApiVersions", 0), (Needs::Nothing, 0), |_| Body::default(), first),
    api((19, "CreateTopics", 2), ANY,
        |on| Body::default().i32(1).text(on).i32(1).i16(1).i32(0).i32(0).i32(1).i8(0), after_name),
    api((20, "DeleteTopics", 1), ANY, |on| Body::default().i32(1).text(on).i32(1), after_name),
    api((22, "InitProducerId", 0), (Needs::Anywhere(Write), CLUSTER_REFUSED),
        |_| Body::default().i16(-1).i32(1), in_list),
    api((32, "DescribeConfigs", 1), TOPIC_READ,
        |on| Body::default().i32(1).i8(2).text(on).i32(-1).i8(0), |told| told.skip(4 + 4).i16()),
    api((AUTHENTICATE, "SaslAuthenticate", 0), (Needs::Nothing, 0), |_| Body::default().bytes(b""), first),
    api((42, "DeleteGroups", 0), (Needs::Anywhere(Admin), GROUP_REFUSED),
        |_| Body::default().i32(1).text("g"), after_name),
    // Its header and its answer have tagged fields in every version.
    api((60, "DescribeCluster", 0), ANY, |_| Body::default().i8(0).i8(0).i8(0), |told| told.skip(1 + 4).i16()),
];

impl Api {
    async fn ask(&self, stream: &mut TcpStream, on: &str) -> Option<i16> {
        let body = (self.body)(on).0;
        send(stream, &request(self.key, self.version, &body)).await;
        let told = answer(stream).await?;
        Some((self.error)(Told(&told[4..])))
    }
}

async fn ask(stream: &mut TcpStream, key: i16, version: i16, body: Body) -> Option<Vec<u8>> {
    send(stream, &request(key, version, &body.0)).await;
    Some(answer(stream).await?.split_off(4))
}

/// Shows a key by PLAIN; gives the connection and the error.
async fn sign_in(server: &TestServer, name: &str, key: &str) -> (TcpStream, i16) {
    let mut stream = connect(server.kafka).await;
    let chosen = ask(&mut stream, HANDSHAKE, 1, Body::default().text("PLAIN")).await;
    assert_eq!(Told(&chosen.unwrap()).i16(), 0);
    let message = format!("\0{name}\0{key}");
    let body = Body::default().bytes(message.as_bytes());
    let told = ask(&mut stream, AUTHENTICATE, 0, body).await.unwrap();
    (stream, Told(&told).i16())
}

#[tokio::test]
async fn every_request_is_in_the_table_and_in_the_document() {
    let server = TestServer::start().await;
    let mut stream = connect(server.kafka).await;
    let told = ask(&mut stream, API_VERSIONS, 0, Body::default()).await;
    let told = told.unwrap();
    let told = told[2 + 4..].chunks(6).map(|api| Told(api).i16());
    let written: BTreeSet<i16> = APIS.iter().map(|api| api.key).collect();
    assert_eq!(written, told.collect());
    let document = include_str!("../../../../docs/security.md");
    for api in APIS {
        let role = match api.needs {
            Needs::Nothing => "none",
            Needs::Here(role) | Needs::Everywhere(role) | Needs::Anywhere(role) => role.name(),
        };
        let line = format!("| `{}` | {role} |", api.name);
        assert!(document.contains(&line), "{line}");
    }
}

#[tokio::test]
async fn each_key_opens_what_the_table_says_and_nothing_else() {
    let (server, root) = guarded().await;
    for key in all_keys(&server, &root).await {
        let (mut stream, error) = sign_in(&server, &key.name, &key.text).await;
        assert_eq!(error, 0, "{}", key.name);
        for api in APIS {
            for on in ["shop", "shop.account", "_system", "nowhere"] {
                let error = api.ask(&mut stream, on).await.unwrap();
                let database = on.split('.').next().unwrap();
                let met = api.needs.are_met(key.role, key.of.as_deref(), database);
                let expected = match api.key {
                    HANDSHAKE | AUTHENTICATE => error == ILLEGAL_STATE,
                    _ if met => !(TOPIC_REFUSED..=CLUSTER_REFUSED).contains(&error),
                    _ => error == api.refused,
                };
                assert!(expected, "{} on {on} with {}: {error}", api.name, key.name);
            }
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn without_a_key_or_with_a_wrong_one_nothing_is_done_and_nothing_wakes() {
    let (server, root) = guarded().await;
    for api in APIS {
        let mut stream = connect(server.kafka).await;
        let told = api.ask(&mut stream, "shop").await;
        let is_let = matches!(api.key, HANDSHAKE | API_VERSIONS | AUTHENTICATE);
        assert_eq!(told.is_some(), is_let, "{}", api.name);
    }
    let changed = changed(&root);
    let begun = Instant::now();
    for (name, key) in [
        ("root", "x"),
        ("root", &*changed),
        ("till", &*root),
        ("", &*root),
    ] {
        let (mut stream, error) = sign_in(&server, name, key).await;
        assert_eq!(error, NOT_LET_IN, "{name}");
        assert_eq!(answer(&mut stream).await, None, "closed");
    }
    assert!(begun.elapsed() >= pauses(3), "each is told later");
    // Nobody is let in who has not said how, or says what nobody knows.
    let mut stream = connect(server.kafka).await;
    let body = Body::default().bytes(b"\0root\0x");
    let told = ask(&mut stream, AUTHENTICATE, 0, body).await.unwrap();
    assert_eq!(Told(&told).i16(), ILLEGAL_STATE);
    let mut stream = connect(server.kafka).await;
    let told = ask(&mut stream, HANDSHAKE, 1, Body::default().text("GSSAPI")).await;
    assert_eq!(Told(&told.unwrap()).i16(), NO_MECHANISM);

    // A guest says little: what is larger is not even read.
    let mut stream = connect(server.kafka).await;
    let body = Body::default().bytes(&[b'x'; 17 << 10]);
    assert_eq!(ask(&mut stream, AUTHENTICATE, 0, body).await, None);

    let metrics = send_http(server.request(Method::GET, "/metrics").bearer_auth(&root)).await;
    let metrics = metrics.text;
    assert!(
        metrics.contains("headwater_keys_refused_total{protocol=\"kafka\"} 3\n"),
        "{metrics}"
    );
    assert!(metrics.contains("\nheadwater_wakes_total 0\n"));
    server.stop().await;
}

#[tokio::test]
async fn a_connection_ends_with_its_key_and_one_without_when_keys_are_needed() {
    let server = TestServer::with_shop().await;
    let mut nobody = connect(server.kafka).await;
    let listed = ask(&mut nobody, LIST_GROUPS, 0, Body::default()).await;
    assert_eq!(Told(&listed.unwrap()).i16(), 0);
    // A client that is set up with a key is taken as it is.
    let (_, error) = sign_in(&server, "ada", "any").await;
    assert_eq!(error, 0);

    let made = json!({ "name": "root", "role": "admin" });
    let made = server.post("/v1/keys", &made).await.ok(201);
    let root = made["key"].as_str().unwrap().to_owned();
    assert_eq!(answer(&mut nobody).await, None, "closed");

    let till = json!({ "name": "till", "role": "read" });
    let till = make(&server, &root, &till).await;
    let (mut stream, error) = sign_in(&server, "till", &till).await;
    assert_eq!(error, 0);
    let revoked = server.request(Method::DELETE, "/v1/keys/till");
    send_http(revoked.bearer_auth(&root)).await.ok(204);
    assert_eq!(answer(&mut stream).await, None, "closed");
    assert_eq!(sign_in(&server, "till", &till).await.1, NOT_LET_IN);
    server.stop().await;
}

#[tokio::test]
async fn keys_of_one_database_have_groups_of_their_own() {
    let (server, root) = guarded().await;
    let mut listed = Vec::new();
    for of in [Some("shop"), Some("bank"), None] {
        let name = of.unwrap_or("all");
        let made = json!({ "name": name, "role": "read", "database": of });
        let key = make(&server, &root, &made).await;
        let (mut stream, _) = sign_in(&server, name, &key).await;
        let group = format!("of-{name}");
        let commit = Body::default().text(&group).i32(-1).text("").i64(-1);
        let commit = commit.one(of.unwrap_or("shop")).i64(7).i16(-1);
        let told = ask(&mut stream, OFFSET_COMMIT, 2, commit).await.unwrap();
        assert_eq!(of_partition(Told(&told)), 0);
        listed.push(
            ask(&mut stream, LIST_GROUPS, 0, Body::default())
                .await
                .unwrap(),
        );
    }
    let has =
        |told: &[u8], name: &str| told.windows(name.len()).any(|part| part == name.as_bytes());
    assert!(has(&listed[0], "\0\u{7}of-shop") && !has(&listed[0], "bank"));
    assert!(has(&listed[1], "\0\u{7}of-bank") && !has(&listed[1], "shop"));
    assert!(has(&listed[2], "shop/of-shop") && has(&listed[2], "bank/of-bank"));
    server.stop().await;
}

#[tokio::test]
async fn nobody_takes_the_groups_of_another_database() {
    let (server, root) = guarded().await;
    let made = json!({ "name": "bank", "role": "read", "database": "bank" });
    let key = make(&server, &root, &made).await;
    let (mut stream, _) = sign_in(&server, "bank", &key).await;
    for n in 0..600 {
        let group = format!("group-{n}");
        let heartbeat = Body::default().text(&group).i32(1).text("m");
        let told = ask(&mut stream, 12, 0, heartbeat).await.unwrap();
        assert_eq!(Told(&told).i16(), UNKNOWN_MEMBER);
        let told = ask(&mut stream, OFFSET_COMMIT, 2, commit(&group, "bank"))
            .await
            .unwrap();
        let error = of_partition(Told(&told));
        assert_eq!(error, if n < 100 { 0 } else { NOT_AVAILABLE }, "{n}");
    }
    let made = json!({ "name": "shop", "role": "read", "database": "shop" });
    let key = make(&server, &root, &made).await;
    let (mut stream, _) = sign_in(&server, "shop", &key).await;
    let told = ask(&mut stream, OFFSET_COMMIT, 2, commit("workers", "shop"))
        .await
        .unwrap();
    assert_eq!(of_partition(Told(&told)), 0);
    server.stop().await;
}

/// A group, committed by nobody who is a member: name, topic, partition 0.
fn commit(group: &str, on: &str) -> Body {
    let body = Body::default().text(group).i32(-1).text("").i64(-1);
    body.one(on).i64(7).i16(-1)
}

#[tokio::test]
async fn a_key_of_one_database_sees_its_groups_however_many_others_there_are() {
    let (server, root) = guarded().await;
    let cursor = headwater_node::Cursor {
        next: 7,
        note: String::new(),
    };
    let of = headwater_node::CursorOf {
        database: server.node.show(&"shop".parse().unwrap()).unwrap().id,
        category: None,
        parts: headwater_node::Parts::ONE,
        part: 0,
    };
    // Those of others come first by name, and are more than a list has.
    let keep = |reader: String| headwater_node::Keep {
        reader,
        cursors: [(of.clone(), cursor.clone())].into(),
        whole: true,
    };
    let others = (0..1_100).map(|n| keep(format!("a-{n}")));
    let own = keep("shop/workers".to_owned());
    let keeps: Vec<_> = others.chain([own]).collect();
    server.node.keep_cursors(&keeps).await.unwrap();
    let made = json!({ "name": "shop", "role": "read", "database": "shop" });
    let key = make(&server, &root, &made).await;
    let (mut stream, _) = sign_in(&server, "shop", &key).await;
    let told = ask(&mut stream, LIST_GROUPS, 0, Body::default()).await;
    let expected = Body::default().i16(0).i32(1).text("workers").text("").0;
    assert_eq!(told.unwrap(), expected);
    server.stop().await;
}

#[tokio::test]
async fn members_of_one_database_do_not_take_the_room_of_others() {
    const TOO_LARGE: i16 = 81;
    let (server, root) = guarded().await;
    let (mut admitted, mut refused) = (0, 0);
    let mut streams = Vec::new();
    for of in ["bank", "shop"] {
        let made = json!({ "name": of, "role": "read", "database": of });
        let key = make(&server, &root, &made).await;
        for n in 0..if of == "bank" { 10 } else { 1 } {
            let (mut stream, _) = sign_in(&server, of, &key).await;
            // It is answered at once when there is no room, and else when the group has met.
            let join = Body::default().text(&format!("g{n}")).i32(6_000).i32(6_000);
            let join = join.text("").text("consumer").i32(1).text("range");
            let told = ask(&mut stream, 11, 1, join.bytes(&vec![b'x'; 900 << 10])).await;
            match Told(&told.unwrap()).i16() {
                0 => admitted += 1,
                TOO_LARGE if of == "bank" => refused += 1,
                other => panic!("{of} {n}: {other}"),
            }
            streams.push(stream);
        }
    }
    assert_eq!((admitted, refused), (4 + 1, 6));
    server.stop().await;
}

#[tokio::test]
async fn a_group_that_is_deleted_is_not_brought_back_by_what_is_told_meanwhile() {
    const DELETE_GROUPS: i16 = 42;
    let (server, root) = guarded().await;
    let (mut telling, _) = sign_in(&server, "root", &root).await;
    let (mut deleting, _) = sign_in(&server, "root", &root).await;
    for round in 0..20 {
        // Of another partition, so that a cursor which stays would be seen.
        let group = format!("workers-{round}");
        let told = ask(&mut telling, OFFSET_COMMIT, 2, commit(&group, "shop")).await;
        assert_eq!(of_partition(Told(&told.unwrap())), 0);
        let delete = Body::default().i32(1).text(&group);
        let tell = commit(&group, "shop.account");
        let (deleted, told) = tokio::join!(
            ask(&mut deleting, DELETE_GROUPS, 0, delete),
            ask(&mut telling, OFFSET_COMMIT, 2, tell)
        );
        assert_eq!(after_name(Told(&deleted.unwrap())), 0);
        let error = of_partition(Told(&told.unwrap()));
        assert!([0, 14, NOT_AVAILABLE].contains(&error), "{error}");
    }
    let directory = server.stop().await; // keeps what is not kept
    let server = TestServer::over(directory, Options::default(), Limits::default()).await;
    for round in 0..20 {
        let kept = server
            .node
            .cursors(&format!("workers-{round}"))
            .await
            .unwrap();
        let whole_log = kept.keys().any(|of| of.category.is_none());
        assert!(!whole_log, "{round}: what was deleted came back: {kept:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_producer_that_wants_no_answer_learns_that_it_may_not_write() {
    let (server, root) = guarded().await;
    let made = json!({ "name": "board", "role": "read" });
    let key = make(&server, &root, &made).await;
    let (mut stream, _) = sign_in(&server, "board", &key).await;
    let produce = Body::default()
        .i16(-1)
        .i16(0)
        .i32(1_000)
        .one("shop")
        .bytes(b"x");
    assert_eq!(ask(&mut stream, 0, 3, produce).await, None, "closed");
    server.stop().await;
}

/// What somebody is told who claims this name by SCRAM: the salt among it.
async fn claimed(server: &TestServer, name: &str) -> String {
    let mut stream = connect(server.kafka).await;
    let chosen = Body::default().text("SCRAM-SHA-256");
    ask(&mut stream, HANDSHAKE, 1, chosen).await.unwrap();
    let message = format!("n,,n={name},r=nonce");
    let body = Body::default().bytes(message.as_bytes());
    let told = ask(&mut stream, AUTHENTICATE, 0, body).await.unwrap();
    let told = String::from_utf8_lossy(&told).into_owned();
    let (_, salt) = told.split_once(",s=").unwrap();
    salt.to_owned()
}

#[tokio::test]
async fn names_cannot_be_guessed_by_what_scram_tells_of_them() {
    let (server, _) = guarded().await;
    let mut before = Vec::new();
    for name in ["root", "nobody", "somebody"] {
        before.push(claimed(&server, name).await);
        assert_eq!(claimed(&server, name).await, before[before.len() - 1]);
    }
    assert_ne!(before[1], before[2]);
    let directory = server.stop().await;
    let server = TestServer::over(directory, Options::default(), Limits::default()).await;
    for (name, before) in ["root", "nobody", "somebody"].into_iter().zip(before) {
        assert_eq!(
            claimed(&server, name).await,
            before,
            "{name}, after a restart"
        );
    }
    server.stop().await;
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Read => "read",
            Write => "write",
            Admin => "admin",
        }
    }
}
