//! `read`: events, one JSON object a line.

use crate::args::{Filter, Read, Target};
use crate::client::{Client, Events};
use crate::connect::{self, Need};
use crate::failure::Failure;
use crate::output::Output;

/// Events on one page.
const PAGE_EVENTS: u64 = 1_000;

impl From<Filter> for Events {
    fn from(filter: Filter) -> Events {
        Events {
            stream: filter.stream,
            category: filter.category,
            types: filter.types,
            tags: filter.tags,
            ..Events::default()
        }
    }
}

/// Reads page by page and prints each event as the server wrote it.
pub(crate) async fn run(target: &Target, args: Read) -> Result<(), Failure> {
    let query = match &args.query {
        Some(text) => Some(serde_json::from_str(text).map_err(|error| {
            Failure::usage("--query is not JSON")
                .caused_by(&error)
                .expected(r#"a JSON array such as [{"types":["AccountOpened"]}]"#)
        })?),
        None => None,
    };
    let events = Events {
        query,
        after: args.after,
        before: args.before,
        ..Events::from(args.filter)
    };
    let (limit, need) = match args.all {
        true => (u64::MAX, Need::While),
        false => (args.limit, Need::Moment),
    };
    let connection = connect::open(target, need).await?;
    let done = pages(connection.client(), &args.database.database, events, limit).await;
    connection.close().await?;
    done
}

async fn pages(
    client: &Client,
    database: &str,
    mut events: Events,
    limit: u64,
) -> Result<(), Failure> {
    let mut output = Output::new();
    let mut left = limit;
    while left > 0 {
        events.limit = Some(left.min(PAGE_EVENTS));
        let page = client.events(database, &events).await?;
        for event in &page.events {
            output.line(event.get())?;
        }
        left -= (page.events.len() as u64).min(left);
        if !page.more {
            break;
        }
        match events.before {
            Some(_) => events.before = Some(page.next),
            None => events.after = Some(page.next),
        }
        events.log_id = Some(page.log_id);
    }
    output.flush()
}
