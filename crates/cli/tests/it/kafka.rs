//! The Kafka protocol, as real clients speak it: kcat, confluent-kafka (librdkafka) and kafkajs.
//! `./check` installs them; their scripts are in `tests/clients`.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use serde_json::{Value, json};

use crate::support::{Place, Serve, confluent_kafka, http, installed, runtime, script};

/// A server with a database `shop`, and where it speaks Kafka's protocol.
struct Shop {
    place: Place,
    server: Serve,
    bootstrap: String,
}

impl Shop {
    fn open() -> Shop {
        let place = Place::new();
        place.run(["database", "create", "shop"]).ok();
        let bootstrap = free_address();
        let server = place.serve_with(&["--kafka", &bootstrap]);
        Shop {
            place,
            server,
            bootstrap,
        }
    }

    /// The same data at the same address, served by another process: the one before is ended.
    fn again(self, end: impl FnOnce(Serve)) -> Shop {
        end(self.server);
        let server = self.place.serve_with(&["--kafka", &self.bootstrap]);
        Shop { server, ..self }
    }

    /// Appends over HTTP: `count` events, in five streams of the category account.
    fn fill(&self, count: usize) {
        let events: Vec<Value> = (0..count)
            .map(|n| {
                json!({
                    "type": "Opened", "stream": format!("account/{}", n % 5), "data": { "n": n },
                    "tags": [if n % 2 == 0 { "even" } else { "odd" }],
                    "metadata": { "actor": "ada" },
                })
            })
            .collect();
        self.append(&json!({ "events": events }));
    }

    /// Appends events that have all that one can have, and one that has nothing but its type.
    fn fill_with_all(&self) {
        let whole = json!({
            "id": "5c6b1d2e-0000-4000-8000-000000000007", "stream": "account/7", "type": "Opened",
            "occurred_at": "2026-11-20T10:00:00.000001Z", "tags": ["customer:7", "till:3"],
            "metadata": { "actor": "ada", "trace": { "span": [1, 2] } },
            "data": { "name": "Zoë", "n": [1, null] },
        });
        let bytes = json!({
            "id": "7", "source": "till-3", "stream": "account/7", "type": "Scanned",
            "content_type": "image/png", "data_base64": "iVBORwD/",
        });
        let bare = json!({ "type": "Closed" });
        self.append(&json!({ "events": [whole, bytes] }));
        std::thread::sleep(std::time::Duration::from_millis(5)); // another time
        self.append(&json!({ "events": [bare] }));
    }

    /// The events as the records that a client of a topic must see.
    fn records(&self, topic: &str) -> Vec<Value> {
        let (_, category) = topic.split_once('.').unwrap_or((topic, ""));
        let events = self.events();
        let records = events.iter().filter_map(|event| record(event, category));
        records.collect()
    }

    /// What a client sees of a topic from its beginning, by offset.
    fn told(&self, client: Command, topic: &str, partitions: u32) -> Vec<Value> {
        let count = self.records(topic).len();
        let arguments = [topic, &partitions.to_string(), &count.to_string()];
        let told = self.scenario(client, "tell", &arguments);
        let mut records: Vec<Value> = serde_json::from_str(&told).unwrap();
        for record in &mut records {
            sort_headers(record);
        }
        records.sort_by_key(|record| record["offset"].as_u64());
        records
    }

    fn append(&self, body: &Value) {
        let url = format!("{}/v1/databases/shop/append", self.server.url);
        let status = runtime().block_on(async {
            let sent = http().post(url).json(body).send().await.unwrap();
            sent.status().as_u16()
        });
        assert_eq!(status, 201);
    }

    /// Appends one more event, in another millisecond than what is there.
    fn append_later(&self) {
        std::thread::sleep(std::time::Duration::from_millis(5));
        self.append(&json!({ "events": [{ "type": "Opened", "stream": "account/6" }] }));
    }

    /// All events, as `headwater read` prints them.
    fn events(&self) -> Vec<Value> {
        let url = self.server.url.clone();
        let read = self
            .place
            .run(["read", "-d", "shop", "--all", "--server", &url]);
        read.ok().json()
    }

    /// Runs a scenario of confluent-kafka; what it printed.
    fn confluent(&self, scenario: &str, arguments: &[&str]) -> String {
        self.scenario(confluent_kafka(), scenario, arguments)
    }

    /// Begins a scenario of confluent-kafka, and waits for the line that says how far it is.
    fn begin(&self, scenario: &str, arguments: &[&str], until: &str) -> Child {
        self.begin_with(confluent_kafka(), scenario, arguments, until)
    }

    fn begin_with(
        &self,
        mut command: Command,
        scenario: &str,
        arguments: &[&str],
        until: &str,
    ) -> Child {
        command.args([&self.bootstrap, scenario]).args(arguments);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        lines.read_line(&mut line).unwrap();
        assert_eq!(line.trim_end(), until);
        child
    }

    /// Runs a scenario of kafkajs.
    fn kafkajs(&self, scenario: &str, arguments: &[&str]) -> String {
        self.scenario(node(), scenario, arguments)
    }

    /// Gives the categories another number of partitions.
    fn set_partitions(&self, count: u32) {
        let (count, url) = (count.to_string(), &self.server.url);
        let set = ["database", "set", "shop", "--partitions", &count];
        let set = set.into_iter().chain(["--server", url]);
        self.place.run(set).ok();
    }

    /// A group reads, the number of partitions changes, and more is written.
    fn read_anew(&self, client: Command, partitions: u32) {
        self.fill_streams(0);
        let arguments = [(2 * PER_FILL).to_string(), partitions.to_string()];
        let arguments = arguments.each_ref().map(String::as_str);
        let mut reading = self.begin_with(client, "read_anew", &arguments, "half");
        self.set_partitions(partitions);
        self.fill_streams(PER_FILL);
        assert!(reading.wait().unwrap().success());
    }

    /// Appends events in many streams, numbered from here on.
    fn fill_streams(&self, from: usize) {
        let event = |n: usize| {
            let stream = format!("account/{}", n % 60);
            json!({ "type": "Opened", "stream": stream, "data": { "n": n } })
        };
        let events: Vec<Value> = (from..from + PER_FILL).map(event).collect();
        self.append(&json!({ "events": events }));
    }

    fn scenario(&self, mut command: Command, scenario: &str, arguments: &[&str]) -> String {
        command.args([&self.bootstrap, scenario]).args(arguments);
        output(command)
    }

    fn kcat(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("kcat");
        command.args(["-q", "-b", &self.bootstrap]).args(arguments);
        output(command)
    }
}

/// The event as a record of the whole log, or of a category if it is one of it.
fn record(event: &Value, category: &str) -> Option<Value> {
    let text = |name: &str| event[name].as_str().unwrap();
    let stream = event["stream"].as_str();
    let key = match category {
        "" => stream,
        _ => Some(stream?.strip_prefix(category)?.strip_prefix('/')?),
    };
    let value = match &event["data_base64"] {
        Value::Null => BASE64.encode(event["data"].to_string()),
        bytes => bytes.as_str().unwrap().to_owned(),
    };
    let recorded: jiff::Timestamp = text("recorded_at").parse().unwrap();
    let content_type = event["content_type"].as_str().unwrap_or("application/json");
    let mut headers = vec![
        json!(["ce_specversion", "1.0"]),
        json!(["ce_id", text("id")]),
        json!(["ce_type", text("type")]),
        json!(["ce_source", "/databases/shop"]),
        json!(["ce_time", text("occurred_at")]),
        json!(["ce_recordedtime", text("recorded_at")]),
        json!(["ce_position", event["position"].to_string()]),
        json!(["content-type", content_type]),
    ];
    if let Some(stream) = stream {
        headers.push(json!(["ce_subject", stream]));
        headers.push(json!(["ce_revision", event["revision"].to_string()]));
    }
    let tags = event["tags"].as_array().unwrap();
    headers.extend(tags.iter().map(|tag| json!(["tag", tag])));
    if event["metadata"].is_object() {
        headers.push(json!(["metadata", event["metadata"].to_string()]));
    }
    let mut record = json!({
        "offset": event["position"], "key": key, "value": value, "headers": headers,
        "timestamp": recorded.as_millisecond(),
    });
    sort_headers(&mut record);
    Some(record)
}

/// Headers by name and value, because a client may tell them in an order of its own.
fn sort_headers(record: &mut Value) {
    let headers = record["headers"].as_array_mut().unwrap();
    headers.sort_by_key(Value::to_string);
}

/// Runs a client to its end, which must be a good one.
fn output(mut command: Command) -> String {
    let ran = command.stdin(Stdio::null()).output();
    let ran = ran.unwrap_or_else(|error| panic!("{command:?}: {error}; ./check installs it"));
    let (told, said) = (
        String::from_utf8_lossy(&ran.stdout).into_owned(),
        String::from_utf8_lossy(&ran.stderr),
    );
    assert!(ran.status.success(), "{command:?}\n{told}\n{said}");
    told
}

/// What `fill_streams` appends.
const PER_FILL: usize = 400;

/// The scenarios of kafkajs.
fn node() -> Command {
    let mut command = Command::new("node");
    command.env("KAFKAJS", installed("node/package.json"));
    command.arg(script("kafka_clients.js"));
    command
}

/// An address that nobody listens on.
fn free_address() -> String {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().to_string()
}

#[test]
fn confluent_kafka_reads() {
    let shop = Shop::open();
    shop.fill(200);
    shop.confluent("read_category", &["200"]);
    shop.append_later();
    let millis = shop.confluent("read_since", &["201"]);
    let since = format!("s@{}", millis.trim());
    let found = shop.kcat(&["-C", "-t", "shop", "-o", &since, "-e", "-f", "%o\n"]);
    assert_eq!(found, "201\n");
}

#[test]
fn records_carry_all_that_an_event_has() {
    let shop = Shop::open();
    shop.fill(40);
    shop.fill_with_all();
    for (topic, partitions, count) in [("shop", 1, 43), ("shop.account", 8, 42)] {
        let records = shop.records(topic);
        assert_eq!(records.len(), count);
        for client in [confluent_kafka(), node()] {
            assert_eq!(shop.told(client, topic, partitions), records);
        }
    }
}

#[test]
fn a_reader_that_waits_is_woken_by_an_append() {
    let shop = Shop::open();
    shop.fill(3);
    let mut waiting = shop.begin("wait_for_one", &[], "waiting");
    shop.append(&json!({ "events": [
        { "type": "Opened", "stream": "other/1" },
        { "type": "Opened", "stream": "later/1", "data": { "late": true } },
    ] }));
    assert!(waiting.wait().unwrap().success());
}

/// Where a partition has nothing, readers get on all the same, and are told of nothing strange.
#[test]
fn a_reader_passes_over_what_is_not_for_it() {
    let shop = Shop::open();
    shop.fill(3);
    shop.confluent("pass_over", &[]);
}

#[test]
fn an_idempotent_producer_writes_once_across_a_kill() {
    const COUNT: usize = 3_000;
    let shop = Shop::open();
    let count = COUNT.to_string();
    let mut producing = shop.begin("produce_across_a_kill", &[&count], "begun");
    let shop = shop.again(Serve::kill);
    assert!(producing.wait().unwrap().success());
    let events = shop.events();
    let mut last = [None; 5];
    for event in &events {
        let n = event["data"]["n"].as_u64().unwrap();
        let of_key = &mut last[usize::try_from(n % 5).unwrap()];
        assert!(*of_key < Some(n), "{n} after {of_key:?}");
        *of_key = Some(n);
    }
    assert_eq!(events.len(), COUNT, "each once");
}

#[test]
fn three_members_share_the_work_while_they_come_and_go() {
    let shop = Shop::open();
    shop.confluent("share", &["1500"]);
}

/// From 8 to 12, where each new partition has streams of two old ones, and back to fewer.
#[test]
fn a_group_misses_nothing_when_the_number_of_partitions_changes() {
    let shop = Shop::open();
    shop.read_anew(confluent_kafka(), 12);
    let listed = shop.kcat(&["-L", "-t", "shop.account"]);
    assert!(
        listed.contains("\"shop.account\" with 12 partitions"),
        "{listed}"
    );
    let shop = Shop::open();
    shop.read_anew(confluent_kafka(), 3);
}

#[test]
fn a_group_of_kafkajs_misses_nothing_when_the_number_of_partitions_changes() {
    Shop::open().read_anew(node(), 12);
}

#[test]
fn kcat_reads_and_writes() {
    let shop = Shop::open();
    shop.fill(50);
    let listed = shop.kcat(&["-L"]);
    assert!(listed.contains("\"shop\" with 1 partitions"), "{listed}");
    assert!(
        listed.contains("\"shop.account\" with 8 partitions"),
        "{listed}"
    );
    let all = shop.kcat(&[
        "-C",
        "-t",
        "shop",
        "-o",
        "beginning",
        "-e",
        "-f",
        "%o %k %s\n",
    ]);
    assert_eq!(all.lines().count(), 50);
    assert_eq!(all.lines().next(), Some("1 account/0 {\"n\":0}"));
    let some = shop.kcat(&["-C", "-t", "shop", "-o", "41", "-e"]);
    assert_eq!(some.lines().count(), 10);
    let since = shop.kcat(&["-C", "-t", "shop", "-o", "s@0", "-e"]);
    assert_eq!(since.lines().count(), 50);
    let category = shop.kcat(&["-C", "-t", "shop.account", "-o", "beginning", "-e"]);
    assert_eq!(category.lines().count(), 50);
    let records = shop.place.file("records", "7:{\"by\":\"kcat\"}\n");
    let records = records.to_str().unwrap();
    shop.kcat(&[
        "-P",
        "-t",
        "shop.account",
        "-K",
        ":",
        "-H",
        "ce_type=Told",
        "-l",
        records,
    ]);
    let last = shop.events().pop().unwrap();
    assert_eq!(last["stream"], "account/7");
    assert_eq!(
        (&last["type"], &last["data"]["by"]),
        (&json!("Told"), &json!("kcat"))
    );
}

#[test]
fn kcat_reads_by_time() {
    let shop = Shop::open();
    shop.fill(50);
    shop.append_later();
    let read = |bounds: &[&str]| -> Vec<String> {
        let read = ["-C", "-t", "shop", "-e", "-f", "%o %T\n"];
        let told = shop.kcat(&[&read[..], bounds].concat());
        told.lines().map(str::to_owned).collect()
    };
    let all = read(&["-o", "beginning"]);
    assert_eq!(all.len(), 51);
    let millis = all[50].strip_prefix("51 ").unwrap();
    let (since, before) = (format!("s@{millis}"), format!("e@{millis}"));
    assert_eq!(read(&["-o", &since]), all[50..]);
    assert_eq!(read(&["-o", "s@0", "-o", &before]), all[..50]);
}

#[test]
fn kcat_reads_as_a_member_of_a_group() {
    let shop = Shop::open();
    shop.fill(50);
    let read = |until: &[&str]| -> Vec<u64> {
        let read = ["-G", "readers", "-f", "%o\n"];
        let from = ["-X", "auto.offset.reset=earliest", "shop.account"];
        let told = shop.kcat(&[&read, until, &from].concat());
        told.lines().map(|line| line.parse().unwrap()).collect()
    };
    let mut all = read(&["-c", "20"]);
    all.extend(read(&["-e"])); // it goes on where it was
    all.sort_unstable();
    assert_eq!(all, (1..=50).collect::<Vec<u64>>());
}

#[test]
fn confluent_kafka_writes() {
    let shop = Shop::open();
    shop.confluent("produce_all", &[]);
    assert_eq!(shop.events().len(), 1_200);
    let position = shop.confluent("produce_named", &[]);
    let events = shop.events();
    assert_eq!(events.len(), 1_201);
    let event = &events[1_200];
    assert_eq!(event["position"].to_string(), position.trim());
    assert_eq!(event["id"], "5c6b1d2e-0000-4000-8000-000000000001");
    assert_eq!(event["type"], "AccountOpened");
    assert_eq!(event["stream"], "account/9");
    assert_eq!(event["tags"], json!(["customer:7"]));
    assert_eq!(event["metadata"]["actor"], "ada");
    assert_eq!(event["occurred_at"], "2026-11-20T10:00:00.000000Z");
    shop.confluent("produce_refused", &[]);
    shop.confluent("no_transactions", &[]);
}

#[test]
fn a_group_goes_on_where_it_was() {
    let shop = Shop::open();
    shop.fill(60);
    let offsets = |told: String| -> Vec<u64> { serde_json::from_str(&told).unwrap() };
    let mut all = offsets(shop.confluent("read_by_group", &["workers", "20"]));
    shop.confluent("remember", &["notes"]);
    // In memory, and then from `_system`.
    all.extend(offsets(shop.confluent("read_by_group", &["workers", "20"])));
    let shop = shop.again(|server| assert_eq!(server.terminate(), Some(0)));
    all.extend(offsets(shop.confluent("read_by_group", &["workers", "20"])));
    all.sort_unstable();
    assert_eq!(all, (1..=60).collect::<Vec<u64>>());
    shop.confluent("remembered", &["notes"]);
    shop.confluent("administer", &["workers"]);
}

#[test]
fn kafkajs_reads_by_time() {
    let shop = Shop::open();
    shop.fill(60);
    shop.append_later();
    shop.kafkajs("read_since", &["61"]);
}

#[test]
fn a_group_of_kafkajs_goes_on_where_it_was() {
    let shop = Shop::open();
    shop.fill(60);
    let read = |shop: &Shop| -> Vec<u64> {
        let told = shop.kafkajs("read_by_group", &["scripts", "20"]);
        serde_json::from_str(&told).unwrap()
    };
    let mut all = read(&shop);
    all.extend(read(&shop)); // what the server has in memory, and then in `_system`
    let shop = shop.again(|server| assert_eq!(server.terminate(), Some(0)));
    all.extend(read(&shop));
    all.sort_unstable();
    assert_eq!(all, (1..=60).collect::<Vec<u64>>());
}

#[test]
fn three_members_of_kafkajs_share_the_work_while_they_come_and_go() {
    Shop::open().kafkajs("share", &[]);
}

#[test]
fn kafkajs_reads_and_writes() {
    let shop = Shop::open();
    shop.fill(40);
    shop.kafkajs("read_by_group", &["scripts", "40"]);
    shop.kafkajs("produce", &[]);
    shop.kafkajs("administer", &["scripts"]);
    let events = shop.events();
    assert_eq!(events.len(), 40 + 80);
    assert_eq!(events[119]["type"], "Scripted");
    assert_eq!(events[119]["tags"], json!(["a:1", "b:2"]));
}
