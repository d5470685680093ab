//! `restore`: a database from the backup in a directory.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream;
use headwater_journal::SegmentInfo;
use headwater_journal::backup::parts;

use crate::args::{Restore, Target};
use crate::backup_folder::{Folder, Index};
use crate::client::{Body, Client, Lines, RestoreLine, Restored, read_json};
use crate::connect::{self, Need};
use crate::failure::Failure;
use crate::output::{self, grouped};
use crate::progress::Progress;

/// How much of a segment is sent at once.
const READ_BYTES: usize = 512 << 10;

/// Sends the backup, and waits until all of it is verified.
pub(crate) async fn run(target: &Target, args: Restore) -> Result<(), Failure> {
    let (folder, index) = Folder::open(&args.directory)?;
    check(&folder, &index)?;
    let connection = connect::open_or_create(target, Need::While).await?;
    let restored = restore(connection.client(), &args.database, &folder, index).await;
    connection.close().await?;
    report(&restored?)
}

/// Looks whether the segments are there, before anything is sent.
fn check(folder: &Folder, index: &Index) -> Result<(), Failure> {
    for info in &index.manifest.segments {
        let found = folder.look(info.name)?;
        if !found.is_some_and(|found| found.is(info)) {
            let path = folder.segment(info.name);
            return Err(
                Failure::new(format!("{} is not as it was written", path.display()))
                    .expected(format!(
                        "{} bytes, and the footer that the backup knows",
                        info.bytes
                    ))
                    .advice("restore from another copy of the backup"),
            );
        }
    }
    Ok(())
}

async fn restore(
    client: &Client,
    name: &str,
    folder: &Folder,
    index: Index,
) -> Result<Restored, Failure> {
    let bytes = index.manifest.segments.iter().map(|info| info.bytes).sum();
    let progress = Arc::new(Progress::start("sending", "byte", Some(bytes)));
    let sending = Sending {
        first: Some(index.start),
        left: index.manifest.segments.iter().copied().collect(),
        folder: folder.path().to_owned(),
        segment: None,
        ended: false,
        progress,
    };
    let body = stream::unfold(sending, |mut sending| async {
        let read = tokio::task::spawn_blocking(move || {
            let next = sending.next();
            (next, sending)
        });
        match read.await {
            Ok((next, sending)) => next.transpose().map(|next| (next, sending)),
            Err(_) => None, // the panic hook told of it, and the server misses the end
        }
    });
    let lines = client.restore(name, Body::wrap_stream(body)).await?;
    verified(lines).await
}

async fn verified(mut lines: Lines) -> Result<Restored, Failure> {
    let progress = Progress::start("verifying", "event", Some(0));
    while let Some(line) = lines.next().await? {
        match read_json(&line)? {
            RestoreLine::Progress { position, head } => progress.set(position, head),
            RestoreLine::Restored(restored) => {
                progress.finish("restored", restored.events);
                return Ok(restored);
            }
            RestoreLine::Error(problem) => return Err(Failure::from(*problem)),
        }
    }
    Err(Failure::new("the restore broke off").advice(
        "look whether the database is there: headwater database list; if it is not, run the command \
         again",
    ))
}

/// A backup that is being sent.
struct Sending {
    first: Option<Vec<u8>>,
    left: VecDeque<SegmentInfo>,
    folder: PathBuf,
    segment: Option<(File, u64, u32)>,
    ended: bool,
    progress: Arc<Progress>,
}

impl Sending {
    /// The next bytes; nothing after the end.
    fn next(&mut self) -> io::Result<Option<Bytes>> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first.into()));
        }
        if let Some((mut file, left, crc)) = self.segment.take() {
            if left == 0 {
                return Ok(Some(Bytes::copy_from_slice(&crc.to_le_bytes())));
            }
            let mut bytes = vec![0; left.min(READ_BYTES as u64) as usize];
            file.read_exact(&mut bytes)?;
            self.progress.add(bytes.len() as u64);
            let crc = parts::checksum(crc, &bytes);
            self.segment = Some((file, left - bytes.len() as u64, crc));
            return Ok(Some(bytes.into()));
        }
        if let Some(info) = self.left.pop_front() {
            let file = File::open(self.folder.join(info.name.to_string()))?;
            self.segment = Some((file, info.bytes, 0));
            return Ok(Some(parts::segment(&info).into()));
        }
        let is_over = std::mem::replace(&mut self.ended, true);
        Ok((!is_over).then(|| parts::end().into()))
    }
}

fn report(restored: &Restored) -> Result<(), Failure> {
    let lines = [
        ("database", restored.name.clone()),
        ("log", restored.log_id.clone()),
        ("head", grouped(restored.head)),
        ("events", grouped(restored.events)),
        ("projections", grouped(restored.projections)),
        ("chain", format!("{}:{}", restored.head, restored.chain)),
    ];
    output::print(output::labelled(11, &lines))
}
