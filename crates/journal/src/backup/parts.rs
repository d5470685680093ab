//! How a backup travels: parts one after another, each under checksums of its own.
//!
//! ```text
//! start | manifest | fact ... | segment ... | end
//! ```
//!
//! Nothing is believed before its checksum was right: the length of a part stands in its head, which
//! has one, and what a segment holds is handed on as it comes, to be used when its end was reached.
//! What ends without an end was cut off.

use bytes::{Buf as _, Bytes, BytesMut};
use headwater_event::{Error, Kind, LogId, Position};

use super::bad;
use crate::canonical::{Malformed, Reader};
use crate::errors;
use crate::manifest::{Manifest, SegmentInfo, SegmentName};

const MAGIC: [u8; 8] = *b"HEADWATB";
/// The version of the format.
const VERSION: u32 = 1;
const START_BYTES: usize = 16;
const HEAD_BYTES: usize = 36;
const CRC_BYTES: usize = 4;

/// The longest part that is not a segment. A manifest of 90,000 segments fits in.
pub const PART_BYTES_MAX: usize = 16 << 20;

const MANIFEST: u32 = 1;
const FACT: u32 = 2;
const SEGMENT: u32 = 3;
const FAILURE: u32 = 4;
const END: u32 = 5;

/// A part, or a piece of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// What the log is made of. The first part, once.
    Manifest(LogId, Manifest),
    /// A fact about the database, as JSON.
    Fact(Bytes),
    /// A segment that the manifest names begins.
    Segment(SegmentInfo),
    /// Bytes of the segment that has begun.
    Bytes(Bytes),
    /// The segment was whole, and its checksum right.
    SegmentEnd(SegmentInfo),
    /// The sender could not go on, and says why, as a problem in JSON.
    Failure(Bytes),
    /// All of it was there.
    End,
}

/// What stands before the first part.
pub fn start() -> Vec<u8> {
    let mut out = Vec::with_capacity(START_BYTES);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    put_crc(&mut out, 0);
    out
}

/// The part that says what the log is made of.
pub fn manifest(log_id: LogId, manifest: &Manifest) -> Vec<u8> {
    whole(MANIFEST, &manifest.encode(log_id))
}

/// A fact about the database, as JSON.
pub fn fact(json: &[u8]) -> Vec<u8> {
    whole(FACT, json)
}

/// Why the sender cannot go on, as JSON. Nothing follows.
pub fn failure(json: &[u8]) -> Vec<u8> {
    whole(FAILURE, json)
}

/// The end.
pub fn end() -> Vec<u8> {
    whole(END, &[])
}

/// What stands before the bytes of a segment. Behind them stands their crc32c, little-endian.
pub fn segment(info: &SegmentInfo) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEAD_BYTES);
    put_head(&mut out, SEGMENT, info.bytes, Some(info.name));
    out
}

/// The crc32c of bytes that follow others whose crc32c is `before`; it starts with 0.
pub fn checksum(before: u32, bytes: &[u8]) -> u32 {
    crc32c::crc32c_append(before, bytes)
}

fn whole(kind: u32, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEAD_BYTES + content.len() + CRC_BYTES);
    put_head(&mut out, kind, content.len() as u64, None);
    out.extend_from_slice(content);
    put_crc(&mut out, HEAD_BYTES);
    out
}

fn put_head(out: &mut Vec<u8>, kind: u32, length: u64, name: Option<SegmentName>) {
    out.extend_from_slice(&kind.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&length.to_le_bytes());
    for position in name.map_or([0, 0], |name| [name.first.0, name.last.0]) {
        out.extend_from_slice(&position.to_le_bytes());
    }
    put_crc(out, 0);
}

/// Puts the crc32c of everything from `from` on.
fn put_crc(out: &mut Vec<u8>, from: usize) {
    let crc = crc32c::crc32c(&out[from..]);
    out.extend_from_slice(&crc.to_le_bytes());
}

/// Reads a backup as it arrives. It keeps one part that is no segment, and what was pushed.
#[derive(Debug, Default)]
pub struct PartsReader {
    buffer: BytesMut,
    state: State,
    manifest: Option<(LogId, Manifest)>,
    /// The last position of the segment that came last.
    last: Position,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Start,
    Head,
    Whole {
        kind: u32,
        length: usize,
    },
    Segment {
        info: SegmentInfo,
        left: u64,
        crc: u32,
    },
    Ended,
}

/// The head of a part.
struct PartHead {
    kind: u32,
    length: u64,
    name: SegmentName,
}

impl PartsReader {
    /// Takes in what arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next part; nothing until more has arrived. Bytes that are no backup are the error
    /// `bad_backup`; one of a later version is `newer_format`.
    pub fn part(&mut self) -> Result<Option<Part>, Error> {
        loop {
            let state = self.state;
            match state {
                State::Start => match self.checked(START_BYTES)? {
                    Some(start) => self.start(&start)?,
                    None => return Ok(None),
                },
                State::Head => match self.checked(HEAD_BYTES)? {
                    Some(head) => {
                        if let Some(part) = self.head(&head)? {
                            return Ok(Some(part));
                        }
                    }
                    None => return Ok(None),
                },
                State::Whole { kind, length } => {
                    let content = self.checked(length + CRC_BYTES)?;
                    return content.map(|bytes| self.whole(kind, bytes)).transpose();
                }
                State::Segment { info, left, crc } => return self.segment(info, left, crc),
                State::Ended if self.buffer.is_empty() => return Ok(None),
                State::Ended => return Err(bad("bytes behind the end")),
            }
        }
    }

    /// Checks that the end was reached.
    pub fn finish(&self) -> Result<(), Error> {
        match self.state {
            State::Ended if self.buffer.is_empty() => Ok(()),
            _ => Err(bad("an end in the middle: it was cut off")),
        }
    }

    /// Whether the end was reached.
    pub fn is_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    /// What the log is made of, once that was read.
    pub fn manifest(&self) -> Option<&(LogId, Manifest)> {
        self.manifest.as_ref()
    }

    /// So many bytes, of which the last are the checksum of the others, without it.
    fn checked(&mut self, length: usize) -> Result<Option<Bytes>, Error> {
        if self.buffer.len() < length {
            return Ok(None);
        }
        let mut bytes = self.buffer.split_to(length).freeze();
        let crc = bytes.split_off(length - CRC_BYTES);
        match crc32c::crc32c(&bytes).to_le_bytes() == *crc {
            true => Ok(Some(bytes)),
            false => Err(bad("a wrong checksum")),
        }
    }

    fn start(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let mut fields = Reader::new(bytes);
        if fields.array("the magic") != Ok(MAGIC) {
            return Err(bad("bytes that start as no backup does"));
        }
        match fields.u32("the version").map_err(misfit)? {
            VERSION => {
                self.state = State::Head;
                Ok(())
            }
            0 => Err(bad("version 0 of the format")),
            version => Err(errors::newer_format("the backup", version, VERSION)),
        }
    }

    /// Takes in the head of a part; a segment begins with it.
    fn head(&mut self, bytes: &[u8]) -> Result<Option<Part>, Error> {
        let head = PartHead::decode(bytes).map_err(misfit)?;
        let is_first = self.manifest.is_none();
        if is_first != (head.kind == MANIFEST) && head.kind != FAILURE {
            return Err(bad(format!("a part of kind {} out of order", head.kind)));
        }
        if head.kind == SEGMENT {
            let info = self.named(&head)?;
            self.last = info.name.last;
            self.state = State::Segment {
                info,
                left: info.bytes,
                crc: 0,
            };
            return Ok(Some(Part::Segment(info)));
        }
        let length = usize::try_from(head.length).ok();
        let Some(length) = length.filter(|length| *length <= PART_BYTES_MAX) else {
            return Err(bad(format!("a part of {} bytes", head.length)));
        };
        self.state = State::Whole {
            kind: head.kind,
            length,
        };
        Ok(None)
    }

    /// What the manifest says of the segment that begins.
    fn named(&self, head: &PartHead) -> Result<SegmentInfo, Error> {
        let manifest = self.manifest.as_ref().map(|(_, manifest)| manifest);
        let info = manifest.and_then(|manifest| manifest.segment(head.name));
        match info {
            Some(info) if info.bytes == head.length && head.name.first > self.last => Ok(*info),
            Some(info) if info.bytes != head.length => Err(bad(format!(
                "{} of {} bytes, where the manifest says {}",
                head.name, head.length, info.bytes
            ))),
            Some(_) => Err(bad(format!("{} out of order", head.name))),
            None => Err(bad(format!(
                "{}, which the manifest does not name",
                head.name
            ))),
        }
    }

    fn whole(&mut self, kind: u32, content: Bytes) -> Result<Part, Error> {
        self.state = State::Head;
        match kind {
            MANIFEST => {
                let (log_id, manifest) = Manifest::decode(&content).map_err(bad_manifest)?;
                self.manifest = Some((log_id, manifest.clone()));
                Ok(Part::Manifest(log_id, manifest))
            }
            FACT => Ok(Part::Fact(content)),
            FAILURE => {
                self.state = State::Ended;
                Ok(Part::Failure(content))
            }
            END if content.is_empty() => {
                self.state = State::Ended;
                Ok(Part::End)
            }
            _ => Err(bad(format!("a part of kind {kind}"))),
        }
    }

    fn segment(&mut self, info: SegmentInfo, left: u64, crc: u32) -> Result<Option<Part>, Error> {
        if left > 0 {
            let here = self.buffer.len().min(left.try_into().unwrap_or(usize::MAX)); // as many as fit
            if here == 0 {
                return Ok(None);
            }
            let bytes = self.buffer.split_to(here).freeze();
            self.state = State::Segment {
                info,
                left: left - here as u64,
                crc: checksum(crc, &bytes),
            };
            return Ok(Some(Part::Bytes(bytes)));
        }
        if self.buffer.len() < CRC_BYTES {
            return Ok(None);
        }
        if self.buffer.get_u32_le() != crc {
            return Err(bad(format!("a wrong checksum behind {}", info.name)));
        }
        self.state = State::Head;
        Ok(Some(Part::SegmentEnd(info)))
    }
}

impl PartHead {
    fn decode(bytes: &[u8]) -> Result<PartHead, Malformed> {
        let mut fields = Reader::new(bytes);
        let kind = fields.u32("the kind of a part")?;
        if fields.u32("zeros")? != 0 {
            return Err(Malformed("zeros"));
        }
        Ok(PartHead {
            kind,
            length: fields.u64("the length of a part")?,
            name: SegmentName {
                first: Position(fields.u64("a position")?),
                last: Position(fields.u64("a position")?),
            },
        })
    }
}

/// A manifest of a later version is told as it is.
fn bad_manifest(error: Error) -> Error {
    match error.kind() {
        Kind::Damaged => bad("a manifest that is damaged").caused_by(error),
        _ => error,
    }
}

fn misfit(Malformed(part): Malformed) -> Error {
    bad(format!("{part} that cannot be read"))
}
