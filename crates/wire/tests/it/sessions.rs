//! Whole sessions of both protocols, cut at each byte, and with each byte changed: nobody else feels
//! it, and the server keeps nothing of them.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _, pin_mut};
use kafka_protocol::messages::ApiKey;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_postgres::{Config, NoTls};

use crate::harness::{Dice, PATIENCE, TestServer};
use crate::kafka::{answer, ask, connect, request, send};
use crate::kafka_requests::{self, Member};
use crate::postgres::text;

/// Kafka's requests are answered to who says no more, too.
const NO_SILENCE: Duration = Duration::ZERO;

/// What runs for a client of PostgreSQL's protocol is called off when it says no more: so long it
/// waits, which is enough for most to be answered.
const SILENCE: Duration = Duration::from_millis(10);

/// Bytes that the process may grow by, whatever was sent: far below a little for each session.
const GROWTH_MAX: usize = 128 << 20;

/// Bytes of memory that the process has.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kib.map_or(0, |kib| kib.parse::<usize>().unwrap() << 10)
}

/// Sends bytes, and no more once the server has been silent for so long; then reads what is said until
/// it has hung up.
async fn replay(address: SocketAddr, bytes: &[u8], silence: Duration) -> Vec<u8> {
    let mut stream = connect(address).await;
    let _ = stream.write_all(bytes).await; // it may have been closed before the last byte
    let mut said = Vec::new();
    while let Ok(Ok(1..)) = tokio::time::timeout(silence, stream.read_buf(&mut said)).await {}
    let _ = stream.shutdown().await;
    let reading = stream.read_to_end(&mut said);
    let _ = tokio::time::timeout(PATIENCE, reading).await.unwrap(); // however it ended
    said
}

/// Each beginning of a session, and the session with each of its bytes changed.
fn spoiled(session: &[u8], at: usize, dice: &mut Dice) -> [Vec<u8>; 2] {
    let mut changed = session.to_vec();
    changed[at] ^= 1 + (dice.next() % 255) as u8;
    [session[..at].to_vec(), changed]
}

/// No connection has panicked, and none but those of others is still there.
async fn check_left(server: &TestServer, protocol: &str, open: usize) {
    let left = format!("headwater_connections{{protocol=\"{protocol}\"}} {open}\n");
    let gone = async {
        loop {
            let metrics = server.get("/metrics").await.text;
            assert!(metrics.contains("\nheadwater_connection_panics_total 0\n"));
            if metrics.contains(&left) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.unwrap();
}

/// The requests that are answered, with the oldest and the newest version of each: first those that
/// a client may begin with.
pub async fn versions(server: &TestServer) -> Vec<(ApiKey, i16, i16)> {
    let told = ask(server.kafka, &request(ApiKey::ApiVersions as i16, 0, &[])).await;
    let told = told.unwrap();
    let number = |bytes: &[u8]| i16::from_be_bytes([bytes[0], bytes[1]]);
    let all = told[10..].chunks(6).map(|api| {
        let key = ApiKey::try_from(number(api)).unwrap();
        let oldest = match key {
            // They are announced and not answered in older ones.
            ApiKey::Produce => 3,
            ApiKey::SaslHandshake => 1,
            _ => number(&api[2..]),
        };
        (key, oldest, number(&api[4..]))
    });
    let mut all: Vec<_> = all.collect();
    all.sort_by_key(|(key, ..)| !matches!(key, ApiKey::SaslHandshake | ApiKey::SaslAuthenticate));
    all
}

/// The only member of a group.
struct Consumer {
    stream: TcpStream,
    member: Member,
}

impl Consumer {
    async fn join(server: &TestServer, group: &str) -> Consumer {
        let member = Member {
            group: group.to_owned(),
            ..Member::default()
        };
        let stream = connect(server.kafka).await;
        let mut consumer = Consumer { stream, member };
        consumer.stay().await;
        consumer
    }

    /// The answer without the correlation id.
    async fn ask(&mut self, key: ApiKey, version: i16) -> Vec<u8> {
        let request = kafka_requests::request(key, version, &self.member);
        send(&mut self.stream, &request).await;
        answer(&mut self.stream).await.unwrap().split_off(4)
    }

    /// Is a member, or becomes one again.
    async fn stay(&mut self) {
        while self.ask(ApiKey::Heartbeat, 0).await != [0, 0] {
            self.join_again().await;
            self.ask(ApiKey::SyncGroup, 0).await;
        }
    }

    async fn join_again(&mut self) {
        const UNKNOWN_MEMBER: [u8; 2] = [0, 25];
        let told = self.ask(ApiKey::JoinGroup, 5).await;
        let (error, told) = told[4..].split_at(2); // after the time it was kept waiting
        let (generation, mut told) = told.split_first_chunk().unwrap();
        self.member.generation = i32::from_be_bytes(*generation);
        let mut string = || {
            let (length, after) = told.split_first_chunk().unwrap();
            let (text, after) = after.split_at(u16::from_be_bytes(*length).into());
            told = after;
            String::from_utf8(text.to_vec()).unwrap()
        };
        let [_protocol, _leader, name] = [string(), string(), string()];
        self.member.name = match error == UNKNOWN_MEMBER {
            true => String::new(),
            false => name,
        };
    }

    /// Everything that a consumer can ask, in these versions, without joining and leaving itself.
    fn session(&self, versions: &[(ApiKey, i16)]) -> Vec<u8> {
        let stranger = Member {
            name: String::new(),
            ..self.member.clone()
        };
        let frames = versions.iter().map(|(key, version)| match key {
            // From this version on it is only told its name.
            ApiKey::JoinGroup => kafka_requests::frame(*key, (*version).max(4), &stranger),
            ApiKey::LeaveGroup => kafka_requests::frame(*key, *version, &stranger),
            _ => kafka_requests::frame(*key, *version, &self.member),
        });
        frames.collect::<Vec<_>>().concat()
    }
}

/// The answers, by their sizes.
fn count_answers(mut said: &[u8]) -> usize {
    let mut count = 0;
    while let Some((size, after)) = said.split_first_chunk() {
        said = &after[usize::try_from(i32::from_be_bytes(*size)).unwrap()..];
        count += 1;
    }
    count
}

#[tokio::test]
async fn a_kafka_session_may_end_and_be_spoiled_anywhere() {
    let server = TestServer::with_shop().await;
    let all = versions(&server).await;
    let mut consumer = Consumer::join(&server, "readers").await;
    let mut dice = Dice(0x5eed);
    let oldest: Vec<_> = all.iter().map(|(key, oldest, _)| (*key, *oldest)).collect();
    let newest: Vec<_> = all.iter().map(|(key, _, newest)| (*key, *newest)).collect();
    for versions in [oldest, newest] {
        let whole = consumer.session(&versions);
        let said = replay(server.kafka, &whole, NO_SILENCE).await;
        assert_eq!(count_answers(&said), versions.len());
        let before = resident();
        for at in 0..whole.len() {
            consumer.stay().await;
            for bytes in spoiled(&consumer.session(&versions), at, &mut dice) {
                replay(server.kafka, &bytes, NO_SILENCE).await;
            }
        }
        let after = resident();
        assert!(after < before + GROWTH_MAX, "{before} bytes became {after}");
    }
    consumer.stay().await;
    check_left(&server, "kafka", 1).await;
    server.stop().await;
}

/// What a client of PostgreSQL's protocol sends, from its first byte to its last.
async fn recorded(server: &TestServer) -> Vec<u8> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let between = listener.local_addr().unwrap();
    let behind = server.postgres();
    let relay = tokio::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        let (mut client_says, mut to_client) = client.into_split();
        let (mut server_says, mut to_server) = connect(behind).await.into_split();
        tokio::spawn(async move { tokio::io::copy(&mut server_says, &mut to_client).await });
        let (mut sent, mut some) = (Vec::new(), [0; 4096]);
        loop {
            match client_says.read(&mut some).await.unwrap() {
                0 => return sent,
                count => {
                    sent.extend_from_slice(&some[..count]);
                    to_server.write_all(&some[..count]).await.unwrap();
                }
            }
        }
    });
    speak(between).await;
    relay.await.unwrap()
}

/// A session in which there is something of everything.
async fn speak(address: SocketAddr) {
    let mut config = Config::new();
    config.host(address.ip().to_string()).port(address.port());
    config.user("ada").dbname("shop").connect_timeout(PATIENCE);
    let (mut client, connection) = config.connect(NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    let values = "select $1::int + 1, $2::text, $3::float8";
    client.query(values, &[&1, &"a", &0.5]).await.unwrap();
    let append = "insert into event (stream, type) values ($1, $2) returning position";
    client.query(append, &[&"note/1", &"Noted"]).await.unwrap();
    let block = "begin; savepoint a; insert into event (type, data) values ('A', '{\"b\": 1}'); \
        rollback to a; declare c cursor for select type from event; fetch 1 from c; commit";
    client.batch_execute(block).await.unwrap();
    let settings = "set application_name = 'x'; show timezone; listen note; unlisten *";
    client.batch_execute(settings).await.unwrap();
    let copy = "copy (select 1, 'a') to stdout with (format csv)";
    let lines = client.copy_out(copy).await.unwrap();
    pin_mut!(lines);
    while lines.try_next().await.unwrap().is_some() {}
    let transaction = client.transaction().await.unwrap();
    let two = "values (1), (2)";
    let portal = transaction.bind(two, &[]).await.unwrap();
    let rows = transaction.query_portal(&portal, 1).await.unwrap();
    assert_eq!(rows.len(), 1);
    transaction.rollback().await.unwrap();
    drop(client);
    connection.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_postgres_session_may_end_and_be_spoiled_anywhere() {
    /// Sessions at the same time.
    const ABREAST: usize = 32;
    let server = TestServer::with_shop().await;
    let other = crate::postgres::connect(&server, "shop").await;
    let whole = recorded(&server).await;
    let said = replay(server.postgres(), &whole, PATIENCE).await;
    assert!(
        said.windows(9).any(|part| part == b"COPY 1\0Z\0"),
        "{said:?}"
    );
    let dice = Mutex::new(Dice(0x5eed));
    let before = resident();
    let sessions = futures::stream::iter(0..whole.len());
    let sessions = sessions.for_each_concurrent(ABREAST, |at| {
        let both = spoiled(&whole, at, &mut dice.lock().unwrap());
        let (server, other) = (&server, &other);
        async move {
            for bytes in both {
                replay(server.postgres(), &bytes, SILENCE).await;
            }
            assert_eq!(text(other, "select 1").await, "1");
        }
    });
    sessions.await;
    let after = resident();
    assert!(after < before + GROWTH_MAX, "{before} bytes became {after}");
    check_left(&server, "postgres", 1).await;
    server.stop().await;
}
