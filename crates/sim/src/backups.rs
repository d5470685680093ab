//! Backups of a log that is written to meanwhile: taken piece by piece, restored into memory, and
//! held against the log and the model.
//!
//! * A backup holds at least what was in the log when it was asked for, up to the end of an append.
//! * The log that is made of it has the same events with the same chain up to there, verifies, and
//!   decides the next append as the model does that ends there.
//! * What it holds is in the log after every crash.
//! * One that was cut off is refused.

use std::sync::Arc;

use headwater_event::{Boundary, Error, Event, Position};
use headwater_journal::backup::Backup;
use headwater_journal::backup::parts::{self, Part, PartsReader};
use headwater_journal::env::Env;
use headwater_journal::{Head, Journal, MemoryStorage, NewLog, NewMemoryLog, Storage, Writer};

use crate::model::{Model, Verdict};
use crate::world::{options, read_all};
use crate::{Random, SimEnv, Workload};

/// A backup on its way to who asked for it.
pub(crate) struct Taking {
    backup: Backup,
    bytes: Vec<u8>,
    /// How many segments are through, and how much of the next one, with its checksum.
    segments: usize,
    offset: u64,
    crc: u32,
}

/// A backup that arrived.
pub(crate) struct Taken {
    head: Head,
    bytes: Vec<u8>,
}

impl Taking {
    pub(crate) fn begin(backup: Backup) -> Taking {
        let mut bytes = parts::start();
        bytes.extend(parts::manifest(backup.log_id(), backup.manifest()));
        Taking {
            backup,
            bytes,
            segments: 0,
            offset: 0,
            crc: 0,
        }
    }

    /// Takes the next bytes, at most so many; says whether it is there.
    pub(crate) fn go_on(&mut self, bytes_max: u64) -> Result<bool, Error> {
        let Some(info) = self.backup.manifest().segments.get(self.segments) else {
            self.bytes.extend(parts::end());
            return Ok(true);
        };
        if self.offset == 0 {
            self.bytes.extend(parts::segment(info));
        }
        let length = bytes_max.min(info.bytes - self.offset);
        let segment = self.backup.segment(info.name)?;
        let read = segment.read(self.offset, length as usize)?;
        self.bytes.extend_from_slice(&read);
        self.crc = parts::checksum(self.crc, &read);
        self.offset += length;
        if self.offset == info.bytes {
            self.bytes.extend(self.crc.to_le_bytes());
            (self.segments, self.offset, self.crc) = (self.segments + 1, 0, 0);
        }
        Ok(false)
    }

    pub(crate) fn arrived(self) -> Taken {
        Taken {
            head: self.backup.head(),
            bytes: self.bytes,
        }
    }

    /// It does not come to its end: what arrived is refused.
    pub(crate) fn assert_refused(&self, env: &SimEnv) {
        let refused = restore(&self.bytes, env).err();
        let refused = refused.expect("a backup that was cut off is refused");
        assert_eq!(refused.code(), "bad_backup", "{refused}");
    }
}

impl Taken {
    /// Where it ends.
    pub(crate) fn position(&self) -> Position {
        self.head.position
    }

    /// Restores it and holds it against the log that it was taken of.
    pub(crate) fn check(&self, log: &[Event], journal: &Journal, model: &Model, env: &Arc<SimEnv>) {
        let end = (self.head.position, self.head.chain);
        let in_log = journal.chain_at(self.head.position);
        assert_eq!(in_log.expect("it is in the log"), end, "it is in the log");
        let (made, _writer) = self.open(env);
        let events = read_all(&made);
        assert_eq!(events, log[..self.head.position.0 as usize]);
        model.upto(self.head.position).assert_is(&events);
        assert_eq!(made.head(), self.head);
        let verified = made.verify(&mut |_| Ok(()));
        verified.expect("what is made of a backup verifies");
    }

    /// Restores it, and appends to what was made of it as to any log.
    pub(crate) fn go_on(
        &self,
        model: &Model,
        mut workload: Workload,
        random: &mut Random,
        env: &Arc<SimEnv>,
    ) {
        let (made, writer) = self.open(env);
        let mut model = model.upto(self.head.position);
        for _ in 0..4 {
            let head = made.head().position;
            let append = workload.append(random, head);
            let verdict = model.decide(&append);
            let mut ticket = match made.submit(append.clone(), None) {
                Ok(ticket) => ticket,
                Err(error) => {
                    let is_ahead = |boundary: &Boundary| boundary.after > head;
                    let excused = append.condition.boundary.as_ref().is_some_and(is_ahead);
                    assert!(excused && error.code() == "position_ahead", "{error}");
                    continue;
                }
            };
            writer.run_once();
            let told = ticket.try_outcome().expect("it was decided");
            assert_eq!(Verdict::of(&told.expect("it is told")), verdict);
            if let Verdict::Appended(first) = verdict {
                model.apply(&append, &read_all(&made)[first.0 as usize - 1..]);
            }
        }
        model.assert_is(&read_all(&made));
    }

    fn open(&self, env: &Arc<SimEnv>) -> (Journal, Writer) {
        let storage = restore(&self.bytes, env).expect("a backup that arrived can be restored");
        let opened = Journal::open_stepped(storage, env.clone(), options());
        opened.expect("what is made of a backup opens")
    }
}

/// Makes a log in memory of the bytes of a backup.
fn restore(bytes: &[u8], env: &SimEnv) -> Result<Arc<dyn Storage>, Error> {
    let storage = Arc::new(MemoryStorage::new(env.log_id()));
    let new = Box::new(NewMemoryLog::new(storage));
    let mut reader = PartsReader::default();
    reader.push(bytes);
    let mut sink = None;
    while let Some(part) = reader.part()? {
        match (part, sink.as_mut()) {
            (Part::Segment(info), _) => sink = Some(new.put(info.name)?),
            (Part::Bytes(bytes), Some(sink)) => sink.write(&bytes)?,
            (Part::SegmentEnd(_), Some(_)) => sink.take().expect("it is there").finish()?,
            (Part::Manifest(..) | Part::End, _) => {}
            (other, _) => panic!("{other:?} was not sent"),
        }
    }
    reader.finish()?;
    let (_, manifest) = reader.manifest().expect("it comes first");
    new.finish(manifest)
}
