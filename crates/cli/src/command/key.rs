//! `key`: create, list, revoke.

use crate::args::{KeyCommand, KeyCreate, Target};
use crate::client::{Client, Key};
use crate::connect::{self, Need};
use crate::failure::Failure;
use crate::output::{self, counted};
use crate::table::{self, Column};

/// Does one of them.
pub(crate) async fn run(target: &Target, args: KeyCommand) -> Result<(), Failure> {
    let connection = match args {
        KeyCommand::Create(_) => connect::open_or_create(target, Need::Moment).await?,
        _ => connect::open(target, Need::Moment).await?,
    };
    let client = connection.client();
    let done = match &args {
        KeyCommand::Create(args) => create(client, args).await,
        KeyCommand::List => list(client).await,
        KeyCommand::Revoke(args) => revoke(client, &args.name).await,
    };
    connection.close().await?;
    done
}

/// The key goes to stdout alone, so that a script can take it; the words go beside it.
async fn create(client: &Client, args: &KeyCreate) -> Result<(), Failure> {
    let role = args.role.as_str();
    let made = client.create_key(&args.name, role, args.database.as_deref());
    let made = made.await?;
    output::print(&made.key)?;
    eprintln!(
        "made the key {} with the role {role}, for {}; it is not shown again",
        made.about.name,
        reach(&made.about)
    );
    Ok(())
}

async fn list(client: &Client) -> Result<(), Failure> {
    let keys = client.keys().await?;
    let columns = [
        Column::left("key"),
        Column::left("role"),
        Column::left("database"),
        Column::left("created"),
        Column::left("last used"),
        Column::left("revoked"),
    ];
    let row = |key: &Key| {
        vec![
            key.name.clone(),
            key.role.clone(),
            key.database.clone().unwrap_or_else(|| "all".to_owned()),
            key.created_at.clone(),
            key.used_at.clone().unwrap_or_default(),
            key.revoked_at.clone().unwrap_or_default(),
        ]
    };
    let rows: Vec<Vec<String>> = keys.iter().map(row).collect();
    output::print(table::lines(&columns, &rows).join("\n"))?;
    eprintln!("{}", counted(keys.len() as u64, "key"));
    Ok(())
}

async fn revoke(client: &Client, name: &str) -> Result<(), Failure> {
    client.revoke_key(name).await?;
    eprintln!("revoked the key {name}; it opens nothing any more");
    Ok(())
}

fn reach(key: &Key) -> String {
    match &key.database {
        Some(database) => format!("the database {database}"),
        None => "all databases".to_owned(),
    }
}
