//! `follow`: events as they are appended, one JSON object a line, until ctrl-c.
//!
//! When the connection breaks, it is made again and goes on after the last position that was
//! scanned, so each event is printed once.

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::args::{Follow, Target};
use crate::client::{Client, Events, Lines, Problem, read_json};
use crate::command::serve::StopSignal;
use crate::connect::{self, Need};
use crate::failure::Failure;
use crate::output::Output;

/// The pause before a broken connection is made again.
const PAUSE: Duration = Duration::from_secs(1);

/// How often in a row a connection may break without a line.
const BREAKS_MAX: u32 = 30;

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Event(Box<RawValue>),
    Heartbeat { scanned: u64 },
    Error(Box<Problem>),
}

#[derive(Deserialize)]
struct Place {
    position: u64,
}

/// Follows until ctrl-c, or until `--limit` events are printed.
pub(crate) async fn run(target: &Target, args: Follow) -> Result<(), Failure> {
    let stop = StopSignal::listen()?;
    let connection = connect::open(target, Need::While).await?;
    let client = connection.client().clone();
    let following = async {
        let head = client.database(&args.database.database).await?;
        let mut follower = Follower {
            events: Events {
                after: args.after.or(head.head),
                log_id: head.log_id,
                ..Events::from(args.filter)
            },
            database: args.database.database,
            left: args.limit.unwrap_or(u64::MAX),
            output: Output::new(),
            client,
        };
        follower.run().await
    };
    let done = tokio::select! {
        done = following => done,
        () = stop.wait() => Ok(()),
    };
    connection.close().await?;
    done
}

struct Follower {
    client: Client,
    database: String,
    events: Events,
    left: u64,
    output: Output,
}

impl Follower {
    async fn run(&mut self) -> Result<(), Failure> {
        let mut breaks = 0;
        while self.left > 0 {
            let before = self.events.after;
            let failure = match self.client.follow(&self.database, &self.events).await {
                Ok(lines) => match self.print(lines).await {
                    Ok(()) => continue,
                    Err(failure) => failure,
                },
                Err(failure) => failure,
            };
            breaks = if self.events.after > before {
                0
            } else {
                breaks + 1
            };
            if failure.is_silent() || failure.code().is_some() || breaks > BREAKS_MAX {
                return Err(failure);
            }
            tracing::warn!(%failure, "the connection broke; making it again");
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    async fn print(&mut self, mut lines: Lines) -> Result<(), Failure> {
        while self.left > 0 {
            match lines.next().await? {
                Some(line) => self.line(&line)?,
                None => return Err(Failure::new("the server ended the answer")),
            }
        }
        Ok(())
    }

    fn line(&mut self, line: &Bytes) -> Result<(), Failure> {
        match read_json(line)? {
            Line::Event(event) => {
                let place: Place = read_json(event.get().as_bytes())?;
                self.output.line(event.get())?;
                self.output.flush()?;
                self.events.after = Some(place.position);
                self.left -= 1;
            }
            Line::Heartbeat { scanned } => self.events.after = Some(scanned),
            Line::Error(problem) => return Err((*problem).into()),
        }
        Ok(())
    }
}
