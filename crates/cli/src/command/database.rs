//! `database`: create, list, show, set, delete.

use crate::args::{DatabaseCommand, DatabaseDelete, DatabaseSet, Target};
use crate::client::{Client, Database};
use crate::connect::{self, Need};
use crate::failure::Failure;
use crate::output::{self, counted, grouped};
use crate::table::{self, Column};

/// Does one of them.
pub(crate) async fn run(target: &Target, args: DatabaseCommand) -> Result<(), Failure> {
    let connection = match args {
        DatabaseCommand::Create(_) => connect::open_or_create(target, Need::Moment).await?,
        _ => connect::open(target, Need::Moment).await?,
    };
    let client = connection.client();
    let done = match &args {
        DatabaseCommand::Create(args) => create(client, &args.name).await,
        DatabaseCommand::List => list(client).await,
        DatabaseCommand::Show(args) => show(client, &args.name).await,
        DatabaseCommand::Set(args) => set(client, args).await,
        DatabaseCommand::Delete(args) => delete(client, args).await,
    };
    connection.close().await?;
    done
}

async fn create(client: &Client, name: &str) -> Result<(), Failure> {
    let database = client.create_database(name).await?;
    eprintln!("created database {} with id {}", database.name, database.id);
    Ok(())
}

async fn list(client: &Client) -> Result<(), Failure> {
    let databases = client.databases().await?;
    let columns = [
        Column::left("database"),
        Column::left("state"),
        Column::right("head"),
        Column::right("partitions"),
        Column::left("created"),
        Column::left("note"),
    ];
    let row = |database: &Database| {
        vec![
            database.name.clone(),
            database.state.clone().unwrap_or_default(),
            database.head.map(grouped).unwrap_or_default(),
            database.partitions.map(grouped).unwrap_or_default(),
            database.created_at.clone().unwrap_or_default(),
            table::one_line(database.reason.as_deref().unwrap_or_default()),
        ]
    };
    let rows: Vec<Vec<String>> = databases.iter().map(row).collect();
    output::print(table::lines(&columns, &rows).join("\n"))?;
    eprintln!("{}", counted(databases.len() as u64, "database"));
    Ok(())
}

async fn show(client: &Client, name: &str) -> Result<(), Failure> {
    let database = client.database(name).await?;
    let lines = [
        ("database", Some(database.name)),
        ("id", Some(database.id)),
        ("log", database.log_id),
        ("state", database.state),
        ("head", database.head.map(grouped)),
        ("events", database.events.map(grouped)),
        ("bytes", database.bytes.map(grouped)),
        ("projections", database.projections.map(grouped)),
        ("partitions", database.partitions.map(grouped)),
        ("created", database.created_at),
        ("reason", database.reason),
    ];
    let text: Vec<String> = lines
        .into_iter()
        .filter_map(|(label, text)| Some(format!("{label:<11} {}", table::one_line(&text?))))
        .collect();
    output::print(text.join("\n"))
}

async fn set(client: &Client, args: &DatabaseSet) -> Result<(), Failure> {
    let database = client
        .set_database(&args.database.name, args.partitions)
        .await?;
    let count = database.partitions.unwrap_or_default();
    eprintln!(
        "each category of the database {} has {}",
        database.name,
        counted(count, "partition")
    );
    Ok(())
}

async fn delete(client: &Client, args: &DatabaseDelete) -> Result<(), Failure> {
    let name = &args.database.name;
    if !args.yes {
        let database = client.database(name).await?;
        return Err(
            Failure::usage(format!("database {name} is not deleted yet"))
                .found(counted(database.head.unwrap_or(0), "event"))
                .advice(
                    "say --yes: they cannot be brought back, unless `headwater export` keeps them",
                ),
        );
    }
    client.delete_database(name).await?;
    eprintln!("deleted database {name}");
    Ok(())
}
