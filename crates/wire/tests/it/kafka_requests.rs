//! Requests of Kafka's protocol, as its clients write them in each version, and batches of records.

use std::io::Write as _;

use kafka_protocol::messages::ApiKey;

/// Who asks: a member of a group.
#[derive(Clone, Debug, Default)]
pub struct Member {
    pub group: String,
    /// Empty before the server has given it a name.
    pub name: String,
    pub generation: i32,
}

/// The frame of a request: its size, its header, and its body.
pub fn frame(key: ApiKey, version: i16, of: &Member) -> Vec<u8> {
    let request = request(key, version, of);
    let size = i32::try_from(request.len()).unwrap();
    [&size.to_be_bytes()[..], &request].concat()
}

/// A request without its size.
pub fn request(key: ApiKey, version: i16, of: &Member) -> Vec<u8> {
    let mut out = Fields {
        bytes: Vec::new(),
        version,
        flexible: false,
        skipping: false,
    };
    out.i16(key as i16).i16(version).i32(7).string("t");
    out.flexible = key.request_header_version(version) >= 2;
    out.tags();
    match key {
        ApiKey::Produce | ApiKey::InitProducerId => of_producers(key, &mut out),
        ApiKey::Fetch | ApiKey::ListOffsets => of_offsets(key, &mut out),
        ApiKey::OffsetCommit | ApiKey::OffsetFetch => of_cursors(key, &mut out, of),
        ApiKey::JoinGroup | ApiKey::SyncGroup | ApiKey::Heartbeat | ApiKey::LeaveGroup => {
            of_members(key, &mut out, of);
        }
        _ => of_names(key, &mut out, of),
    }
    out.tags();
    out.bytes
}

fn of_producers(key: ApiKey, out: &mut Fields) {
    out.null_string(); // no transaction
    if key == ApiKey::InitProducerId {
        out.i32(1_000).since(3).i64(-1).since(3).i16(-1);
        return;
    }
    out.i16(-1).i32(1_000).list(1).string("shop.account");
    out.list(1).i32(0).bytes(&batch(0)).tags().tags();
}

fn of_offsets(key: ApiKey, out: &mut Fields) {
    out.i32(-1); // no replica
    if key == ApiKey::ListOffsets {
        out.since(2).i8(0).list(1).string("shop.account").list(2);
        for (partition, instant) in [(0, -2), (1, 1_700_000_000_000)] {
            out.i32(partition).since(4).i32(-1).i64(instant).tags();
        }
        out.tags();
        return;
    }
    out.i32(10).i32(1).i32(1 << 20).i8(0);
    out.since(7).i32(0).since(7).i32(-1);
    out.list(1).string("shop").list(1).i32(0).since(9).i32(-1);
    out.i64(1).since(12).i32(-1).since(5).i64(-1).i32(1 << 20);
    out.tags().tags().since(7).list(0).since(11).string("");
}

fn of_cursors(key: ApiKey, out: &mut Fields, of: &Member) {
    out.string(&of.group);
    if key == ApiKey::OffsetFetch {
        out.list(1).string("shop.account").list(2).i32(0).i32(1);
        out.tags().since(7).i8(0);
        return;
    }
    out.i32(of.generation).string(&of.name);
    out.since(7).null_string().until(4).i64(-1);
    out.list(1).string("shop.account").list(1);
    out.i32(0).i64(2).since(6).i32(-1).string("a note");
    out.tags().tags();
}

fn of_members(key: ApiKey, out: &mut Fields, of: &Member) {
    out.string(&of.group);
    match key {
        ApiKey::JoinGroup => {
            out.i32(6_000).since(1).i32(6_000).string(&of.name);
            out.since(5).null_string().string("consumer").list(1);
            out.string("range").bytes(b"what I read").tags();
        }
        ApiKey::SyncGroup => {
            out.i32(of.generation).string(&of.name);
            out.since(3).null_string();
            out.since(5).string("consumer").since(5).string("range");
            out.list(1).string(&of.name).bytes(b"all of it").tags();
        }
        ApiKey::Heartbeat => {
            out.i32(of.generation).string(&of.name);
            out.since(3).null_string();
        }
        _ if out.version < 3 => drop(out.string(&of.name)),
        _ => drop(out.list(1).string(&of.name).null_string().tags()),
    }
}

/// Requests that name topics, groups and settings.
fn of_names(key: ApiKey, out: &mut Fields, of: &Member) {
    match key {
        ApiKey::Metadata => {
            out.list(2).string("shop").tags().string("gone").tags();
            out.since(4).i8(0).since(8).i8(0).since(8).i8(0);
        }
        ApiKey::FindCoordinator => drop(out.string(&of.group).since(1).i8(0)),
        ApiKey::ApiVersions => drop(out.since(3).string("kcat").since(3).string("1")),
        ApiKey::ListGroups => drop(out.since(4).list(1).since(4).string("Stable")),
        ApiKey::DescribeGroups => drop(out.list(1).string(&of.group).since(3).i8(0)),
        ApiKey::DeleteGroups => drop(out.list(1).string("nobody")),
        ApiKey::DeleteTopics => drop(out.list(1).string("shop").i32(1_000)),
        ApiKey::CreateTopics => {
            out.list(1).string("shop.new").i32(1).i16(1);
            out.list(1).i32(0).list(1).i32(1).tags();
            out.list(1).string("retention.ms").null_string().tags();
            out.tags().i32(1_000).i8(0);
        }
        ApiKey::DescribeConfigs => {
            out.list(1).i8(2).string("shop").list(1);
            out.string("retention.ms").tags().i8(0).since(3).i8(0);
        }
        ApiKey::SaslHandshake => drop(out.string("PLAIN")),
        ApiKey::SaslAuthenticate => drop(out.bytes(b"\0ada\0hw_1")),
        ApiKey::DescribeCluster => drop(out.i8(0).since(1).i8(1)),
        other => panic!("nothing here writes {other:?}"),
    }
}

/// The fields of a request, one after another.
struct Fields {
    bytes: Vec<u8>,
    version: i16,
    /// Lengths are varints, and structures end with tagged fields (KIP-482).
    flexible: bool,
    /// This version has not the next field.
    skipping: bool,
}

impl Fields {
    /// The next field is there from this version on.
    fn since(&mut self, version: i16) -> &mut Fields {
        self.skipping = self.version < version;
        self
    }

    /// The next field is there up to this version.
    fn until(&mut self, version: i16) -> &mut Fields {
        self.skipping = self.version > version;
        self
    }

    fn put(&mut self, bytes: &[u8]) -> &mut Fields {
        if !std::mem::take(&mut self.skipping) {
            self.bytes.extend_from_slice(bytes);
        }
        self
    }

    fn i8(&mut self, value: i8) -> &mut Fields {
        self.put(&value.to_be_bytes())
    }

    fn i16(&mut self, value: i16) -> &mut Fields {
        self.put(&value.to_be_bytes())
    }

    fn i32(&mut self, value: i32) -> &mut Fields {
        self.put(&value.to_be_bytes())
    }

    fn i64(&mut self, value: i64) -> &mut Fields {
        self.put(&value.to_be_bytes())
    }

    fn string(&mut self, text: &str) -> &mut Fields {
        let length = match self.flexible {
            true => compact(text.len()),
            false => i16::try_from(text.len()).unwrap().to_be_bytes().to_vec(),
        };
        self.put(&[&length, text.as_bytes()].concat())
    }

    fn null_string(&mut self) -> &mut Fields {
        match self.flexible {
            true => self.put(&[0]),
            false => self.i16(-1),
        }
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Fields {
        let length = self.length(bytes.len());
        self.put(&[&length, bytes].concat())
    }

    fn list(&mut self, count: usize) -> &mut Fields {
        let length = self.length(count);
        self.put(&length)
    }

    fn length(&self, length: usize) -> Vec<u8> {
        match self.flexible {
            true => compact(length),
            false => i32::try_from(length).unwrap().to_be_bytes().to_vec(),
        }
    }

    /// No tagged fields.
    fn tags(&mut self) -> &mut Fields {
        match self.flexible {
            true => self.put(&[0]),
            false => self,
        }
    }
}

/// A length and one more, because 0 is null.
fn compact(length: usize) -> Vec<u8> {
    let mut out = Vec::new();
    varint(&mut out, length as u64 + 1);
    out
}

fn varint(out: &mut Vec<u8>, mut rest: u64) {
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// The compressions, as the attributes of a batch number them.
pub const COMPRESSIONS: [&str; 5] = ["plain", "gzip", "snappy", "lz4", "zstd"];

/// A batch of two records, compressed in this way.
pub fn batch(compression: usize) -> Vec<u8> {
    let records = [
        record(
            0,
            Some("ada"),
            "{\"a\": 1}",
            &[("ce_type", "Opened"), ("tag", "vip")],
        ),
        record(
            1,
            Some("bob"),
            "null",
            &[("ce_id", "17"), ("ce_source", "/shop")],
        ),
    ];
    let mut checked = vec![0, compression as u8];
    checked.extend_from_slice(&1_i32.to_be_bytes()); // the last offset
    checked.extend_from_slice(&1_700_000_000_000_i64.to_be_bytes());
    checked.extend_from_slice(&1_700_000_000_001_i64.to_be_bytes());
    checked.extend_from_slice(&[0xff; 14]); // no producer
    checked.extend_from_slice(&2_i32.to_be_bytes());
    checked.extend_from_slice(&compressed(compression, &records.concat()));
    let mut out = vec![0; 8]; // the base offset
    out.extend_from_slice(&(checked.len() as u32 + 9).to_be_bytes());
    out.extend_from_slice(&[0xff, 0xff, 0xff, 0xff, 2]); // an epoch, and the format
    out.extend_from_slice(&crc32c::crc32c(&checked).to_be_bytes());
    out.extend_from_slice(&checked);
    out
}

fn record(at: i64, key: Option<&str>, value: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let zigzag = |out: &mut Vec<u8>, value: i64| varint(out, ((value << 1) ^ (value >> 63)) as u64);
    let sized = |out: &mut Vec<u8>, text: &str| {
        zigzag(out, text.len() as i64);
        out.extend_from_slice(text.as_bytes());
    };
    let mut out = vec![0]; // attributes
    zigzag(&mut out, at); // milliseconds
    zigzag(&mut out, at); // offset
    match key {
        Some(key) => sized(&mut out, key),
        None => zigzag(&mut out, -1),
    }
    sized(&mut out, value);
    zigzag(&mut out, headers.len() as i64);
    for (name, value) in headers {
        sized(&mut out, name);
        sized(&mut out, value);
    }
    let mut record = Vec::new();
    zigzag(&mut record, out.len() as i64);
    [record, out].concat()
}

fn compressed(compression: usize, records: &[u8]) -> Vec<u8> {
    match COMPRESSIONS[compression] {
        "gzip" => {
            let level = flate2::Compression::fast();
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
            encoder.write_all(records).unwrap();
            encoder.finish().unwrap()
        }
        "snappy" => snap::raw::Encoder::new().compress_vec(records).unwrap(),
        "lz4" => {
            let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
            encoder.write_all(records).unwrap();
            encoder.finish().unwrap()
        }
        "zstd" => zstd::encode_all(records, 1).unwrap(),
        _ => records.to_vec(),
    }
}
