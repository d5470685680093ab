//! What connections cost that wait.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use crate::support::{Place, Serve};

/// Connections of each kind, and the memory that all of them have together.
const OF_EACH_KIND: usize = 2_000;
const BYTES_MAX: u64 = 64 << 20;

/// Those of each kind that are opened before it is measured what the next ones cost.
const BEFORE: usize = 50;
/// Files that both processes have open beside the connections, with room to spare.
const OTHER_FILES: usize = 300;

/// How many connections of each kind are opened: all, or as many as the machine allows a process.
fn measured() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let allowed = line.and_then(|line| line.split_whitespace().nth(3)?.parse().ok());
    let allowed: usize = allowed.expect(&limits);
    OF_EACH_KIND.min((allowed - OTHER_FILES) / 3 - BEFORE)
}

/// A connection whose request was answered, and that is kept for another.
fn http(address: &str) -> TcpStream {
    const LENGTH: &str = "content-length: ";
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .write_all(b"GET /v1/databases/shop HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .unwrap();
    let mut reader = BufReader::new(&mut stream);
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let begin = head.len();
        assert!(reader.read_line(&mut head).unwrap() > 0, "{head}");
        if let Some(value) = head[begin..].strip_prefix(LENGTH) {
            length = value.trim_end().parse().unwrap();
        }
    }
    assert!(head.starts_with("HTTP/1.1 200 ") && length > 0, "{head}");
    reader.read_exact(&mut vec![0; length]).unwrap();
    stream
}

/// A connection that may send statements, and sends none.
fn postgres(address: &str) -> TcpStream {
    const START: &[u8] = b"\0\0\0\x1f\0\x03\0\0user\0me\0database\0shop\0\0";
    const READY: &[u8] = b"Z\0\0\0\x05I";
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(START).unwrap();
    let mut said = Vec::new();
    while !said.ends_with(READY) {
        let mut bytes = [0; 1024];
        let count = stream.read(&mut bytes).unwrap();
        assert!(count > 0, "{}", String::from_utf8_lossy(&said));
        said.extend_from_slice(&bytes[..count]);
    }
    stream
}

/// A connection that has asked what there is, as clients do, and asks for nothing more.
fn kafka(address: &str) -> TcpStream {
    // The versions, and the whole log's topic: key, version, correlation id, no name, body.
    const VERSIONS: &[u8] = b"\0\0\0\x0a\0\x12\0\0\0\0\0\x01\xff\xff";
    const METADATA: &[u8] = b"\0\0\0\x14\0\x03\0\x01\0\0\0\x02\xff\xff\0\0\0\x01\0\x04shop";
    let mut stream = TcpStream::connect(address).unwrap();
    for request in [VERSIONS, METADATA] {
        stream.write_all(request).unwrap();
        let mut size = [0; 4];
        stream.read_exact(&mut size).unwrap();
        let mut answer = vec![0; u32::from_be_bytes(size) as usize];
        stream.read_exact(&mut answer).unwrap();
    }
    stream
}

#[test]
fn connections_that_wait_are_cheap() {
    let place = Place::new();
    place.run(["database", "create", "shop"]).ok();
    let options = [
        ["serve", "--listen"],
        ["127.0.0.1:0", "--postgres"],
        ["127.0.0.1:0", "--kafka"],
        ["127.0.0.1:0", "--connections-max"],
        ["7000", "--log-level"],
    ];
    let command = place.command(options.into_iter().flatten().chain(["warn"]));
    let told =
        ["http://", "postgres://", "kafka://"].map(|scheme| format!("listening on {scheme}"));
    let (server, addresses) = Serve::wait_for_all(&told.each_ref().map(String::as_str), command);

    let kinds = [http as fn(&str) -> TcpStream, postgres, kafka];
    let kinds = kinds.iter().zip(&addresses);
    let open = |(kind, address): (&fn(&str) -> TcpStream, &String), count| -> Vec<TcpStream> {
        (0..count).map(|_| kind(address)).collect()
    };
    let first: Vec<_> = kinds.clone().map(|kind| open(kind, BEFORE)).collect();
    let (mut kept, mut all, count) = (Vec::new(), Vec::new(), measured());
    for kind in kinds {
        let before = server.resident_bytes();
        kept.push(open(kind, count));
        all.push(server.resident_bytes().saturating_sub(before));
    }
    let together = all.iter().sum::<u64>() * OF_EACH_KIND as u64 / count as u64;
    assert!(
        together < BYTES_MAX,
        "{OF_EACH_KIND} of each kind hold {together} bytes: {all:?} are held by {count} of HTTP, of \
         PostgreSQL and of Kafka"
    );
    drop((first, kept));
    assert_eq!(server.terminate(), Some(0));
}
