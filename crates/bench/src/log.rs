//! The journal in the measuring process: Headwater without a server, a protocol or JSON.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use headwater_event::limits::READ_EVENTS_MAX;
use headwater_event::{
    Append, EventType, NewEvent, Outcome as Decision, Position, Query, QueryItem, StreamName, Tag,
};
use headwater_journal::disk::fs::StdFs;
use headwater_journal::env::{Env as _, SystemEnv};
use headwater_journal::{Direction, DiskStorage, Journal, Options, Read};
use headwater_load::{
    Answer, Appended, EVENT_TYPE, Failure, Job, Order, Outcome, Session, Unless, Which, run,
};
use tokio::task::LocalSet;

/// A log in a directory, opened in this process.
pub(crate) struct Embedded {
    journal: Journal,
    directory: PathBuf,
}

impl Embedded {
    /// A new log.
    pub(crate) fn create(directory: &Path) -> Result<Embedded, Failure> {
        DiskStorage::create(Arc::new(StdFs), directory, SystemEnv.log_id())?;
        Embedded::open(directory)
    }

    /// The log that is there.
    pub(crate) fn open(directory: &Path) -> Result<Embedded, Failure> {
        let storage = DiskStorage::open(Arc::new(StdFs), directory)?;
        let options = Options::default();
        Ok(Embedded {
            journal: Journal::open(Arc::new(storage), Arc::new(SystemEnv), options)?,
            directory: directory.to_owned(),
        })
    }

    /// Does a job; its address does not matter.
    pub(crate) fn run(&self, job: &Job) -> Result<Outcome, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let session = || JournalSession {
            journal: self.journal.clone(),
            is_alone: job.clients == 1,
        };
        let sessions = (0..job.clients).map(|_| session()).collect();
        LocalSet::new().block_on(&runtime, run(job, sessions))
    }

    /// Closes the log and opens it again; how many seconds the opening took.
    pub(crate) fn reopen(&mut self) -> Result<f64, Failure> {
        self.journal.close();
        let begun = Instant::now();
        *self = Embedded::open(&self.directory.clone())?;
        Ok(begun.elapsed().as_secs_f64())
    }

    /// Finishes what was accepted.
    pub(crate) fn close(self) {
        self.journal.close();
    }
}

/// One user of the journal.
struct JournalSession {
    journal: Journal,
    /// This thread has no other user to serve.
    is_alone: bool,
}

impl Session for JournalSession {
    /// The address is the directory of a log.
    async fn connect(address: &str) -> Result<JournalSession, Failure> {
        let Embedded { journal, .. } = Embedded::open(Path::new(address))?;
        Ok(JournalSession {
            journal,
            is_alone: false,
        })
    }

    async fn append(
        &mut self,
        orders: &[Order],
        unless: Option<&Unless>,
    ) -> Result<Appended, Failure> {
        let events = orders.iter().map(event).collect::<Result<_, _>>()?;
        let mut append = Append::of(events);
        if let Some(unless) = unless {
            append = append.unless(
                tagged(&unless.tags)?,
                Position(unless.after.unwrap_or_default()),
            );
        }
        let outcome = match self.is_alone {
            true => self.journal.append_here(append.checked()?, None).await?,
            false => self.journal.append(append, None).await?,
        };
        match outcome {
            Decision::Appended(appended) => Ok(Appended {
                last: appended.last.0,
            }),
            Decision::Conflict(conflict) => Err(format!("refused: {}", conflict.code()).into()),
        }
    }

    async fn read(&mut self, which: &Which) -> Result<Answer, Failure> {
        let query = match which {
            Which::All => Query::all(),
            Which::Stream(name) => Query::stream(StreamName::new(name.clone())?),
            Which::Tag(name) => Query::tag(Tag::new(name.clone())?),
        };
        let mut total = Answer::default();
        let mut after = Position::ZERO;
        loop {
            let page = self.journal.read(&Read {
                query: query.clone(),
                direction: Direction::Forward { after },
                limit: READ_EVENTS_MAX,
                ..Read::default()
            })?;
            total.events += page.events.len() as u64;
            let bytes = page.events.iter().map(|event| event.data.len() as u64);
            total.bytes += bytes.sum::<u64>();
            after = page.scanned;
            if !page.more {
                return Ok(total);
            }
        }
    }
}

fn event(order: &Order) -> Result<NewEvent, headwater_event::Error> {
    let tags = order.tags().map(Tag::new);
    let tags = tags.into_iter().collect::<Result<_, _>>()?;
    NewEvent::json(EventType::new(EVENT_TYPE)?, order.data())
        .in_stream(StreamName::new(order.stream_name())?)
        .tagged(tags)
}

fn tagged(tags: &[String]) -> Result<Query, headwater_event::Error> {
    let tags = tags.iter().map(|tag| Tag::new(tag.clone()));
    Ok(Query {
        items: vec![QueryItem {
            tags: tags.collect::<Result<_, _>>()?,
            ..QueryItem::default()
        }],
    })
}
