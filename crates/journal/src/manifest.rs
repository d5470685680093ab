//! The manifest: which segments a log has, and which commit is the first that is in none.
//! docs/FORMAT.md draws its bytes.
//!
//! It is small, and replaced as a whole. It says enough of each segment to open a log without
//! reading any of them: where it starts and ends, with the chain, how much it holds, and a checksum
//! that the segment's own checksums hang on.

use std::fmt;
use std::str::FromStr;

use headwater_event::{Error, EventId, Kind, LogId, Position};
use uuid::Uuid;

use crate::Seq;
use crate::canonical::{Malformed, Reader};
use crate::commits::Head;
use crate::errors;

const DIGITS: usize = 20;
const SUFFIX: &str = ".segment";

const MAGIC: [u8; 8] = *b"HEADWATM";
/// The version of the format.
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 48;
const SEGMENT_BYTES: usize = 184;
const CRC_BYTES: usize = 4;

/// Beyond these no log is made of a manifest that comes from elsewhere.
const POSITION_MAX: Position = Position(1 << 56);
const BYTES_MAX: u64 = 1 << 60;

/// What a segment is called: the positions of its first and last event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentName {
    /// Position of its first event.
    pub first: Position,
    /// Position of its last event.
    pub last: Position,
}

impl SegmentName {
    /// How many events it holds.
    pub fn events(self) -> u64 {
        self.last.0.saturating_sub(self.first.0).saturating_add(1)
    }
}

/// As its file is called, such as `00000000000000000001-00000000000000090000.segment`.
impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = (self.first.0, self.last.0);
        write!(f, "{first:0DIGITS$}-{last:0DIGITS$}{SUFFIX}")
    }
}

impl FromStr for SegmentName {
    type Err = Error;

    fn from_str(text: &str) -> Result<SegmentName, Error> {
        parse(text).ok_or_else(|| {
            Error::invalid("bad_segment_name", "this is no name of a segment")
                .found(text)
                .expected("a name such as 00000000000000000001-00000000000000090000.segment")
        })
    }
}

fn parse(text: &str) -> Option<SegmentName> {
    let (first, last) = text.strip_suffix(SUFFIX)?.split_once('-')?;
    let position = |digits: &str| {
        let plain = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse().ok().map(Position)).flatten()
    };
    Some(SegmentName {
        first: position(first)?,
        last: position(last)?,
    })
}

/// What the manifest says of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentInfo {
    /// Which events it holds.
    pub name: SegmentName,
    /// 0 is made of commits, and each other one of segments of the level below.
    pub level: u8,
    /// How long it is, in bytes.
    pub bytes: u64,
    /// Canonical bytes of its appends, with the 32-bit lengths before them.
    pub raw_bytes: u64,
    /// How many appends it holds.
    pub appends: u64,
    /// How many streams have their first event in it.
    pub streams_new: u64,
    /// The end of the log before it.
    pub before: Head,
    /// The end of the log after it.
    pub after: Head,
    /// The smallest of its ids.
    pub id_min: EventId,
    /// The largest of its ids.
    pub id_max: EventId,
    /// crc32c of its footer, which vouches for the rest of it.
    pub footer_crc: u32,
}

/// Which segments a log has, oldest first and without gaps, and where its tail starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// How often it was replaced; 0 in a new log.
    pub version: u64,
    /// The first commit that is in no segment.
    pub next: Seq,
    /// The segments, oldest first.
    pub segments: Vec<SegmentInfo>,
}

/// That of a new log.
impl Default for Manifest {
    fn default() -> Manifest {
        Manifest {
            version: 0,
            next: Seq::FIRST,
            segments: Vec::new(),
        }
    }
}

impl Manifest {
    /// The end of the log after the last segment.
    pub fn end(&self) -> Head {
        self.segments.last().map_or(Head::EMPTY, |last| last.after)
    }

    /// What it says of a segment, if it names it.
    pub fn segment(&self, name: SegmentName) -> Option<&SegmentInfo> {
        let at = self.segments.binary_search_by_key(&name, |info| info.name);
        at.ok().and_then(|at| self.segments.get(at))
    }

    /// How many bytes it is kept as; that of a new log is not kept.
    pub fn encoded_bytes(&self) -> u64 {
        match self.version {
            0 => 0,
            _ => self.length() as u64,
        }
    }

    fn length(&self) -> usize {
        HEADER_BYTES + self.segments.len() * SEGMENT_BYTES + CRC_BYTES
    }

    /// The bytes that it is kept as.
    pub fn encode(&self, log: LogId) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.length());
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&(self.segments.len() as u32).to_le_bytes()); // far fewer than 2^32
        out.extend_from_slice(log.0.as_bytes());
        out.extend_from_slice(&self.version.to_le_bytes());
        out.extend_from_slice(&self.next.0.to_le_bytes());
        for segment in &self.segments {
            segment.encode(&mut out);
        }
        let crc = crc32c::crc32c(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        out
    }

    /// The manifest that these bytes are, and the log that it belongs to. Every other bytes are an
    /// error of kind `Damaged`; a format of later versions is the error `newer_format`.
    pub fn decode(bytes: &[u8]) -> Result<(LogId, Manifest), Error> {
        let damaged = |found: &str| {
            Error::damaged("the manifest is damaged")
                .found(found)
                .expected("the manifest of a log, as it was written")
                .action("restore this log from a backup; nothing was changed")
        };
        let Some((content, crc)) = bytes.split_last_chunk::<CRC_BYTES>() else {
            return Err(damaged(&format!("{} bytes", bytes.len())));
        };
        let mut fields = Reader::new(content);
        if fields.array("the magic") != Ok(MAGIC) {
            return Err(damaged("bytes that start as no manifest does"));
        }
        if crc32c::crc32c(content).to_le_bytes() != *crc {
            return Err(damaged("a wrong checksum"));
        }
        let misfit = |_: Malformed| damaged("fields that do not fit");
        let version = fields.u32("the version").map_err(misfit)?;
        if version != VERSION {
            return Err(errors::newer_format("the manifest", version, VERSION));
        }
        let (log, manifest) = decode_fields(&mut fields).map_err(misfit)?;
        match manifest.flaw() {
            Some(flaw) => Err(damaged(&flaw)),
            None => Ok((log, manifest)),
        }
    }

    /// What is wrong with it in itself.
    fn flaw(&self) -> Option<String> {
        if self.next < Seq::FIRST || self.segments.is_empty() != (self.next == Seq::FIRST) {
            let count = self.segments.len();
            return Some(format!("{count} segments before commit {}", self.next));
        }
        if self.version == 0 && !self.segments.is_empty() {
            return Some("segments in version 0".to_owned());
        }
        let mut end = Head::EMPTY;
        for segment in &self.segments {
            let flaw = segment.flaw();
            if let Some(flaw) = flaw {
                return Some(format!("{flaw} in {}", segment.name));
            }
            if segment.before != end {
                let (position, chain) = (end.position, end.chain);
                let name = segment.name;
                return Some(format!("{name}, which does not follow {position}:{chain}"));
            }
            end = segment.after;
        }
        None
    }

    /// Checks that it may take the place of `now` in a log whose next commit is `end`.
    pub(crate) fn check_replaces(&self, now: &Manifest, end: Seq) -> Result<(), Error> {
        if self.version.checked_sub(1) != Some(now.version) {
            return Err(Error::new(
                Kind::Conflict,
                "manifest_moved",
                "the manifest is not the one that this one was made from",
            )
            .found(format!("version {}", now.version))
            .expected(format!("the one before version {}", self.version))
            .action("read the manifest again, and start from that"));
        }
        let went_back = self.next < now.next || self.end().position < now.end().position;
        let flaw = match self.flaw() {
            None if went_back => Some("less than the one before it".to_owned()),
            None if self.next > end => Some(format!("commits that are not there, up to {end}")),
            flaw => flaw,
        };
        flaw.map_or(Ok(()), |flaw| {
            Err(Error::new(
                Kind::Internal,
                "internal",
                "the manifest cannot be published",
            )
            .found(flaw))
        })
    }

    /// The first manifest of a new log that is made of what this one names. Whatever number a manifest
    /// from elsewhere has, the log must be able to count on. Of nothing, it is that of an empty log.
    pub(crate) fn of_new_log(&self) -> Manifest {
        Manifest {
            version: u64::from(!self.segments.is_empty()),
            ..self.clone()
        }
    }

    /// Checks that a log can be made of what it names. It may come from anywhere: what it says in sum
    /// must fit, so that nothing that adds it up overflows. What it says of its segments is for
    /// `verify` to check.
    pub(crate) fn check_begins(&self) -> Result<(), Error> {
        let sum = |what: fn(&SegmentInfo) -> u64| {
            let mut each = self.segments.iter().map(what);
            each.try_fold(0u64, u64::checked_add)
        };
        let bytes = sum(|info| info.bytes.saturating_add(info.raw_bytes));
        let commits = self.next.0.saturating_sub(1);
        let flaw = match self.flaw() {
            None if self.end().position > POSITION_MAX => {
                Some("positions out of bounds".to_owned())
            }
            None if bytes.is_none_or(|bytes| bytes > BYTES_MAX) => {
                Some("bytes out of bounds".to_owned())
            }
            None if sum(|info| info.appends).is_none_or(|appends| commits > appends) => {
                Some(format!("{commits} commits of fewer appends"))
            }
            flaw => flaw,
        };
        flaw.map_or(Ok(()), |flaw| {
            Err(
                Error::invalid("bad_backup", "the manifest of the backup cannot be used")
                    .found(flaw)
                    .expected("the manifest of a log, as it was written"),
            )
        })
    }

    /// The segments that it names and `other` does not.
    pub(crate) fn not_in<'a>(
        &'a self,
        other: &'a Manifest,
    ) -> impl Iterator<Item = &'a SegmentInfo> {
        let is_new = |info: &&SegmentInfo| other.segment(info.name).is_none();
        self.segments.iter().filter(is_new)
    }
}

fn decode_fields(fields: &mut Reader<'_>) -> Result<(LogId, Manifest), Malformed> {
    const COUNT: &str = "the number of segments";
    let count = fields.u32(COUNT)? as usize;
    let log = LogId(Uuid::from_bytes(fields.array("the log")?));
    let version = fields.u64("the version of the manifest")?;
    let next = Seq(fields.u64("the next commit")?);
    if Some(fields.left()) != count.checked_mul(SEGMENT_BYTES) {
        return Err(Malformed(COUNT));
    }
    let segments = (0..count).map(|_| SegmentInfo::decode(fields));
    let manifest = Manifest {
        version,
        next,
        segments: segments.collect::<Result<_, _>>()?,
    };
    Ok((log, manifest))
}

impl SegmentInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        for number in [self.name.first.0, self.name.last.0] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&u32::from(self.level).to_le_bytes());
        out.extend_from_slice(&self.footer_crc.to_le_bytes());
        for number in [self.bytes, self.raw_bytes, self.appends, self.streams_new] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        self.before.put(out);
        self.after.put(out);
        for id in [self.id_min, self.id_max] {
            out.extend_from_slice(id.0.as_bytes());
        }
    }

    fn decode(fields: &mut Reader<'_>) -> Result<SegmentInfo, Malformed> {
        let name = SegmentName {
            first: Position(fields.u64("the first position")?),
            last: Position(fields.u64("the last position")?),
        };
        let level = fields.u32("the level")?;
        let footer_crc = fields.u32("the checksum of the footer")?;
        let mut number = || fields.u64("a number");
        let (bytes, raw_bytes) = (number()?, number()?);
        let (appends, streams_new) = (number()?, number()?);
        let (before, after) = (Head::read(fields)?, Head::read(fields)?);
        let mut id = || {
            fields
                .array("an id")
                .map(|id| EventId(Uuid::from_bytes(id)))
        };
        Ok(SegmentInfo {
            name,
            level: u8::try_from(level).map_err(|_| Malformed("the level"))?,
            bytes,
            raw_bytes,
            appends,
            streams_new,
            before,
            after,
            id_min: id()?,
            id_max: id()?,
            footer_crc,
        })
    }

    /// What is wrong with it in itself.
    fn flaw(&self) -> Option<&'static str> {
        let SegmentName { first, last } = self.name;
        let events = self.name.events();
        let flaws = [
            (first > last, "no events"),
            (
                self.before.position.0.checked_add(1) != Some(first.0),
                "another first position",
            ),
            (self.after.position != last, "another last position"),
            (
                self.before.recorded_at > self.after.recorded_at,
                "times that go back",
            ),
            (
                self.appends == 0 || self.appends > events,
                "a wrong number of appends",
            ),
            (self.streams_new > events, "a wrong number of streams"),
            (self.id_min > self.id_max, "ids out of order"),
            (self.bytes == 0 || self.raw_bytes == 0, "no bytes"),
        ];
        let found = flaws.into_iter().find(|(is_wrong, _)| *is_wrong);
        found.map(|(_, what)| what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headwater_event::{ChainHash, Timestamp};
    use proptest::prelude::*;

    fn log() -> LogId {
        LogId(Uuid::from_u128(7))
    }

    /// Segments of so many events each, that follow each other.
    fn manifest(events: &[u64], seed: u64) -> Manifest {
        let mut before = Head::EMPTY;
        let segment = |(at, events): (usize, &u64)| {
            let after = Head {
                position: before.position.plus(*events),
                recorded_at: Timestamp::from_micros((seed >> 20) as i64 + at as i64).unwrap(),
                chain: ChainHash([(seed + at as u64) as u8; 32]),
            };
            let info = SegmentInfo {
                name: SegmentName {
                    first: before.position.next(),
                    last: after.position,
                },
                level: seed as u8,
                bytes: seed | 1,
                raw_bytes: seed | 2,
                appends: 1 + seed % events,
                streams_new: seed % events,
                before,
                after,
                id_min: EventId(Uuid::from_u128(u128::from(seed))),
                id_max: EventId(Uuid::from_u128(u128::from(seed) << 64)),
                footer_crc: seed as u32,
            };
            before = after;
            info
        };
        let segments: Vec<SegmentInfo> = events.iter().enumerate().map(segment).collect();
        Manifest {
            version: 1 + seed % 1_000,
            next: Seq(1 + segments.len() as u64 * 3),
            segments,
        }
    }

    proptest! {
        #[test]
        fn a_manifest_is_read_back(events in proptest::collection::vec(1u64..1 << 40, 0..20), seed in 1u64..) {
            let manifest = manifest(&events, seed);
            let bytes = manifest.encode(log());
            let (id, decoded) = Manifest::decode(&bytes).unwrap();
            prop_assert_eq!(id, log());
            prop_assert_eq!(decoded, manifest);
        }

        #[test]
        fn other_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
            prop_assert!(Manifest::decode(&bytes).is_err());
        }

        #[test]
        fn fields_of_any_kind_are_no_panic(content in proptest::collection::vec(any::<u8>(), 0..600)) {
            // With a good checksum, so that the fields are looked at.
            let mut bytes = [&MAGIC[..], &VERSION.to_le_bytes(), &content].concat();
            let crc = crc32c::crc32c(&bytes);
            bytes.extend_from_slice(&crc.to_le_bytes());
            prop_assert!(Manifest::decode(&bytes).is_err());
        }

        #[test]
        fn names_are_read_back(first: u64, last: u64) {
            let name = SegmentName { first: Position(first), last: Position(last) };
            prop_assert_eq!(name.to_string().parse::<SegmentName>().unwrap(), name);
        }
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let bytes = manifest(&[5, 900, 1], 1 << 50).encode(log());
        for (at, flip) in (0..bytes.len()).flat_map(|at| [(at, 0x01), (at, 0x80), (at, 0xff)]) {
            let mut changed = bytes.clone();
            changed[at] ^= flip;
            let error = Manifest::decode(&changed).unwrap_err();
            assert_eq!(error.kind(), Kind::Damaged, "byte {at}");
        }
        for length in 0..bytes.len() {
            assert!(Manifest::decode(&bytes[..length]).is_err(), "{length}");
        }
    }

    /// The places that docs/FORMAT.md gives.
    #[test]
    fn the_bytes_are_those_of_the_format() {
        let manifest = manifest(&[5, 900], 1 << 50);
        let bytes = manifest.encode(log());
        let (u64_at, u32_at) = (
            |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()),
            |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()),
        );
        assert_eq!(bytes.len(), 48 + 2 * 184 + 4);
        assert_eq!(bytes[..8], *b"HEADWATM");
        assert_eq!((u32_at(8), u32_at(12)), (1, 2));
        assert_eq!(bytes[16..32], *log().0.as_bytes());
        assert_eq!(
            (u64_at(32), Seq(u64_at(40))),
            (manifest.version, manifest.next)
        );
        let (info, at) = (manifest.segments[1], 48 + 184);
        assert_eq!((u64_at(at), u64_at(at + 8)), (6, 905));
        assert_eq!(
            (u32_at(at + 16), u32_at(at + 20)),
            (u32::from(info.level), info.footer_crc)
        );
        let numbers = [24, 32, 40, 48].map(|offset| u64_at(at + offset));
        let expected = [info.bytes, info.raw_bytes, info.appends, info.streams_new];
        assert_eq!(numbers, expected);
        assert_eq!((u64_at(at + 56), u64_at(at + 104)), (5, 905));
        let time = u64_at(at + 112) as i64;
        assert_eq!(time, info.after.recorded_at.as_micros());
        assert_eq!(bytes[at + 120..at + 152], info.after.chain.0);
        assert_eq!(bytes[at + 152..at + 168], *info.id_min.0.as_bytes());
        assert_eq!(bytes[at + 168..at + 184], *info.id_max.0.as_bytes());
        let end = bytes.len() - 4;
        assert_eq!(u32_at(end), crc32c::crc32c(&bytes[..end]));
    }

    #[test]
    fn a_later_version_is_named() {
        let mut bytes = manifest(&[1], 1).encode(log());
        bytes[8] = 2;
        let end = bytes.len() - CRC_BYTES;
        let crc = crc32c::crc32c(&bytes[..end]);
        bytes[end..].copy_from_slice(&crc.to_le_bytes());
        let error = Manifest::decode(&bytes).unwrap_err();
        assert_eq!(error.code(), "newer_format");
        assert!(error.to_string().contains("version 2"), "{error}");
    }

    /// A good manifest, with something done to it.
    fn changed(change: impl Fn(&mut Manifest)) -> Manifest {
        let mut manifest = manifest(&[5, 900, 1], 1 << 50);
        change(&mut manifest);
        manifest
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let changes: [&dyn Fn(&mut Manifest); 14] = [
            &|it| it.version = 0,
            &|it| it.next = Seq::ZERO,
            &|it| it.segments = it.segments[1..].to_vec(),
            &|it| it.segments.truncate(0),
            &|it| it.segments = [it.segments[0], it.segments[2]].to_vec(),
            &|it| it.segments.swap(0, 1),
            &|it| it.segments[1].before.chain.0[3] ^= 1,
            &|it| it.segments[1].before.recorded_at = Timestamp::MIN,
            &|it| it.segments[1].after.recorded_at = Timestamp::MIN,
            &|it| it.segments[1].name.last = Position(4_000),
            &|it| it.segments[1].appends = 901,
            &|it| it.segments[1].streams_new = 901,
            &|it| it.segments[2].id_min = EventId(Uuid::from_u128(u128::MAX)),
            &|it| it.segments[2].bytes = 0,
        ];
        assert!(Manifest::decode(&changed(|_| {}).encode(log())).is_ok());
        for (at, change) in changes.into_iter().enumerate() {
            let error = Manifest::decode(&changed(change).encode(log())).unwrap_err();
            assert_eq!(error.kind(), Kind::Damaged, "change {at}");
        }
    }

    #[test]
    fn only_the_version_before_is_replaced() {
        let now = manifest(&[5], 1);
        let mut then = manifest(&[5, 9], 1);
        let end = Seq(100);
        for version in [0, 1, now.version, now.version + 2, u64::MAX] {
            then.version = version;
            let error = then.check_replaces(&now, end).unwrap_err();
            assert_eq!(error.code(), "manifest_moved", "version {version}");
        }
        then.version = now.version + 1;
        then.check_replaces(&now, end).unwrap();
        let beyond = then.check_replaces(&now, Seq(then.next.0 - 1));
        assert_eq!(beyond.unwrap_err().kind(), Kind::Internal);
        let mut back = now.clone();
        back.version = then.version + 1;
        assert!(back.check_replaces(&then, end).is_err());
    }

    #[test]
    fn other_names_are_none() {
        for other in [
            "1-2.segment",
            "00000000000000000001-0000000000000000000x.segment",
            "00000000000000000001-00000000000000000002.segment.1.unnamed",
            "00000000000000000001.commits",
        ] {
            assert!(other.parse::<SegmentName>().is_err(), "{other}");
        }
    }
}
