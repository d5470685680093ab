//! Kafka's protocol on a bare socket: what real clients do not send. What they do is tested with
//! them, in the tests of the command line.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use headwater_node::{DatabaseState, Options};
use headwater_wire::Limits;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{Dice, PATIENCE, TestServer};

const PRODUCE: i16 = 0;
const FETCH: i16 = 1;
const METADATA: i16 = 3;
const API_VERSIONS: i16 = 18;
const INIT_PRODUCER_ID: i16 = 22;

/// A request's header, without tagged fields, and its body.
pub fn request(key: i16, version: i16, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&key.to_be_bytes());
    bytes.extend_from_slice(&version.to_be_bytes());
    bytes.extend_from_slice(&7i32.to_be_bytes()); // the correlation id
    bytes.extend_from_slice(&[0, 1, b't']); // the name of the client
    bytes.extend_from_slice(body);
    bytes
}

pub async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

pub async fn send(stream: &mut TcpStream, request: &[u8]) {
    let size = i32::try_from(request.len()).unwrap();
    let frame = [&size.to_be_bytes()[..], request].concat();
    let _ = stream.write_all(&frame).await; // the server may have closed already
}

/// The next answer without its size; nothing if the server has closed.
pub async fn answer(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let read = async {
        let size = stream.read_i32().await.ok()?;
        let mut bytes = vec![0; usize::try_from(size).unwrap()];
        stream.read_exact(&mut bytes).await.ok()?;
        Some(bytes)
    };
    tokio::time::timeout(PATIENCE, read).await.unwrap()
}

pub async fn ask(address: SocketAddr, request: &[u8]) -> Option<Vec<u8>> {
    let mut stream = connect(address).await;
    send(&mut stream, request).await;
    answer(&mut stream).await
}

/// The server still answers.
async fn check_alive(server: &TestServer) {
    let told = ask(server.kafka, &request(API_VERSIONS, 0, &[]))
        .await
        .unwrap();
    assert_eq!(told[4..6], [0, 0], "no error");
    server.get("/v1/databases/shop").await.ok(200);
}

#[tokio::test]
async fn versions_that_are_not_known_are_told_which_are() {
    let server = TestServer::with_shop().await;
    let told = ask(server.kafka, &request(API_VERSIONS, 90, &[0, 0]))
        .await
        .unwrap();
    assert_eq!(told[..4], 7i32.to_be_bytes(), "the correlation id");
    assert_eq!(told[4..6], [0, 35], "unsupported version");
    let count = i32::from_be_bytes(told[6..10].try_into().unwrap());
    assert_eq!(told.len(), 10 + 6 * usize::try_from(count).unwrap());
    let produce: Vec<&[u8]> = told[10..]
        .chunks(6)
        .filter(|api| api[..2] == [0, 0])
        .collect();
    assert_eq!(produce[0][2..4], [0, 0], "or librdkafka does not compress");
    for known in [request(METADATA, 90, &[]), request(9_999, 0, &[])] {
        assert_eq!(ask(server.kafka, &known).await, None, "closed");
    }
    server.stop().await;
}

#[tokio::test]
async fn counts_that_lie_take_no_memory() {
    let server = TestServer::with_shop().await;
    for body in [
        &[0x7f, 0xff, 0xff, 0xff][..],
        &[0x7f, 0xff, 0xff, 0xff, 0, 1, b'a'],
    ] {
        assert_eq!(ask(server.kafka, &request(METADATA, 1, body)).await, None);
    }
    let mut stream = connect(server.kafka).await;
    stream.write_all(&i32::MAX.to_be_bytes()).await.unwrap();
    let _ = stream.write_all(&request(METADATA, 1, &[])).await; // it may be closed already
    assert_eq!(answer(&mut stream).await, None);
    check_alive(&server).await;
    server.stop().await;
}

#[tokio::test]
async fn whatever_is_sent_harms_nobody() {
    let server = TestServer::with_shop().await;
    let mut dice = Dice(0x5eed);
    for round in 0..400 {
        let key = (dice.next() % 62) as i16;
        let version = (dice.next() % 12) as i16;
        let count = (dice.next() % 200) as usize;
        let mut body = dice.bytes(count);
        if round % 2 == 0 {
            // Small numbers reach further in: lengths that are there, counts of a few.
            body.iter_mut().for_each(|byte| *byte %= 4);
        }
        let mut stream = connect(server.kafka).await;
        let whole = request(key, version, &body);
        let cut = (dice.next() as usize % whole.len()).max(1);
        send(
            &mut stream,
            if round % 3 == 0 {
                &whole[..cut]
            } else {
                &whole
            },
        )
        .await;
        stream.shutdown().await.unwrap();
        let mut told = Vec::new();
        let ended = stream.read_to_end(&mut told); // it is answered or closed, and never hangs
        let _ = tokio::time::timeout(PATIENCE, ended).await.unwrap();
    }
    check_alive(&server).await;
    server.stop().await;
}

/// A fetch of the whole log of `shop` from an offset, in version 4.
fn fetch(offset: i64, wait_millis: i32) -> Vec<u8> {
    fetch_bytes(offset, wait_millis, 1, 1 << 20)
}

/// The same, of at least and at most so many bytes.
fn fetch_bytes(offset: i64, wait_millis: i32, least: i32, most: i32) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend_from_slice(&(-1i32).to_be_bytes()); // no replica
    body.extend_from_slice(&wait_millis.to_be_bytes());
    body.extend_from_slice(&least.to_be_bytes());
    body.extend_from_slice(&most.to_be_bytes());
    body.push(0);
    body.extend_from_slice(&1i32.to_be_bytes()); // one topic
    body.extend_from_slice(&[0, 4]);
    body.extend_from_slice(b"shop");
    body.extend_from_slice(&1i32.to_be_bytes()); // one partition
    body.extend_from_slice(&0i32.to_be_bytes());
    body.extend_from_slice(&offset.to_be_bytes());
    body.extend_from_slice(&most.to_be_bytes());
    request(FETCH, 4, &body)
}

#[tokio::test]
async fn a_fetch_waits_for_its_least_and_gives_its_most_but_always_one_record() {
    let server = TestServer::with_shop().await;
    for _ in 0..50 {
        server.note("shop", 1).await;
    }
    let all = ask(server.kafka, &fetch(1, 0)).await.unwrap().len();
    let one = ask(server.kafka, &fetch(50, 0)).await.unwrap().len();
    let none = ask(server.kafka, &fetch(51, 0)).await.unwrap().len();
    assert!(none < one && one * 2 < all, "{none} {one} {all}");
    let of_least = ask(server.kafka, &fetch_bytes(1, 0, 1, 1)).await.unwrap();
    assert!((none + 1..=one + 8).contains(&of_least.len()), "one record");
    let most = i32::try_from(all / 2).unwrap();
    let half = ask(server.kafka, &fetch_bytes(1, 0, 1, most))
        .await
        .unwrap();
    assert!((one..all).contains(&half.len()), "{} of {most}", half.len());

    let begun = Instant::now();
    let waits = fetch_bytes(50, 300, 1 << 20, 1 << 20);
    let late = ask(server.kafka, &waits).await.unwrap().len();
    assert!(begun.elapsed() >= Duration::from_millis(300));
    assert_eq!(late, one, "what there is, when it has waited");
    server.stop().await;
}

/// A produce of one record of `shop.account`, as an idempotent producer sends it, in version 3.
fn produce(acks: i16, producer: (i64, i16), sequence: i32) -> Vec<u8> {
    produce_value(acks, producer, sequence, b"{}", 1)
}

/// The same of any two bytes, in a batch that says that it has so many records.
fn produce_value(
    acks: i16,
    (producer, epoch): (i64, i16),
    sequence: i32,
    value: &[u8; 2],
    count: i32,
) -> Vec<u8> {
    // Attributes, time, offset; key, value; headers.
    let record = [18, 0, 0, 0, 2, b'7', 4, value[0], value[1], 0];
    let mut checked = vec![0; 2 + 4 + 8 + 8]; // attributes, last offset, times
    checked.extend_from_slice(&producer.to_be_bytes());
    checked.extend_from_slice(&epoch.to_be_bytes());
    checked.extend_from_slice(&sequence.to_be_bytes());
    checked.extend_from_slice(&count.to_be_bytes());
    checked.extend_from_slice(&record);
    let mut batch = vec![0; 8]; // the base offset
    batch.extend_from_slice(&i32::try_from(9 + checked.len()).unwrap().to_be_bytes());
    batch.extend_from_slice(&(-1i32).to_be_bytes()); // epoch of the leader
    batch.push(2);
    batch.extend_from_slice(&crc32c::crc32c(&checked).to_be_bytes());
    batch.extend_from_slice(&checked);
    let mut body = vec![0xff, 0xff]; // no transaction
    body.extend_from_slice(&acks.to_be_bytes());
    body.extend_from_slice(&10_000i32.to_be_bytes());
    body.extend_from_slice(&1i32.to_be_bytes());
    body.extend_from_slice(b"\0\x0cshop.account");
    body.extend_from_slice(&1i32.to_be_bytes());
    body.extend_from_slice(&0i32.to_be_bytes());
    body.extend_from_slice(&i32::try_from(batch.len()).unwrap().to_be_bytes());
    body.extend_from_slice(&batch);
    request(PRODUCE, 3, &body)
}

/// Error and offset in the answer to [`produce`].
fn produced(told: &[u8]) -> (i16, i64) {
    let at = 4 + 4 + 2 + 12 + 4 + 4; // correlation id, one topic, its name, one partition, its number
    let error = i16::from_be_bytes(told[at..at + 2].try_into().unwrap());
    let offset = i64::from_be_bytes(told[at + 2..at + 10].try_into().unwrap());
    (error, offset)
}

#[tokio::test]
async fn a_batch_that_is_sent_again_is_written_once_also_after_a_restart() {
    let server = TestServer::with_shop().await;
    let body = [&[0xff, 0xff][..], &10_000i32.to_be_bytes()].concat();
    let told = ask(server.kafka, &request(INIT_PRODUCER_ID, 0, &body)).await;
    let told = told.unwrap();
    assert_eq!(told[8..10], [0, 0], "no error");
    let producer = (
        i64::from_be_bytes(told[10..18].try_into().unwrap()),
        i16::from_be_bytes(told[18..20].try_into().unwrap()),
    );
    let first = ask(server.kafka, &produce(-1, producer, 0)).await.unwrap();
    assert_eq!(produced(&first), (0, 1));
    let again = ask(server.kafka, &produce(-1, producer, 0)).await.unwrap();
    assert_eq!(produced(&again), (0, 1));
    let directory = server.stop().await;
    let server = TestServer::over(directory, Options::default(), Limits::default()).await;
    for acks in [-1, 1] {
        let again = ask(server.kafka, &produce(acks, producer, 0)).await;
        assert_eq!(produced(&again.unwrap()), (0, 1), "after a restart");
    }
    let second = ask(server.kafka, &produce(1, producer, 1)).await.unwrap();
    assert_eq!(produced(&second), (0, 2));
    // Who wants no answer gets none; what comes next on the connection is answered after it is written.
    let mut stream = connect(server.kafka).await;
    send(&mut stream, &produce(0, producer, 2)).await;
    send(&mut stream, &request(API_VERSIONS, 0, &[])).await;
    let told = answer(&mut stream).await.unwrap();
    assert!(told.len() > 100, "the versions, and nothing before them");
    let page = server.get("/v1/databases/shop/events").await.ok(200);
    assert_eq!(page["events"].as_array().unwrap().len(), 3);
    server.stop().await;
}

#[tokio::test]
async fn what_follows_a_refused_batch_waits_until_its_number_is_taken() {
    const OUT_OF_ORDER: i16 = 45;
    const INVALID_RECORD: i16 = 87;
    let server = TestServer::with_shop().await;
    let producer = (7, 0);
    let say = async |sequence: i32, value: &[u8; 2]| {
        let batch = produce_value(-1, producer, sequence, value, 1);
        produced(&ask(server.kafka, &batch).await.unwrap())
    };
    assert_eq!(say(0, b"{}").await, (0, 1));
    assert_eq!(say(1, b"{x").await.0, INVALID_RECORD);
    // It was on its way already; its producer numbers it anew, as 1, and sends it again.
    assert_eq!(say(2, b"[]").await.0, OUT_OF_ORDER);
    assert_eq!(say(1, b"[]").await, (0, 2));
    assert_eq!(say(1, b"[]").await, (0, 2), "sent again");
    assert_eq!(say(2, b"{}").await, (0, 3));
    server.stop().await;
}

#[tokio::test]
async fn a_batch_of_too_many_records_is_too_large() {
    const TOO_LARGE: i16 = 10;
    let server = TestServer::with_shop().await;
    let batch = produce_value(-1, (7, 0), 0, b"{}", 100_001);
    let told = ask(server.kafka, &batch).await.unwrap();
    assert_eq!(produced(&told).0, TOO_LARGE);
    server.stop().await;
}

#[tokio::test]
async fn answers_are_small_while_others_hold_what_they_do_not_read() {
    const LARGE: usize = 1 << 20;
    let limits = Limits {
        large_answers_bytes_max: LARGE,
        ..Limits::default()
    };
    let server = TestServer::with(Options::default(), limits).await;
    server.create("shop").await;
    let event = json!({ "type": "Noted", "stream": "note/1", "data": "x".repeat(10_000) });
    for _ in 0..2 {
        let body = json!({ "events": vec![event.clone(); 100] });
        server.append("shop", &body).await.ok(201);
    }
    let large = fetch_bytes(1, 0, 1, i32::MAX);
    let whole = ask(server.kafka, &large).await.unwrap().len();
    assert!(whole > LARGE, "{whole}");

    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut deaf = socket.connect(server.kafka).await.unwrap();
    for _ in 0..20 {
        send(&mut deaf, &large).await; // more than sockets hold
    }
    let small = |bytes: usize| (10_000..200_000).contains(&bytes);
    let held = async { while !small(ask(server.kafka, &large).await.unwrap().len()) {} };
    tokio::time::timeout(PATIENCE, held).await.unwrap();
    drop(deaf);
    let given_back = async { while ask(server.kafka, &large).await.unwrap().len() != whole {} };
    tokio::time::timeout(PATIENCE, given_back).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_listing_of_all_topics_names_categories_and_keeps_nothing_awake() {
    let options = Options {
        sleep_after: Some(Duration::from_millis(20)),
        ..Options::default()
    };
    let server = TestServer::with(options, Limits::default()).await;
    server.create("shop").await;
    let handle = server
        .node
        .database(&"shop".parse().unwrap())
        .await
        .unwrap();
    server.note("shop", 1).await;
    let mut stream = connect(server.kafka).await;
    let mut list = async || {
        send(&mut stream, &request(METADATA, 1, &[0xff; 4])).await;
        let told = answer(&mut stream).await.unwrap();
        told.windows(9).any(|part| part == b"shop.note")
    };
    assert!(list().await, "it is awake");
    drop(handle);
    // Whoever lists again and again finds it asleep at last.
    let listing = async { while list().await {} };
    tokio::time::timeout(PATIENCE, listing).await.unwrap();
    let wakes = server.node.stats().wakes;
    assert!(!list().await);
    assert_eq!(server.node.stats().wakes, wakes, "nothing was woken");
    server.stop().await;
}

#[tokio::test]
async fn a_waiting_fetch_of_a_category_ends_when_its_partitions_do() {
    const NOT_LEADER: i16 = 6;
    let server = TestServer::with_shop().await;
    server.note("shop", 1).await;
    let of_category = |wait: i32| {
        let whole = fetch(1, wait);
        let at = whole.windows(4).position(|part| part == b"shop").unwrap();
        let name = b"\0\x09shop.note";
        [&whole[..at - 2], name, &whole[at + 4..]].concat()
    };
    // Correlation id, throttle time, one topic, its name, one partition and its number.
    let error = |told: Vec<u8>| {
        let at = 4 + 4 + 4 + 2 + 9 + 4 + 4;
        i16::from_be_bytes(told[at..at + 2].try_into().unwrap())
    };
    assert_eq!(error(ask(server.kafka, &of_category(0)).await.unwrap()), 0);
    let set = async |count: u32| {
        let request = server.request(reqwest::Method::PUT, "/v1/databases/shop/settings");
        let body = json!({ "partitions": count });
        crate::harness::send(request.json(&body)).await.ok(200);
    };
    set(16).await;
    let told = ask(server.kafka, &of_category(0)).await.unwrap();
    assert_eq!(error(told), NOT_LEADER, "nobody reads until all know");
    let whole_log = ask(server.kafka, &fetch(1, 0)).await.unwrap();
    assert!(whole_log.len() > 100, "the whole log is read as ever");
    // At last it is read again.
    let reading =
        async { while error(ask(server.kafka, &of_category(10_000)).await.unwrap()) != 0 {} };
    tokio::time::timeout(PATIENCE, reading).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn the_end_is_known_while_a_database_falls_asleep() {
    let options = Options {
        sleep_after: Some(Duration::from_millis(1)),
        ..Options::default()
    };
    let server = TestServer::with(options, Limits::default()).await;
    server.create("shop").await;
    let name = "shop".parse().unwrap();
    // Correlation id, throttle time, one topic, its name, one partition and its number.
    let error = |told: &[u8]| told[4 + 4 + 4 + 2 + 4 + 4 + 4..][..2].to_vec();
    let mut stream = connect(server.kafka).await;
    for head in 1..=20 {
        server.note("shop", 1).await;
        let wakes = server.node.stats().wakes;
        let mut asleep = 0;
        while asleep < 2 {
            send(&mut stream, &fetch(head + 1, 0)).await;
            let told = answer(&mut stream).await.unwrap();
            assert_eq!(error(&told), [0, 0], "after {head} events");
            asleep += i32::from(server.node.show(&name).unwrap().state == DatabaseState::Asleep);
        }
        assert_eq!(server.node.stats().wakes, wakes, "nothing was woken");
    }
    server.stop().await;
}

#[tokio::test]
async fn waiting_at_the_end_wakes_nothing_and_an_append_ends_it() {
    let options = Options {
        sleep_after: Some(Duration::from_millis(20)),
        ..Options::default()
    };
    let server = TestServer::with(options, Limits::default()).await;
    server.create("shop").await;
    server.note("shop", 3).await;
    let name = "shop".parse().unwrap();
    while server.node.show(&name).unwrap().state != DatabaseState::Asleep {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let wakes = server.node.stats().wakes;
    let empty = ask(server.kafka, &fetch(4, 50)).await.unwrap();
    assert_eq!(server.node.stats().wakes, wakes, "nothing was woken");
    let mut stream = connect(server.kafka).await;
    send(&mut stream, &fetch(4, 60_000)).await;
    server.note("shop", 1).await;
    let found = answer(&mut stream).await.unwrap();
    assert!(found.len() > empty.len(), "it has the record");

    // Nor does it keep awake what it waits for.
    send(&mut stream, &fetch(5, 60_000)).await;
    let asleep = async {
        while server.node.show(&name).unwrap().state != DatabaseState::Asleep {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asleep).await.unwrap();
    server.note("shop", 1).await;
    let found = answer(&mut stream).await.unwrap();
    assert!(found.len() > empty.len(), "it has the next record");
    server.stop().await;
}
