//! Opening a log: where each commit stands, where the log ends, and what of its end to believe.
//!
//! The manifest comes first: it says which segments there are and which commit the tail starts
//! with. The tail must go on from there, with the same chain. What a crash left behind that nobody
//! needs is removed: segments that the manifest does not name, files of commits that are all in
//! segments, and files without a name.
//!
//! The rule for the end: nothing but the last frame can be torn, because each was synced before
//! the next was written; and it is torn only if a sector that it fills reads zero, because a frame
//! never leaves one so. Bytes that are neither a frame nor torn nor zero are damage, and the log is
//! refused as it is.
//!
//! What is believed is made durable before it is used: a process that died after a failed sync may
//! have left bytes that are in the memory of the operating system and not on the disk. So the last
//! frame is written again, the same bytes over itself, and synced.

use std::path::PathBuf;
use std::sync::Arc;

use headwater_event::{Error, Kind, LogId, Position};

use super::file_header::{FILE_HEADER, FileHeader, NoHeader, VERSION};
use super::files::{self, Span};
use super::frame::{self, ALIGN, HEADER, Header, Salt, has_lost_sector, is_zero};
use super::fs::{File, read_full, write_all};
use super::tail::{self, Tail};
use super::{
    BAD_HEADER, Dir, DiskOptions, UNNAMED, damaged, decode_at, failed, manifest_file, segments,
};
use crate::Seq;
use crate::commits::Head;
use crate::errors;
use crate::manifest::{Manifest, SegmentName};

/// How much is read at once.
const WINDOW: usize = 1 << 20;
const ASIDE: &str = "aside";

/// A log that was found.
pub(crate) struct Recovered {
    pub(crate) log: LogId,
    pub(crate) manifest: Manifest,
    pub(crate) spans: Vec<Span>,
    pub(crate) tail: Tail,
}

/// Finds the log in a directory.
pub(crate) fn recover(dir: &Dir, options: DiskOptions) -> Result<Recovered, Error> {
    remove_unready(dir)?;
    let (log, manifest) = match manifest_file::read(dir, None)? {
        Some((log, manifest)) => (Some(log), manifest),
        None => (None, Manifest::default()),
    };
    let firsts = dir.commit_files()?;
    if firsts.is_empty() {
        return Err(match log {
            Some(_) => no_tail(dir, manifest.next),
            None => no_log(dir),
        });
    }
    segments::check_all(dir, &manifest.segments)?;
    let obsolete = obsolete(&firsts, manifest.next);
    let found = find_tail(dir, options, &firsts[obsolete..], log, manifest)?;
    remove_unneeded(dir, &firsts[..obsolete], &found)?;
    Ok(found)
}

/// How many of these files hold only commits below `next`: what a file holds from the first commit
/// of the next file on does not count.
fn obsolete(firsts: &[Seq], next: Seq) -> usize {
    firsts
        .partition_point(|first| *first <= next)
        .saturating_sub(1)
}

fn find_tail(
    dir: &Dir,
    options: DiskOptions,
    firsts: &[Seq],
    mut log: Option<LogId>,
    manifest: Manifest,
) -> Result<Recovered, Error> {
    let joint = Joint {
        next: manifest.next,
        end: manifest.end(),
    };
    let mut spans: Vec<Span> = Vec::with_capacity(firsts.len());
    let mut next = None;
    for (at, first) in firsts.iter().enumerate() {
        let opened = OpenFile::open(dir, *first, log)?;
        log = Some(opened.header.log);
        match next {
            None => joint.check_header(&opened)?,
            Some(next) => opened.check_follows(next)?,
        }
        if at + 1 == firsts.len() {
            let joint = (at == 0).then_some(&joint);
            let (span, found) = opened.recover_tail(dir, joint)?;
            spans.push(span);
            return Ok(Recovered {
                log: opened.header.log,
                manifest,
                spans,
                tail: Tail::at(dir, found, options),
            });
        }
        let (span, position) = opened.walk(firsts[at + 1])?;
        if at == 0 {
            joint.check_commit(&opened, &span)?;
        }
        next = Some((span.next(), position));
        spans.push(span);
    }
    Err(no_log(dir)) // there is a last file, so this is not reached
}

/// Where the tail takes over from the segments.
struct Joint {
    /// The first commit that is in no segment.
    next: Seq,
    /// The end of the log before it.
    end: Head,
}

impl Joint {
    /// Checks that the first file that is needed starts at or before the joint.
    fn check_header(&self, file: &OpenFile) -> Result<(), Error> {
        match file.header.first.cmp(&self.next) {
            std::cmp::Ordering::Less => Ok(()),
            std::cmp::Ordering::Equal => self.check(file, file.header.before),
            std::cmp::Ordering::Greater => Err(self.broken(
                file,
                &format!("commit {} as the first", file.header.first),
                &format!("commit {}", self.next),
            )),
        }
    }

    /// Checks, in a file that starts before the joint, that the commit before it is the last one of
    /// the last segment.
    fn check_commit(&self, file: &OpenFile, span: &Span) -> Result<(), Error> {
        let Some(at) = self.next.0.checked_sub(span.first.0 + 1) else {
            return Ok(()); // it starts there, and its header was checked
        };
        let seq = span.first.plus(at);
        let Some((start, end)) = span.frame(at as usize) else {
            let last = span.next().0.saturating_sub(1);
            let found = format!("an end after commit {last}");
            let expected = format!("commit {seq}, which is in a segment");
            return Err(self.broken(file, &found, &expected));
        };
        let mut bytes = vec![0; (end - start) as usize];
        read_full(&*file.file, &mut bytes, start)
            .map_err(|error| failed("read", &file.path, error))?;
        let (commit, _) = decode_at(&bytes.into(), file.salt, seq)
            .map_err(|why| damaged(&file.path, start, seq, why))?;
        self.check(file, commit.end())
    }

    fn check(&self, file: &OpenFile, found: Head) -> Result<(), Error> {
        if found == self.end {
            return Ok(());
        }
        let name = |head: Head| format!("position {} with the chain {}", head.position, head.chain);
        let expected = name(self.end);
        Err(self.broken(file, &name(found), &expected))
    }

    fn broken(&self, file: &OpenFile, found: &str, expected: &str) -> Error {
        let message = match self.end == Head::EMPTY {
            true => format!("{} is not the start of the log", file.path.display()),
            false => format!("{} does not follow the segments", file.path.display()),
        };
        Error::damaged(message)
            .found(found)
            .expected(expected)
            .action("restore this log from a backup; nothing was changed")
    }
}

fn no_log(dir: &Dir) -> Error {
    Error::new(
        Kind::NotFound,
        "no_log",
        format!("there is no log in {}", dir.path.display()),
    )
    .expected("files named after their first commit, such as 00000000000000000001.commits")
}

fn no_tail(dir: &Dir, next: Seq) -> Error {
    Error::damaged(format!("the tail in {} is missing", dir.path.display()))
        .found("a manifest, and no files of commits")
        .expected(format!("a file that holds commit {next} or will"))
        .action("restore this log from a backup; nothing was changed")
}

/// Removes files that were being made and never got their name; nothing in them counts.
fn remove_unready(dir: &Dir) -> Result<(), Error> {
    let names = dir.names()?;
    let ending = format!(".{UNNAMED}");
    let unready = names.iter().filter(|name| name.ends_with(&ending));
    remove_all(dir, unready.map(|name| dir.path.join(name)))
}

/// Removes files of commits that are in segments, and segments that the manifest does not name.
/// What comes back after a crash is removed again.
///
/// The process before may have died without knowing whether its manifest was durable. What the one
/// before that one needs goes only when this one is, so it is written again first.
fn remove_unneeded(dir: &Dir, commits: &[Seq], found: &Recovered) -> Result<(), Error> {
    let manifest = &found.manifest;
    let is_unneeded = |name: &SegmentName| manifest.segment(*name).is_none();
    let segments = segments::list(dir)?.into_iter().filter(is_unneeded);
    let segments = segments.map(|name| dir.path.join(name.to_string()));
    let commits = commits.iter().map(|first| dir.file(*first));
    let unneeded: Vec<PathBuf> = commits.chain(segments).collect();
    if !unneeded.is_empty() && manifest.version > 0 {
        manifest_file::rewrite(dir, found.log, manifest)?;
    }
    remove_all(dir, unneeded.into_iter())
}

fn remove_all(dir: &Dir, paths: impl Iterator<Item = PathBuf>) -> Result<(), Error> {
    for path in paths {
        let removed = dir.fs.remove(&path);
        removed.map_err(|error| failed("remove", &path, error))?;
    }
    Ok(())
}

/// A file of commits being looked through.
struct OpenFile {
    path: PathBuf,
    file: Arc<dyn File>,
    header: FileHeader,
    salt: Salt,
    length: u64,
}

impl OpenFile {
    fn open(dir: &Dir, first: Seq, log: Option<LogId>) -> Result<OpenFile, Error> {
        let path = dir.file(first);
        let cannot = |error| failed("read", &path, error);
        let file = dir.fs.open(&path).map_err(cannot)?;
        let length = file.len().map_err(cannot)?;
        let mut bytes = [0; FILE_HEADER];
        let read = read_full(&*file, &mut bytes, 0).map_err(cannot)?;
        if read < FILE_HEADER {
            let found = format!("a file of {read} bytes");
            return Err(bad_header(&path, &found));
        }
        let header = FileHeader::decode(&bytes).map_err(|why| no_header(&path, why))?;
        if header.first != first {
            let found = format!(
                "the header of a file that starts at commit {}",
                header.first
            );
            return Err(bad_header(&path, &found));
        }
        if log.is_some_and(|log| log != header.log) {
            let found = format!("the header of the log {}", header.log);
            return Err(bad_header(&path, &found));
        }
        Ok(OpenFile {
            salt: Salt::new(header.log, first),
            path,
            file,
            header,
            length,
        })
    }

    /// Checks that the file goes on where the one before it ends.
    fn check_follows(&self, (seq, position): (Seq, Position)) -> Result<(), Error> {
        let found = (self.header.first, self.header.before.position.next());
        if found == (seq, position) {
            return Ok(());
        }
        Err(Error::damaged(format!(
            "{} does not follow the file before it",
            self.path.display()
        ))
        .found(format!("commit {} at position {}", found.0, found.1))
        .expected(format!("commit {seq} at position {position}"))
        .action("restore this log from a backup; nothing was changed"))
    }

    /// Finds the frames of a file up to the first commit of the next file, by their headers; the
    /// payloads are checked whenever they are read. Gives the position after the last.
    fn walk(&self, next_file: Seq) -> Result<(Span, Position), Error> {
        let mut walk = Walk::new(self);
        while next_file != walk.span.next() {
            let (seq, start) = (walk.span.next(), walk.span.end);
            let header = walk.header()?.ok_or(BAD_HEADER);
            let header = header.map_err(|why| damaged(&self.path, start, seq, why))?;
            walk.step(&header)?;
        }
        Ok((walk.span, walk.position))
    }

    /// Finds the frames of the last file, and deals with its end.
    fn recover_tail(&self, dir: &Dir, joint: Option<&Joint>) -> Result<(Span, tail::Found), Error> {
        let mut walk = Walk::new(self);
        let mut head = self.header.before;
        while let Some(header) = walk.header()? {
            let start = walk.span.end;
            let bytes = walk.window.bytes(start, header.frame_len())?.to_vec();
            let seq = walk.span.next();
            let Ok((commit, _)) = decode_at(&bytes.into(), self.salt, seq) else {
                break;
            };
            walk.step(&header)?;
            head = commit.end();
        }
        if let Some(joint) = joint {
            joint.check_commit(self, &walk.span)?;
        }
        let (span, filled) = (walk.span, self.length - self.length % ALIGN as u64);
        self.settle_end(dir, &span, head)?;
        self.sync_last(dir, &span)?;
        let found = tail::Found {
            header: self.header,
            file: Arc::clone(&self.file),
            end: span.end,
            filled: filled.max(span.end),
            next: span.next(),
            head,
        };
        Ok((span, found))
    }

    /// Looks at what follows the last good frame: zeros are the end, a torn frame is cut off and
    /// kept aside, anything else is damage.
    fn settle_end(&self, dir: &Dir, span: &Span, head: Head) -> Result<(), Error> {
        let mut rest = vec![0; self.length.saturating_sub(span.end) as usize];
        let read = read_full(&*self.file, &mut rest, span.end)
            .map_err(|error| failed("read", &self.path, error))?;
        rest.truncate(read);
        let Some(last) = rest.iter().rposition(|byte| *byte != 0) else {
            return Ok(());
        };
        if let Some(found) = self.damage(&rest, span, head) {
            return Err(damaged(&self.path, span.end, span.next(), &found));
        }
        let cut = &rest[..=last];
        keep_aside(dir, self.header.first, span.end, cut)?;
        tracing::warn!(
            file = %self.path.display(), offset = span.end, bytes = cut.len(),
            "a commit that was being written when the process ended was cut off; it was never acknowledged"
        );
        write_all(&*self.file, &vec![0; cut.len()], span.end)
            .map_err(|error| failed("write", &self.path, error))
    }

    /// What is wrong with the bytes after the last good frame, if they are not those of a frame
    /// that was torn.
    fn damage(&self, rest: &[u8], span: &Span, head: Head) -> Option<String> {
        let next = span.next();
        let later = rest
            .chunks(ALIGN)
            .find_map(|bytes| frame::seq_of(bytes, self.salt).filter(|seq| *seq > next));
        if let Some(later) = later {
            return Some(format!("no good frame, while commit {later} follows"));
        }
        if is_zero(&rest[..HEADER.min(rest.len())]) {
            return None; // the first sector of the frame was lost, and with it the header
        }
        let Some(header) = Header::decode(rest, self.salt) else {
            return Some(BAD_HEADER.to_owned());
        };
        if header.seq != next || header.first != head.position.next() {
            return Some(format!(
                "commit {} at position {}",
                header.seq, header.first
            ));
        }
        let Some(frame) = rest.get(..header.frame_len()) else {
            return Some("the end of the file".to_owned());
        };
        match has_lost_sector(frame, span.end) {
            true => None,
            false => Some("a frame with a wrong checksum and no sector missing".to_owned()),
        }
    }

    /// Makes the end of the file durable, whatever the operating system thinks of it, and its name.
    fn sync_last(&self, dir: &Dir, span: &Span) -> Result<(), Error> {
        let cannot = |error| failed("write", &self.path, error);
        let (start, length) = match span.last_frame() {
            Some((start, end)) => (start, (end - start) as usize),
            None => (0, FILE_HEADER),
        };
        let mut bytes = vec![0; length];
        read_full(&*self.file, &mut bytes, start).map_err(cannot)?;
        write_all(&*self.file, &bytes, start).map_err(cannot)?;
        self.file.sync_data().map_err(cannot)?;
        dir.sync()
    }
}

/// A walk over the frames of a file.
struct Walk<'a> {
    file: &'a OpenFile,
    window: Window<'a>,
    span: Span,
    /// The position that the next frame should start at.
    position: Position,
}

impl<'a> Walk<'a> {
    fn new(file: &'a OpenFile) -> Walk<'a> {
        Walk {
            window: Window::new(file),
            span: Span::new(file.header.first, FILE_HEADER as u64, file.length),
            position: file.header.before.position.next(),
            file,
        }
    }

    /// The header where the next frame should be, if there is one whose frame is within the file.
    fn header(&mut self) -> Result<Option<Header>, Error> {
        let start = self.span.end;
        let header = Header::decode(self.window.bytes(start, HEADER)?, self.file.salt);
        let within = |header: &Header| start + header.frame_len() as u64 <= self.file.length;
        Ok(header.filter(within))
    }

    /// Goes over the frame with this header.
    fn step(&mut self, header: &Header) -> Result<(), Error> {
        let (seq, start) = (self.span.next(), self.span.end);
        if header.seq != seq || header.first != self.position {
            let found = format!("commit {} at position {}", header.seq, header.first);
            return Err(damaged(&self.file.path, start, seq, &found));
        }
        self.span.push(start, start + header.frame_len() as u64);
        self.position = header.first.plus(u64::from(header.events()));
        Ok(())
    }
}

/// A part of a file in memory.
struct Window<'a> {
    file: &'a OpenFile,
    start: u64,
    buffer: Vec<u8>,
}

impl<'a> Window<'a> {
    fn new(file: &'a OpenFile) -> Window<'a> {
        Window {
            file,
            start: 0,
            buffer: Vec::new(),
        }
    }

    /// These bytes of the file, as many as there are.
    fn bytes(&mut self, offset: u64, length: usize) -> Result<&[u8], Error> {
        let held = self.start + self.buffer.len() as u64;
        if offset < self.start || offset + length as u64 > held {
            let left = self.file.length.saturating_sub(offset);
            let wanted = length.max(WINDOW) as u64;
            self.buffer.resize(wanted.min(left) as usize, 0);
            let read = read_full(&*self.file.file, &mut self.buffer, offset)
                .map_err(|error| failed("read", &self.file.path, error))?;
            self.buffer.truncate(read);
            self.start = offset;
        }
        let from = (offset - self.start) as usize;
        let to = (from + length).min(self.buffer.len());
        Ok(&self.buffer[from.min(to)..to])
    }
}

/// Keeps bytes that are cut off in a file of their own, durably.
fn keep_aside(dir: &Dir, first: Seq, offset: u64, bytes: &[u8]) -> Result<(), Error> {
    let aside = dir.path.join(ASIDE);
    dir.fs
        .create_dir(&aside)
        .map_err(|error| failed("make", &aside, error))?;
    let there = dir
        .fs
        .list(&aside)
        .map_err(|error| failed("list", &aside, error))?;
    let base = format!("{}-at-{offset}", files::name(first));
    let mut name = base.clone();
    let mut count = 1;
    while there.contains(&name) {
        count += 1;
        name = format!("{base}-{count}");
    }
    let path = aside.join(name);
    let keep = || {
        let file = dir.fs.create(&path)?;
        write_all(&*file, bytes, 0)?;
        file.sync_data()?;
        dir.fs.sync_dir(&aside)?;
        dir.fs.sync_dir(&dir.path)
    };
    keep().map_err(|error| failed("write", &path, error))
}

fn no_header(path: &std::path::Path, why: NoHeader) -> Error {
    match why {
        NoHeader::Magic => bad_header(path, "other bytes"),
        NoHeader::Checksum => bad_header(path, "a file header with a wrong checksum"),
        NoHeader::Version(found) => errors::newer_format(path.display(), found, VERSION),
    }
}

fn bad_header(path: &std::path::Path, found: &str) -> Error {
    Error::damaged(format!("{} is damaged at byte 0", path.display()))
        .found(found)
        .expected("the header of a file of commits of this log")
        .action("restore this log from a backup; nothing was changed")
}
