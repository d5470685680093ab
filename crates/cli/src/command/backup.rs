//! `backup`: a copy of a database in a directory, taken while it is in use.

use headwater_journal::backup::Held;
use headwater_journal::backup::parts::{self, Part, PartsReader};
use serde_json::{Value, json};

use crate::args::{Backup, Target};
use crate::backup_folder::{self, Folder, Index, NewSegment};
use crate::client::{Chunks, Client, Problem, read_json};
use crate::connect::{self, Need};
use crate::failure::Failure;
use crate::output::{self, counted, grouped};
use crate::progress::Progress;

/// Copies what the directory does not hold yet, and says where the copy ends.
pub(crate) async fn run(target: &Target, args: Backup) -> Result<(), Failure> {
    let folder = Folder::create(&args.directory)?;
    let connection = connect::open(target, Need::While).await?;
    let copied = copy(connection.client(), &args.database.database, folder).await;
    connection.close().await?;
    report(&args, &copied?)
}

/// What was copied.
struct Copied {
    index: Index,
    /// Segments and their bytes.
    sent: (u64, u64),
    skipped: (u64, u64),
}

async fn copy(client: &Client, database: &str, folder: Folder) -> Result<Copied, Failure> {
    let held = folder.held()?;
    let told: Vec<Value> = held.iter().map(told).collect();
    let kept = folder.index.as_ref();
    let kept = kept.map(|index| (index.log_id.to_string(), point(index)));
    let mut chunks = client
        .backup(database, &told, kept)
        .await
        .map_err(|failure| match folder.index.is_some() {
            true => failure.while_doing("the backup in the directory stays as it is"),
            false => failure,
        })?;
    let mut incoming = Incoming {
        folder,
        held,
        progress: Progress::start("backing up", "byte", Some(0)),
        start: parts::start(),
        segment: None,
        sent: (0, 0),
    };
    let mut reader = PartsReader::default();
    while let Some(bytes) = next(&mut chunks, &reader).await? {
        reader.push(&bytes);
        // Writing, syncing and verifying block.
        let (taken, next) = tokio::task::spawn_blocking(move || {
            let taken = incoming.take_all(&mut reader);
            (taken, (incoming, reader))
        })
        .await
        .map_err(|error| Failure::new("the backup met a defect").caused_by(&error))?;
        (incoming, reader) = next;
        taken?;
    }
    reader.finish()?;
    incoming.finish()
}

/// The next bytes, up to the end of the backup.
async fn next(chunks: &mut Chunks, reader: &PartsReader) -> Result<Option<bytes::Bytes>, Failure> {
    match reader.is_ended() {
        true => Ok(None),
        false => chunks.next().await,
    }
}

fn told(held: &Held) -> Value {
    json!({
        "name": held.name.to_string(),
        "bytes": held.bytes,
        "footer_crc": held.footer_crc,
    })
}

/// A backup that is coming in.
struct Incoming {
    folder: Folder,
    held: Vec<Held>,
    progress: Progress,
    /// The parts before the segments.
    start: Vec<u8>,
    segment: Option<NewSegment>,
    sent: (u64, u64),
}

impl Incoming {
    fn take_all(&mut self, reader: &mut PartsReader) -> Result<(), Failure> {
        while let Some(part) = reader.part()? {
            self.take(part)?;
        }
        Ok(())
    }

    fn take(&mut self, part: Part) -> Result<(), Failure> {
        match part {
            Part::Manifest(log_id, manifest) => {
                if let Some(index) = &self.folder.index
                    && index.log_id != log_id
                {
                    return Err(Failure::new("the directory holds a backup of another log")
                        .found(index.log_id)
                        .expected(log_id)
                        .advice("name another directory; nothing was changed in this one"));
                }
                let missing = manifest.segments.iter().filter(|info| !self.holds(info));
                let bytes = missing.map(|info| info.bytes).sum();
                self.progress.set(0, bytes);
                self.start.extend(parts::manifest(log_id, &manifest));
            }
            Part::Fact(json) => self.start.extend(parts::fact(&json)),
            Part::Segment(info) => {
                self.sent.0 += 1;
                self.segment = Some(self.folder.begin(info)?);
            }
            Part::Bytes(bytes) => {
                self.sent.1 += bytes.len() as u64;
                self.progress.add(bytes.len() as u64);
                if let Some(segment) = &mut self.segment {
                    segment.write(&bytes)?;
                }
            }
            Part::SegmentEnd(_) => self.segment.take().map_or(Ok(()), NewSegment::finish)?,
            Part::Failure(why) => {
                let problem: Problem = read_json(&why)?;
                return Err(Failure::from(problem).while_doing("the server gave up"));
            }
            Part::End => {}
        }
        Ok(())
    }

    fn holds(&self, info: &headwater_journal::SegmentInfo) -> bool {
        self.held.iter().any(|held| held.is(info))
    }

    /// All of it came: it is the backup from now on, if it has all that it names.
    fn finish(self) -> Result<Copied, Failure> {
        let index = backup_folder::index(self.start)?;
        let mut all = (0, 0);
        for info in &index.manifest.segments {
            let there = self.folder.look(info.name)?;
            if !there.is_some_and(|there| there.is(info)) {
                return Err(Failure::new(format!("{} did not come", info.name))
                    .advice("run the command again"));
            }
            all = (all.0 + 1, all.1 + info.bytes);
        }
        self.folder.replace(&index)?;
        self.progress.finish("backed up", self.sent.1);
        Ok(Copied {
            index,
            sent: self.sent,
            skipped: (all.0 - self.sent.0, all.1 - self.sent.1),
        })
    }
}

/// `POSITION:HASH` of the end of a backup.
fn point(index: &Index) -> String {
    let end = index.manifest.end();
    format!("{}:{}", end.position, end.chain)
}

fn report(args: &Backup, copied: &Copied) -> Result<(), Failure> {
    let segments = |(count, bytes)| {
        let (count, bytes) = (counted(count, "segment"), counted(bytes, "byte"));
        format!("{count}, {bytes}")
    };
    let end = copied.index.manifest.end();
    let lines = [
        ("database", args.database.database.clone()),
        ("log", copied.index.log_id.to_string()),
        ("head", grouped(end.position.0)),
        ("sent", segments(copied.sent)),
        ("skipped", segments(copied.skipped)),
        ("chain", point(&copied.index)),
    ];
    output::print(output::labelled(9, &lines))
}
