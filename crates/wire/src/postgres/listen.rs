//! `LISTEN account`: the client is told when events are appended to streams of that category.

use std::collections::BTreeSet;

use headwater_event::{Error, Event, Position, Query, QueryItem, StreamName, Text, check_category};
use headwater_node::{Follow, Role};
use pgwire::messages::response::NotificationResponse;

use crate::metrics::Counted;
use crate::postgres::command::Command;
use crate::postgres::failure::Failure;
use crate::postgres::running::Running;
use crate::postgres::session::{Ended, Session};

/// Categories that one connection listens to.
const CATEGORIES_MAX: usize = 100;

/// What a connection listens to. Like every follow, it keeps its database awake.
#[derive(Default)]
pub(crate) struct Listening {
    categories: BTreeSet<String>,
    follow: Option<Follow>,
    _counted: Option<Counted>,
}

impl Listening {
    /// What was committed since, in order; at least one. Waits for ever if nothing is listened to.
    /// Nothing is lost when it is dropped while it waits.
    pub(crate) async fn next(&mut self) -> Result<Vec<Notice>, Error> {
        let Some(follow) = &mut self.follow else {
            return std::future::pending().await;
        };
        loop {
            let batch = follow.next_or(std::future::pending()).await?;
            let notices = notices(&batch.events);
            if !notices.is_empty() {
                return Ok(notices);
            }
        }
    }
}

/// That a commit has events in a category.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    category: String,
    /// Of the last of them.
    position: Position,
}

/// One for each commit and category.
fn notices(events: &[Event]) -> Vec<Notice> {
    let mut notices: Vec<Notice> = Vec::new();
    for commit in events.chunk_by(|one, next| one.recorded_at == next.recorded_at) {
        let from = notices.len();
        for event in commit {
            let Some(category) = event.stream.as_ref().map(StreamName::category) else {
                continue;
            };
            let position = event.position;
            let mut of_commit = notices.iter_mut().skip(from);
            match of_commit.find(|notice| notice.category == category) {
                Some(notice) => notice.position = position,
                None => notices.push(Notice {
                    category: category.to_owned(),
                    position,
                }),
            }
        }
    }
    notices
}

impl Session {
    /// `listen` and `unlisten`, which take effect at once.
    pub(crate) async fn of_listening(&mut self, command: &Command) -> Result<Running, Ended> {
        match command {
            Command::Listen(category) => {
                check_category(category)?;
                if self.settings.at().is_some() {
                    return Err(Failure::new(
                        "25006",
                        "the connection looks at the past, where nothing happens",
                    )
                    .hint("Connect without @, or reset headwater.at.")
                    .into());
                }
                let mut categories = self.listening.categories.clone();
                categories.insert(category.clone());
                if categories.len() > CATEGORIES_MAX {
                    return Err(Failure::new("54000", "the connection listens to too much")
                        .detail(format!("Expected at most {CATEGORIES_MAX} categories."))
                        .into());
                }
                self.listen_to(categories).await?;
                Ok(Running::done("LISTEN"))
            }
            Command::Unlisten(Some(category)) => {
                let mut categories = self.listening.categories.clone();
                categories.remove(category);
                self.listen_to(categories).await?;
                Ok(Running::done("UNLISTEN"))
            }
            _ => {
                self.stop_listening();
                Ok(Running::done("UNLISTEN"))
            }
        }
    }

    pub(crate) fn stop_listening(&mut self) {
        self.listening = Listening::default();
    }

    async fn listen_to(&mut self, categories: BTreeSet<String>) -> Result<(), Failure> {
        if categories.is_empty() {
            self.stop_listening();
            return Ok(());
        }
        let item = |category: &String| QueryItem {
            category: Some(Text::from(category.as_str())),
            ..QueryItem::default()
        };
        let query = Query {
            items: categories.iter().map(item).collect(),
        };
        let database = self.use_for(Role::Read).await?;
        // One that is listened to already goes on from where it is.
        let after = self
            .listening
            .follow
            .as_ref()
            .map_or(database.head(), Follow::scanned);
        self.listening = Listening {
            follow: Some(database.follow(None, query, after)?),
            _counted: Some(self.app.metrics.follower()),
            categories,
        };
        Ok(())
    }

    /// Tells the client what was appended to; nothing listens any more after a failure.
    pub(crate) fn notify(&mut self, notices: Result<Vec<Notice>, Error>) {
        let number = self.backend.number.cast_signed();
        match notices {
            Ok(notices) => {
                for Notice { category, position } in notices {
                    let payload = position.to_string();
                    self.client
                        .say(&NotificationResponse::new(number, category, payload));
                }
            }
            Err(error) => {
                self.stop_listening();
                let warning = Failure::from(error).hint("Listen again.");
                self.client.say(&warning.notice("WARNING"));
            }
        }
    }
}
