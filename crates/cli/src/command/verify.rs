//! `verify`: the whole log, byte by byte.

use crate::args::{Target, Verify};
use crate::client::{Client, Verified, VerifyLine, read_json};
use crate::connect::{self, Need};
use crate::failure::Failure;
use crate::output::{self, grouped};
use crate::progress::Progress;

/// Walks the log and reports; a failure says where the first wrong byte is.
pub(crate) async fn run(target: &Target, args: Verify) -> Result<(), Failure> {
    let connection = connect::open(target, Need::While).await?;
    let verified = walk(connection.client(), &args).await;
    connection.close().await?;
    report(&args, &verified?)
}

async fn walk(client: &Client, args: &Verify) -> Result<Verified, Failure> {
    let database = &args.database.database;
    let progress = Progress::start("verifying", "event", Some(0));
    let mut lines = client.verify(database, args.against.as_deref()).await?;
    while let Some(line) = lines.next().await? {
        match read_json(&line)? {
            VerifyLine::Progress { position, head } => progress.set(position, head),
            VerifyLine::Verified(verified) => {
                progress.finish("verified", verified.events);
                return Ok(verified);
            }
            VerifyLine::Error(problem) => {
                return Err(Failure::from(*problem)
                    .while_doing(&format!("database {database} is not as it was written")));
            }
        }
    }
    Err(Failure::new("the verification broke off").advice("run the command again"))
}

fn report(args: &Verify, verified: &Verified) -> Result<(), Failure> {
    let mut lines = vec![
        ("database", args.database.database.clone()),
        ("head", grouped(verified.head)),
        ("events", grouped(verified.events)),
        ("appends", grouped(verified.appends)),
        ("bytes", grouped(verified.bytes)),
        ("chain", format!("{}:{}", verified.head, verified.chain)),
    ];
    if let Some(kept) = &args.against {
        lines.push(("against", format!("{} holds", kept.trim())));
    }
    output::print(output::labelled(9, &lines))
}
