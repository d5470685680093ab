//! `demo git`: the history of a repository, recorded commit by commit.
//!
//! ```text
//! git log --first-parent --reverse
//!    commit  ->  one append:  CommitMade    in history/first-parent
//!                             FileAdded     in file/src/main.rs
//!                             FileChanged   in file/README.md ...
//!                only if as many commits are recorded as come before it
//! ```
//!
//! Invariant: as of the last event of a commit, the read model `files` is what `git ls-tree -r`
//! shows of that commit.

mod commit;
mod log;
mod path;
mod record;
mod repository;

use serde_json::Value;

use crate::args::{DemoGit, Target};
use crate::client::{Client, Rows, Sql};
use crate::command::projection;
use crate::connect::{self, Need};
use crate::demo::git::record::{Record, Recorded};
use crate::demo::git::repository::Repository;
use crate::demo::page;
use crate::failure::Failure;
use crate::output::{self, counted, grouped};

/// The projections, by name, and what they are about.
const PROJECTIONS: [(&str, &str); 3] = [
    ("files", include_str!("files.sql")),
    ("commits", include_str!("commits.sql")),
    ("churn", include_str!("churn.sql")),
];

/// Records what is new in the repository, folds it, and shows answers.
pub(crate) async fn run(target: &Target, args: DemoGit) -> Result<(), Failure> {
    let repository = Repository::open(&args.path, &args.revision)?;
    let database = args.database.unwrap_or_else(|| name(&repository.name));
    let connection = connect::open_or_create(target, Need::While).await?;
    let done = tell(connection.client(), &database, &repository).await;
    connection.close().await?;
    done?;
    output::print(whats_next(target, &database))
}

fn whats_next(target: &Target, database: &str) -> String {
    let (program, options) = (page::program(), page::options(target));
    let to = format!("{options} -d {database}");
    let list = [
        (
            "The tree",
            format!("{program} sql{to} 'select mode, blob, path from files'"),
        ),
        (
            "One file's story",
            format!("{program} read{to} --stream file/README.md"),
        ),
        (
            "The last commits",
            format!("{program} read{to} --type CommitMade --before 0 -n 3"),
        ),
        ("Every byte", format!("{program} verify{to}")),
    ];
    page::list("What to try next", &list)
}

/// The name of the database for a repository: `git-` and what a name may hold of its directory's.
fn name(directory: &str) -> String {
    const CHARACTERS_MAX: usize = 63;
    let allowed = |letter: char| match letter.to_ascii_lowercase() {
        letter @ ('a'..='z' | '0'..='9' | '-' | '_') => letter,
        _ => '-',
    };
    let name: String = directory.chars().map(allowed).collect();
    format!("git-{name}").chars().take(CHARACTERS_MAX).collect()
}

async fn tell(client: &Client, database: &str, repository: &Repository) -> Result<(), Failure> {
    create(client, database).await?;
    let recorded = Record::new(client, database, repository).run().await?;
    output::print(summary(database, repository, &recorded))?;
    for (name, definition) in PROJECTIONS {
        client.apply(database, name, definition).await?;
        projection::wait(client, database, name).await?;
    }
    answers(client, database, repository).await
}

async fn create(client: &Client, database: &str) -> Result<(), Failure> {
    match client.create_database(database).await {
        Err(failure) if failure.code() != Some("database_exists") => Err(failure),
        _ => Ok(()),
    }
}

fn summary(database: &str, repository: &Repository, recorded: &Recorded) -> String {
    let before = match recorded.before {
        0 => String::new(),
        before => format!(" ({} recorded before)", grouped(before)),
    };
    format!(
        "{} recorded into database {database}: {}{before}",
        repository.name,
        counted(recorded.commits, "new commit"),
    )
}

async fn answers(client: &Client, database: &str, repository: &Repository) -> Result<(), Failure> {
    let questions = [
        (
            "Who made how many commits, and when?",
            "select author, sum(commits) as commits, min(month)::date as first, max(month)::date as last\n\
             from commits group by author order by 2 desc, 1 limit 5",
        ),
        (
            "Which files change most often?",
            "select path, changes, last::date as last from churn order by changes desc, path limit 5",
        ),
    ];
    for (question, sql) in questions {
        let rows = client.sql(database, &Sql::new(sql)).await?;
        show(question, sql, &rows)?;
    }
    as_of(client, database, repository).await
}

fn show(question: &str, sql: &str, rows: &Rows) -> Result<(), Failure> {
    output::print(format!(
        "\n{}\n\n{}\n\n{}",
        page::title(question),
        page::indented(sql),
        page::indented(&page::rows(rows))
    ))
}

/// Counts the files of a commit in the middle of the history, in Headwater and in git.
async fn as_of(client: &Client, database: &str, repository: &Repository) -> Result<(), Failure> {
    let Some((sha, position)) = middle(client, database).await? else {
        return Ok(());
    };
    let sql = "select count(*) as files from files";
    let rows = client.sql(database, &Sql::new(sql).at(position)).await?;
    let here = rows
        .rows
        .first()
        .and_then(|row| row.first())
        .and_then(Value::as_u64);
    let there = repository.files_in(&sha)?;
    show(
        &format!("How many files were there at commit {:.12}?", sha),
        sql,
        &rows,
    )?;
    output::print(format!(
        "\n  as of position {}; git ls-tree -r counts {}",
        grouped(position),
        grouped(there)
    ))?;
    if here == Some(there) {
        return Ok(());
    }
    Err(
        Failure::new(format!("the files as of commit {sha} are not git's"))
            .found(format!("{here:?}"))
            .expected(there),
    )
}

/// The commit in the middle of the history, and the position of its last event.
async fn middle(client: &Client, database: &str) -> Result<Option<(String, u64)>, Failure> {
    let Some(last) = record::last(client, database).await? else {
        return Ok(None);
    };
    let sql = format!(
        "select position, data ->> 'sha', (data ->> 'changes')::bigint from event \
         where stream = '{}' and revision = {}",
        commit::HISTORY,
        last.revision.div_ceil(2)
    );
    let rows = client.sql(database, &Sql::new(sql)).await?;
    let found = rows.rows.first().and_then(|row| match row.as_slice() {
        [position, Value::String(sha), changes] => {
            Some((sha.clone(), position.as_u64()? + changes.as_u64()?))
        }
        _ => None,
    });
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_are_named_after_the_directory() {
        assert_eq!(name("headwater"), "git-headwater");
        assert_eq!(name("My Project.js"), "git-my-project-js");
        assert_eq!(name(&"x".repeat(100)).len(), 63);
    }
}
