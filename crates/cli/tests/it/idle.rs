//! What connections cost that wait.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use crate::support::{Place, Serve};

/// Connections of each kind, and the memory that all of them have together.
const OF_EACH_KIND: u64 = 2_000;
const BYTES_MAX: u64 = 64 << 20;

/// Those that are opened before it is measured what the next ones cost, and the next.
const BEFORE: usize = 50;
const MEASURED: usize = 400;

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
        ["2000", "--log-level"],
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
    let (mut kept, mut each) = (Vec::new(), Vec::new());
    for kind in kinds {
        let before = server.resident_bytes();
        kept.push(open(kind, MEASURED));
        let grown = server.resident_bytes().saturating_sub(before);
        each.push(grown / MEASURED as u64);
    }
    let together = each.iter().sum::<u64>() * OF_EACH_KIND;
    assert!(
        together < BYTES_MAX,
        "{OF_EACH_KIND} of each kind hold {together} bytes: {each:?} each of HTTP, PostgreSQL, Kafka"
    );
    drop((first, kept));
    assert_eq!(server.terminate(), Some(0));
}
