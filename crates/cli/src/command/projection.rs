//! `projection`: apply, list, show, skip, remove.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::args::{self, ProjectionApply, ProjectionNamed, ProjectionSkip, Target};
use crate::client::{Applied, Building, Client, Projection, ProjectionFailure, ProjectionState};
use crate::command::input;
use crate::connect::{self, Need};
use crate::failure::Failure;
use crate::output::{self, counted, grouped};
use crate::progress::{Progress, seconds};
use crate::table::{self, Column};

/// How often the state is asked for while tables are being built.
const POLL: Duration = Duration::from_millis(50);

/// Does one of them.
pub(crate) async fn run(target: &Target, args: args::Projection) -> Result<(), Failure> {
    let need = match &args {
        args::Projection::Apply(_) | args::Projection::Skip(_) => Need::While,
        _ => Need::Moment,
    };
    let connection = connect::open(target, need).await?;
    let client = connection.client();
    let done = match &args {
        args::Projection::Apply(args) => apply_files(client, args).await,
        args::Projection::List(database) => list(client, &database.database).await,
        args::Projection::Show(args) => show(client, args).await,
        args::Projection::Skip(args) => skip(client, args).await,
        args::Projection::Remove(args) => remove(client, args).await,
    };
    connection.close().await?;
    done
}

async fn apply_files(client: &Client, args: &ProjectionApply) -> Result<(), Failure> {
    for path in &args.files {
        let definition = input::text(path)?;
        let name = name_of(path, &definition)?;
        let database = &args.database.database;
        let (applied, status) = client
            .apply(database, name, &definition)
            .await
            .map_err(|failure| failure.while_doing(&path.display().to_string()))?;
        eprintln!("{}", outcome(applied, &status));
        if !args.no_wait {
            wait(client, database, &status.name).await?;
        }
    }
    Ok(())
}

/// The name that the file's first line gives: `-- projection: accounts`.
fn name_of<'a>(path: &Path, definition: &'a str) -> Result<&'a str, Failure> {
    let first = definition.lines().find(|line| !line.trim().is_empty());
    let name = first
        .and_then(|line| line.trim().strip_prefix("--"))
        .and_then(|line| line.trim_start().strip_prefix("projection:"))
        .map(str::trim);
    name.filter(|name| !name.is_empty()).ok_or_else(|| {
        Failure::new(format!(
            "{} does not say which projection it is",
            path.display()
        ))
        .found(first.unwrap_or("an empty file"))
        .expected("a first line such as -- projection: accounts")
    })
}

fn outcome(applied: Applied, status: &Projection) -> String {
    let name = &status.name;
    let version = status.version.as_deref().unwrap_or("unknown");
    match applied {
        Applied::Created => format!("created projection {name}, version {version}"),
        Applied::Replacing => {
            let next = status
                .building
                .as_ref()
                .map_or(version, |next| next.version.as_str());
            format!("building version {next} of projection {name} beside the one that answers")
        }
        Applied::Unchanged => format!("projection {name} has this definition already"),
    }
}

/// Waits until the version that was applied last answers, and says so.
pub(crate) async fn wait(client: &Client, database: &str, name: &str) -> Result<(), Failure> {
    let (status, took) = caught_up(client, database, name, "folding").await?;
    eprintln!(
        "projection {name} is live at position {}, after {}",
        grouped(status.position),
        seconds(took)
    );
    Ok(())
}

/// Waits until the version that was applied last answers, with a progress bar; tells how long it
/// took.
pub(crate) async fn caught_up(
    client: &Client,
    database: &str,
    name: &str,
    what: &str,
) -> Result<(Projection, Duration), Failure> {
    let progress = Progress::start(what, "event", Some(0));
    let started = Instant::now();
    loop {
        let status = client.projection(database, name).await?;
        match (&status.building, status.state) {
            // A version that answers may have stopped; what counts is the one that takes its place.
            (Some(next), _) if next.failure.is_some() => return Err(stopped(&status)),
            (Some(next), _) => progress.set(next.position, next.head),
            (None, ProjectionState::Failed) => return Err(stopped(&status)),
            (None, ProjectionState::Building) => progress.set(status.position, status.head),
            (None, ProjectionState::Live) => {
                progress.clear();
                return Ok((status, started.elapsed()));
            }
        }
        tokio::time::sleep(POLL).await;
    }
}

fn stopped(status: &Projection) -> Failure {
    let next = status
        .building
        .as_ref()
        .and_then(|next| next.failure.as_ref());
    let failure = match next {
        Some(_) => Failure::new(format!(
            "the new version of projection {} stopped; the one before goes on",
            status.name
        )),
        None => Failure::new(format!("projection {} stopped", status.name)),
    };
    match next.or(status.failure.as_ref()) {
        Some(why) => failure_lines(why)
            .into_iter()
            .fold(failure, |failure, (label, text)| failure.line(label, text))
            .advice(format!(
                "mend the file and apply it again, or leave the event out: headwater projection \
                 skip {} {} --reason TEXT",
                status.name, why.position
            )),
        None => failure,
    }
}

fn failure_lines(why: &ProjectionFailure) -> Vec<(&'static str, String)> {
    let parts = [
        (
            "event",
            Some(format!(
                "{}at position {}",
                why.r#type
                    .as_ref()
                    .map(|name| format!("{name} "))
                    .unwrap_or_default(),
                why.position
            )),
        ),
        ("statement", why.statement.clone()),
        ("line", why.line.map(|line| line.to_string())),
        ("cause", Some(why.message.clone())),
        ("code", why.code.clone()),
    ];
    parts
        .into_iter()
        .filter_map(|(label, text)| Some((label, text?)))
        .collect()
}

async fn list(client: &Client, database: &str) -> Result<(), Failure> {
    let projections = client.projections(database).await?;
    let columns = [
        Column::left("projection"),
        Column::left("state"),
        Column::right("position"),
        Column::right("lag"),
        Column::left("tables"),
        Column::left("note"),
    ];
    let rows: Vec<Vec<String>> = projections
        .iter()
        .map(|status| {
            vec![
                status.name.clone(),
                state(status.state).to_owned(),
                grouped(status.position),
                grouped(status.lag),
                status.tables.join(", "),
                table::one_line(&note(status)),
            ]
        })
        .collect();
    output::print(table::lines(&columns, &rows).join("\n"))?;
    eprintln!("{}", counted(projections.len() as u64, "projection"));
    Ok(())
}

fn state(state: ProjectionState) -> &'static str {
    match state {
        ProjectionState::Building => "building",
        ProjectionState::Live => "live",
        ProjectionState::Failed => "failed",
    }
}

fn note(status: &Projection) -> String {
    let parts = [
        status
            .failure
            .as_ref()
            .map(|why| format!("stopped at position {}: {}", why.position, why.message)),
        status
            .building
            .as_ref()
            .map(|next| format!("building {}", progress_of(next))),
        status
            .trouble
            .as_ref()
            .map(|trouble| format!("trying again: {trouble}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn progress_of(next: &Building) -> String {
    let Building {
        version,
        position,
        head,
        ..
    } = next;
    format!("{version}, {} of {}", grouped(*position), grouped(*head))
}

async fn show(client: &Client, args: &ProjectionNamed) -> Result<(), Failure> {
    let status = client
        .projection(&args.database.database, &args.name)
        .await?;
    let mut lines = vec![
        ("projection", status.name.clone()),
        ("state", state(status.state).to_owned()),
        ("version", status.version.clone().unwrap_or_default()),
        (
            "position",
            format!("{} of {}", grouped(status.position), grouped(status.head)),
        ),
        ("tables", status.tables.join(", ")),
        ("types", status.types.join(", ")),
    ];
    lines.extend(
        status
            .building
            .iter()
            .map(|next| ("building", progress_of(next))),
    );
    lines.extend(
        status
            .trouble
            .iter()
            .map(|trouble| ("trouble", trouble.clone())),
    );
    lines.extend(status.failure.iter().flat_map(failure_lines));
    for skipped in &status.skipped {
        lines.push((
            "skipped",
            format!("position {}: {}", skipped.position, skipped.reason),
        ));
    }
    let mut text: Vec<String> = lines
        .iter()
        .map(|(label, text)| format!("{label:<11} {}", table::one_line(text)))
        .collect();
    if let Some(definition) = &status.definition {
        text.push(format!("\n{}", definition.trim_end()));
    }
    output::print(text.join("\n"))
}

async fn skip(client: &Client, args: &ProjectionSkip) -> Result<(), Failure> {
    let database = &args.projection.database.database;
    let name = &args.projection.name;
    client
        .skip(database, name, args.position, &args.reason)
        .await?;
    eprintln!(
        "projection {name} leaves out the event at position {}",
        args.position
    );
    wait(client, database, name).await
}

async fn remove(client: &Client, args: &ProjectionNamed) -> Result<(), Failure> {
    client
        .remove_projection(&args.database.database, &args.name)
        .await?;
    eprintln!(
        "removed projection {}; the events it was made of stay",
        args.name
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_names_the_projection() {
        let path = Path::new("a.sql");
        assert_eq!(
            name_of(path, "\n-- projection: accounts\n").unwrap(),
            "accounts"
        );
        assert_eq!(name_of(path, "--projection:x\n").unwrap(), "x");
        for bad in [
            "",
            "create table a ()",
            "-- projection:",
            "-- about accounts",
        ] {
            assert!(name_of(path, bad).is_err(), "{bad}");
        }
    }
}
