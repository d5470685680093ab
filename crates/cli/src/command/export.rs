//! `export`: all events, one JSON object a line, as `import` takes them.
//!
//! With `--resume` it goes on after the last whole line of the file, if the log has that line's
//! event, by its id, at that line's position.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Read as _, Seek as _, SeekFrom, Write};
use std::path::Path;

use serde::Deserialize;

use crate::args::{Export, Target};
use crate::client::{Client, Events, read_json};
use crate::connect::{self, Need};
use crate::failure::Failure;
use crate::progress::Progress;

/// Events on one page.
const PAGE_EVENTS: u64 = 2_000;

/// How much of the end of a file is searched for its last line at once.
const TAIL_BYTES: u64 = 1 << 20;

/// What must be looked at in an exported line.
#[derive(Deserialize)]
struct Place {
    position: u64,
    id: String,
}

/// Exports to a file or to stdout.
pub(crate) async fn run(target: &Target, args: Export) -> Result<(), Failure> {
    let connection = connect::open(target, Need::While).await?;
    let client = connection.client();
    let database = &args.database.database;
    let done = match args.file.as_deref() {
        Some(path) if path != Path::new("-") => to_file(client, database, path, &args).await,
        _ => {
            let stdout = std::io::stdout();
            export(client, database, stdout, args.after.unwrap_or(0)).await
        }
    };
    connection.close().await?;
    done
}

async fn to_file(
    client: &Client,
    database: &str,
    path: &Path,
    args: &Export,
) -> Result<(), Failure> {
    let cannot = |error: std::io::Error| {
        Failure::new(format!("{} cannot be written", path.display())).caused_by(&error)
    };
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    if args.resume {
        options.create(true).truncate(false);
    } else {
        options.create_new(true);
    }
    let mut file = options.open(path).map_err(|error| {
        let failure = cannot(error);
        match path.exists() {
            true => failure.advice("say --resume to go on with it, or name another file"),
            false => failure,
        }
    })?;
    let after = match args.resume {
        true => resume(client, database, &mut file, path).await?,
        false => args.after.unwrap_or(0),
    };
    export(client, database, &file, after).await?;
    file.sync_all().map_err(cannot)
}

/// Writes every event after `after`.
async fn export(
    client: &Client,
    database: &str,
    out: impl Write,
    after: u64,
) -> Result<(), Failure> {
    let mut out = BufWriter::with_capacity(1 << 20, out);
    let mut events = Events {
        after: Some(after),
        limit: Some(PAGE_EVENTS),
        ..Events::default()
    };
    let progress = Progress::start("exporting", "event", Some(0));
    let mut count = 0;
    loop {
        let page = client.events(database, &events).await?;
        for event in &page.events {
            out.write_all(event.get().as_bytes())?;
            out.write_all(b"\n")?;
        }
        count += page.events.len() as u64;
        progress.set(
            page.next.saturating_sub(after),
            page.head.saturating_sub(after),
        );
        if !page.more {
            break;
        }
        events.after = Some(page.next);
        events.log_id = Some(page.log_id);
    }
    out.flush()?;
    progress.finish("exported", count);
    Ok(())
}

/// Cuts off a line that was not written whole, and finds the position to go on after.
async fn resume(
    client: &Client,
    database: &str,
    file: &mut File,
    path: &Path,
) -> Result<u64, Failure> {
    let Some(line) = last_line(file)? else {
        return Ok(0);
    };
    let place: Place = serde_json::from_slice(&line).map_err(|error| {
        Failure::new(format!(
            "the last line of {} is no exported event",
            path.display()
        ))
        .caused_by(&error)
        .advice("name another file")
    })?;
    let events = Events {
        after: Some(place.position.saturating_sub(1)),
        limit: Some(1),
        ..Events::default()
    };
    let there: Option<Place> = match client.events(database, &events).await {
        Ok(page) => match page.events.first() {
            Some(event) => Some(read_json(event.get().as_bytes())?),
            None => None,
        },
        Err(failure) if failure.code() == Some("position_ahead") => None,
        Err(failure) => return Err(failure),
    };
    match there {
        Some(there) if there.position == place.position && there.id == place.id => {
            Ok(place.position)
        }
        there => Err(
            Failure::new(format!("{} is of another log", path.display()))
                .found(format!("event {} at position {}", place.id, place.position))
                .expected(match there {
                    Some(there) => format!("event {} there", there.id),
                    None => "a position that the log has".to_owned(),
                })
                .advice("name another file"),
        ),
    }
}

/// The last whole line; what comes after it is cut off.
fn last_line(file: &mut File) -> Result<Option<Vec<u8>>, Failure> {
    let length = file.metadata()?.len();
    let mut span = TAIL_BYTES;
    loop {
        let start = length.saturating_sub(span);
        file.seek(SeekFrom::Start(start))?;
        let mut tail = Vec::new();
        file.read_to_end(&mut tail)?;
        let end = tail.iter().rposition(|byte| *byte == b'\n');
        let begin = end.and_then(|end| tail[..end].iter().rposition(|byte| *byte == b'\n'));
        let line = match (begin, end) {
            (Some(begin), Some(end)) => Some((begin + 1, end)),
            (None, Some(end)) if start == 0 => Some((0, end)),
            (_, None) if start == 0 => None,
            _ => {
                span *= 4;
                continue;
            }
        };
        let keep = line.map_or(0, |(_, end)| start + end as u64 + 1);
        file.set_len(keep)?;
        file.seek(SeekFrom::Start(keep))?;
        return Ok(line.map(|(begin, end)| tail[begin..end].to_vec()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    #[test]
    fn the_last_whole_line_is_found_and_the_rest_cut_off() {
        let cases = [
            ("", None, 0),
            ("{\"half", None, 0),
            ("one\n", Some("one"), 4),
            ("one\ntwo\nthr", Some("two"), 8),
        ];
        for (text, line, length) in cases {
            let mut file = file(text);
            let found = last_line(&mut file).unwrap();
            assert_eq!(found.as_deref(), line.map(str::as_bytes), "{text}");
            assert_eq!(file.metadata().unwrap().len(), length, "{text}");
        }
    }

    #[test]
    fn a_long_last_line_is_found() {
        let long = "x".repeat(3 * TAIL_BYTES as usize);
        let mut file = file(&format!("one\n{long}\n"));
        assert_eq!(last_line(&mut file).unwrap().unwrap().len(), long.len());
    }
}
