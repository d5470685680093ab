//! `demo`: user accounts, in acts, against a real server that stays up.
//!
//! What is printed is what is sent: a call is shown as the `curl` command that makes it, and
//! made over HTTP.

mod acts;
mod call;
mod protocols;
mod seed;

use std::net::{Ipv4Addr, SocketAddr};

use crate::args::{Demo, Target};
use crate::client::{Client, Events, read_json};
use crate::command::serve::StopSignal;
use crate::connect::{self, Connection};
use crate::demo::accounts::protocols::Addresses;
use crate::demo::page;
use crate::failure::Failure;
use crate::local::Options;
use crate::output::{self, counted};
use crate::progress::seconds;

/// The database of the demo.
const DATABASE: &str = "demo";

/// Who writes the demo's events, as their metadata says.
const ACTOR: &str = "demo";

/// Tells the acts, then stays up until ctrl-c.
pub(crate) async fn run(target: &Target, args: Demo) -> Result<(), Failure> {
    let connection = connect(target, &args).await?;
    let told = tell(&connection, target, args.accounts).await;
    let stays = connection.is_local() && !args.exit;
    let stopped = match told {
        Ok(()) if stays => stay(connection.client()).await,
        told => told,
    };
    connection.close().await?;
    stopped
}

/// Connects; a server of its own takes any free port if the usual one is taken, and free ones for the
/// other protocols.
async fn connect(target: &Target, args: &Demo) -> Result<Connection, Failure> {
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut options = Options {
        postgres: Some(any_port),
        kafka: Some(any_port),
        ..Options::listening(args.listen.listen)
    };
    match connect::listening(target, options.clone()).await {
        Err(failure) if failure.code() == Some("cannot_listen") => {
            eprintln!("{} is taken; taking a free port", args.listen.listen);
            options.listen.set_port(0);
            connect::listening(target, options).await
        }
        connected => connected,
    }
}

async fn tell(connection: &Connection, target: &Target, accounts: u32) -> Result<(), Failure> {
    let client = connection.client();
    let server = client.server();
    output::print(format!(
        "\n{}\n\nHeadwater records what happened, and folds it into tables that you query in SQL.\n\
         This server is real: {server}, on {}.\n",
        page::bold("Headwater, in five acts"),
        match &target.server {
            Some(_) => "its own data directory".to_owned(),
            None => format!("the data directory {}", target.data.display()),
        },
    ))?;
    let anew = start_anew(client).await?;
    let seeded = seed::run(client, DATABASE, accounts).await?;
    output::print(format!(
        "Database {DATABASE} {}: {} of {},\nwritten and synced to disk in {}, folded into the \
         table account in {}.",
        if anew {
            "is new"
        } else {
            "was there from an earlier demo and is started anew"
        },
        counted(seeded.events, "event"),
        counted(accounts.into(), "account"),
        seconds(seeded.wrote),
        seconds(seeded.folded),
    ))?;
    acts::run(client, accounts, Addresses::of(connection)).await?;
    output::print(whats_next(client, target))
}

/// Creates the database, after deleting what an earlier demo left; true if there was nothing.
async fn start_anew(client: &Client) -> Result<bool, Failure> {
    let Err(failure) = client.create_database(DATABASE).await else {
        return Ok(true);
    };
    if failure.code() != Some("database_exists") {
        return Err(failure);
    }
    if !is_ours(client).await? {
        return Err(
            Failure::new(format!("there is a database {DATABASE} with other events"))
                .expected("none, or one that an earlier demo made")
                .advice("run the demo on another directory: headwater demo --data headwater-demo"),
        );
    }
    client.delete_database(DATABASE).await?;
    client.create_database(DATABASE).await?;
    Ok(false)
}

/// Whether the database is empty or begins with an event of a demo.
async fn is_ours(client: &Client) -> Result<bool, Failure> {
    let first = Events {
        after: Some(0),
        limit: Some(1),
        ..Events::default()
    };
    let page = client.events(DATABASE, &first).await?;
    let Some(event) = page.events.first() else {
        return Ok(true);
    };
    let event: serde_json::Value = read_json(event.get().as_bytes())?;
    Ok(event["metadata"]["actor"] == ACTOR)
}

fn whats_next(client: &Client, target: &Target) -> String {
    let server = client.server();
    let (program, options) = (page::program(), page::options(target));
    let to = format!("{options} -d {DATABASE}");
    let list = [
        ("See it move", format!("{program} follow{to}")),
        (
            "Ask anything",
            format!("{program} sql{to} 'select type, count(*) from event group by 1'"),
        ),
        ("Check every byte", format!("{program} verify{to}")),
        ("Your own history", format!("{program} demo git .{options}")),
        ("The interface", format!("curl -s {server}/v1/openapi.json")),
    ];
    page::list("What to try next", &list)
}

async fn stay(client: &Client) -> Result<(), Failure> {
    let stop = StopSignal::listen()?;
    output::print(page::closing(&[&format!(
        "The server stays up at {} until ctrl-c.",
        client.server()
    )]))?;
    stop.wait().await;
    Ok(())
}
