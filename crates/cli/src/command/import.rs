//! `import`: lines of JSON, each an event, in batches.
//!
//! Every event has an id: the line's own, or one made of `--source` and the line's number. So an
//! import that was interrupted and is run again writes nothing twice: a batch that is there is
//! answered with its first positions, and one that is there in part is split until each part is
//! there whole or not at all.

use std::io::BufRead;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use crate::args::{Import, Target};
use crate::client::Client;
use crate::command::input;
use crate::connect::{self, Need};
use crate::failure::Failure;
use crate::output::{counted, grouped};
use crate::progress::Progress;

/// Bytes of lines in one append, unless one line alone is longer.
const BATCH_BYTES_MAX: usize = 4 << 20;

/// Imports, and says how many events were new.
pub(crate) async fn run(target: &Target, args: Import) -> Result<(), Failure> {
    let path = args.file.as_deref();
    let source = input::lines(path)?;
    let connection = connect::open(target, Need::While).await?;
    let mut import = Importer {
        client: connection.client().clone(),
        database: args.database.database,
        written: 0,
        repeated: 0,
    };
    let mut lines = Lines {
        source,
        number: 0,
        bytes: 0,
        name: args.source,
        ahead: None,
    };
    let done = import
        .run(&mut lines, args.batch.get(), input::length(path))
        .await;
    connection.close().await?;
    let stopped = done.map_err(|failure| {
        failure.line(
            "so far",
            format!(
                "{} written, {} there before; run it again to go on",
                counted(import.written, "event"),
                grouped(import.repeated)
            ),
        )
    });
    stopped.map(|()| {
        if import.repeated > 0 {
            eprintln!("{} of them were there before", grouped(import.repeated));
        }
    })
}

struct Importer {
    client: Client,
    database: String,
    written: u64,
    repeated: u64,
}

impl Importer {
    async fn run(
        &mut self,
        lines: &mut Lines,
        batch_max: usize,
        length: Option<u64>,
    ) -> Result<(), Failure> {
        let noun = if length.is_some() { "byte" } else { "event" };
        let progress = Progress::start("importing", noun, length);
        loop {
            let batch = lines.batch(batch_max)?;
            if batch.is_empty() {
                break;
            }
            self.append(&batch).await?;
            progress.set_done(length.map_or(self.written + self.repeated, |_| lines.bytes));
        }
        progress.finish_counting("imported", self.written + self.repeated, "event");
        Ok(())
    }

    /// Appends the batch; where part of it is there already, half by half.
    async fn append(&mut self, batch: &[Line]) -> Result<(), Failure> {
        let mut parts = vec![batch];
        while let Some(part) = parts.pop() {
            let done = self.client.append(&self.database, body(part)).await;
            match done {
                Ok(appended) if appended.repeated => self.repeated += part.len() as u64,
                Ok(_) => self.written += part.len() as u64,
                Err(failure) if failure.code() == Some("id_reused") && part.len() > 1 => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.push(second);
                    parts.push(first);
                }
                Err(failure) => return Err(failure.while_doing(&range(part))),
            }
        }
        Ok(())
    }
}

fn range(lines: &[Line]) -> String {
    match lines {
        [line] => format!("line {}", line.number),
        [first, .., last] => format!("lines {} to {}", first.number, last.number),
        [] => "no lines".to_owned(),
    }
}

fn body(lines: &[Line]) -> String {
    let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    format!("{{\"events\":[{}]}}", texts.join(","))
}

/// One event.
struct Line {
    number: u64,
    text: String,
}

/// What must be looked at in a line.
#[derive(Deserialize)]
struct Identity {
    id: Option<IgnoredAny>,
}

struct Lines {
    source: Box<dyn BufRead + Send>,
    /// Of the line that was read last, from 1.
    number: u64,
    /// Read so far.
    bytes: u64,
    /// `--source`
    name: Option<String>,
    /// A line that did not fit into the last batch.
    ahead: Option<Line>,
}

impl Lines {
    /// The next lines that fit into one append; none at the end.
    fn batch(&mut self, lines_max: usize) -> Result<Vec<Line>, Failure> {
        let mut batch: Vec<Line> = Vec::new();
        let mut bytes = 0;
        while batch.len() < lines_max {
            let line = match self.ahead.take() {
                Some(line) => line,
                None => match self.next()? {
                    Some(line) => line,
                    None => break,
                },
            };
            bytes += line.text.len();
            if bytes > BATCH_BYTES_MAX && !batch.is_empty() {
                self.ahead = Some(line);
                break;
            }
            batch.push(line);
        }
        Ok(batch)
    }

    /// The next line that is not empty.
    fn next(&mut self) -> Result<Option<Line>, Failure> {
        loop {
            let mut text = String::new();
            let read = self.source.read_line(&mut text).map_err(|error| {
                Failure::new(format!("line {} cannot be read", self.number + 1))
                    .caused_by(&error)
                    .expected("JSON in UTF-8")
            })?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            self.bytes += read as u64;
            let trimmed = text.trim();
            if !trimmed.is_empty() {
                let text = self.identified(trimmed)?;
                return Ok(Some(Line {
                    number: self.number,
                    text,
                }));
            }
        }
    }

    /// The line, with an id.
    fn identified(&self, text: &str) -> Result<String, Failure> {
        let at = self.number;
        let identity: Identity = serde_json::from_str(text).map_err(|error| {
            Failure::new(format!("line {at} is not an event"))
                .caused_by(&error)
                .expected(r#"an object such as {"id":"...","type":"AccountOpened","data":{}}"#)
        })?;
        match (identity.id, &self.name) {
            (Some(_), _) => Ok(text.to_owned()),
            (None, Some(name)) => {
                let rest = text.trim_start_matches('{');
                let comma = if rest.trim_start().starts_with('}') {
                    ""
                } else {
                    ","
                };
                Ok(format!(
                    "{{\"id\":\"{at}\",\"source\":{}{comma}{rest}",
                    json!(name)
                ))
            }
            (None, None) => Err(Failure::new(format!("line {at} has no id"))
                .expected("an id in each line, so that nothing is written twice")
                .advice(
                    "give ids, or --source NAME to make them of that name and the line numbers",
                )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &'static str, name: Option<&str>) -> Lines {
        Lines {
            source: Box::new(text.as_bytes()),
            number: 0,
            bytes: 0,
            name: name.map(str::to_owned),
            ahead: None,
        }
    }

    #[test]
    fn lines_without_an_id_get_one_from_the_source_and_their_number() {
        let mut lines = lines("\n{\"type\":\"A\"}\n{ }\n", Some("old \"crm\""));
        let batch = lines.batch(10).unwrap();
        let texts: Vec<&str> = batch.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                r#"{"id":"2","source":"old \"crm\"","type":"A"}"#,
                r#"{"id":"3","source":"old \"crm\"" }"#
            ]
        );
    }

    #[test]
    fn lines_without_an_id_are_refused_without_a_source() {
        let failure = lines("{\"type\":\"A\"}", None).batch(10).err().unwrap();
        assert!(failure.to_string().contains("line 1 has no id"));
    }

    #[test]
    fn batches_end_at_the_count() {
        let mut lines = lines("{\"id\":1}\n{\"id\":2}\n{\"id\":3}", None);
        let counts: Vec<usize> = (0..3).map(|_| lines.batch(2).unwrap().len()).collect();
        assert_eq!(counts, [2, 1, 0]);
    }
}
