//! Recording: each new commit as one conditional append, in order.

use std::time::Instant;

use serde::Deserialize;

use crate::client::{Client, Events, read_json};
use crate::demo::git::commit::{self, HISTORY};
use crate::demo::git::repository::Repository;
use crate::failure::Failure;
use crate::progress::{Progress, pace};

/// What is read of a `CommitMade`.
#[derive(Deserialize)]
pub(super) struct Made {
    /// How many commits are recorded up to it.
    pub(super) revision: u64,
    data: MadeData,
}

#[derive(Deserialize)]
struct MadeData {
    sha: String,
}

/// What a run did.
pub(super) struct Recorded {
    /// Commits that were there before.
    pub(super) before: u64,
    /// Commits that are new.
    pub(super) commits: u64,
}

/// Records one repository into one database.
pub(super) struct Record<'a> {
    client: &'a Client,
    database: &'a str,
    repository: &'a Repository,
}

impl<'a> Record<'a> {
    pub(super) fn new(
        client: &'a Client,
        database: &'a str,
        repository: &'a Repository,
    ) -> Record<'a> {
        Record {
            client,
            database,
            repository,
        }
    }

    /// Records every commit after the last one that is recorded.
    pub(super) async fn run(self) -> Result<Recorded, Failure> {
        let last = last(self.client, self.database).await?;
        let before = last.as_ref().map_or(0, |made| made.revision);
        let sha = last.as_ref().map(|made| made.data.sha.as_str());
        let fresh = self.repository.count_after(sha)?;
        let mut recorded = Recorded { before, commits: 0 };
        if fresh == 0 {
            return Ok(recorded);
        }
        let mut log = self.repository.log(sha)?;
        let progress = Progress::start("recording", "commit", Some(fresh));
        let started = Instant::now();
        let mut events = 0;
        while let Some(commit) = log.next()? {
            let body = commit::append(&commit, before + recorded.commits)?;
            self.client
                .append(self.database, body.to_string())
                .await
                .map_err(|failure| failure.while_doing(&format!("commit {}", commit.sha)))?;
            recorded.commits += 1;
            events += 1 + commit.changes.len() as u64;
            progress.add(1);
        }
        progress.finish("recorded", recorded.commits);
        eprintln!("that is {}", pace(events, "event", started.elapsed()));
        Ok(recorded)
    }
}

/// The commit that was recorded last.
pub(super) async fn last(client: &Client, database: &str) -> Result<Option<Made>, Failure> {
    let history = Events {
        stream: Some(HISTORY.to_owned()),
        before: Some(0),
        limit: Some(1),
        ..Events::default()
    };
    let page = client.events(database, &history).await?;
    match page.events.first() {
        Some(event) => read_json(event.get().as_bytes()).map(Some),
        None => Ok(None),
    }
}
