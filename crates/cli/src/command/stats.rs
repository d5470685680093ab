//! `stats`: where the bytes of a database are, as tables or as JSON.

use crate::args::{self, RowFormat, Target};
use crate::client::{Named, Stats, Work, read_json};
use crate::connect::{self, Need};
use crate::failure::Failure;
use crate::output::{self, counted, grouped};
use crate::table::{self, Column};

/// Asks, and prints.
pub(crate) async fn run(target: &Target, args: args::Stats) -> Result<(), Failure> {
    let connection = connect::open(target, Need::Moment).await?;
    let answer = connection.client().stats(&args.database.database).await;
    connection.close().await?;
    let answer = answer?;
    match args.output {
        RowFormat::Json => output::print(answer.get()),
        RowFormat::Table => {
            let stats: Stats = read_json(answer.get().as_bytes())?;
            output::print(report(&args, &stats).join("\n"))
        }
    }
}

fn report(args: &args::Stats, stats: &Stats) -> Vec<String> {
    let mut lines = summary(&args.database.database, stats);
    let mut section = |mut table: Vec<String>| {
        lines.push(String::new());
        lines.append(&mut table);
    };
    section(places(stats));
    if !stats.levels.is_empty() {
        section(levels(stats));
    }
    if args.segments {
        section(segments(stats));
    }
    section(bounds(stats));
    section(work(stats));
    let largest = [
        ("largest stream", &stats.largest_streams),
        ("largest type", &stats.largest_types),
    ];
    for (what, found) in largest {
        if !found.is_empty() {
            section(names(what, found));
        }
    }
    lines
}

fn summary(database: &str, stats: &Stats) -> Vec<String> {
    let events = format!(
        "{} in {} and {}",
        grouped(stats.head),
        counted(stats.appends, "append"),
        counted(stats.streams, "stream")
    );
    let lines = [
        ("database", database.to_owned()),
        ("events", events),
        (
            "appended",
            format!("{} before compression", bytes(stats.bytes.appends)),
        ),
        (
            "disk",
            format!(
                "{}, {:.1} an event",
                bytes(stats.bytes.disk),
                stats.bytes_per_event
            ),
        ),
        (
            "ratio",
            format!(
                "{:.2} of blocks, {:.2} of segments with their index",
                stats.data_ratio, stats.segment_ratio
            ),
        ),
    ];
    let lines = lines
        .iter()
        .filter(|(label, _)| *label != "ratio" || !stats.levels.is_empty());
    lines
        .map(|(label, text)| format!("{label:<9} {text}"))
        .collect()
}

fn bytes(count: u64) -> String {
    counted(count, "byte")
}

/// Where the bytes are.
fn places(stats: &Stats) -> Vec<String> {
    let of = &stats.bytes;
    let places = [
        ("tail", of.tail),
        ("blocks", of.blocks),
        ("dictionaries", of.dictionaries),
        ("index: lists", of.lists),
        ("index: places", of.places),
        ("index: ids", of.ids),
        ("index: filters", of.filters),
        ("rest", of.rest + of.manifest),
        ("disk", of.disk),
    ];
    let row = |(place, count): (&str, u64)| {
        let share = match of.disk {
            0 => 0.0,
            disk => count as f64 * 100.0 / disk as f64,
        };
        vec![place.to_owned(), grouped(count), format!("{share:.1} %")]
    };
    let columns = [
        Column::left("where"),
        Column::right("bytes"),
        Column::right("share"),
    ];
    table::lines(&columns, &places.map(row))
}

fn levels(stats: &Stats) -> Vec<String> {
    let columns = [
        Column::right("level"),
        Column::right("segments"),
        Column::right("events"),
        Column::right("bytes"),
        Column::right("appended"),
        Column::right("ratio"),
    ];
    let rows = stats.levels.iter().map(|level| {
        vec![
            level.level.to_string(),
            grouped(level.segments),
            grouped(level.events),
            grouped(level.bytes),
            grouped(level.appends),
            format!("{:.2}", level.appends as f64 / level.bytes.max(1) as f64),
        ]
    });
    table::lines(&columns, &rows.collect::<Vec<_>>())
}

fn segments(stats: &Stats) -> Vec<String> {
    let columns = [
        Column::right("first"),
        Column::right("last"),
        Column::right("level"),
        Column::right("bytes"),
        Column::right("appended"),
    ];
    let rows = stats.segments.iter().map(|segment| {
        vec![
            grouped(segment.first),
            grouped(segment.last),
            segment.level.to_string(),
            grouped(segment.bytes),
            grouped(segment.appends),
        ]
    });
    table::lines(&columns, &rows.collect::<Vec<_>>())
}

/// What keeping the log in order costs, and its bounds.
fn bounds(stats: &Stats) -> Vec<String> {
    let slowed = match stats.slowed.commits {
        0 => "past it the writer is slowed; it was not".to_owned(),
        commits => format!(
            "past it the writer is slowed; it was for {:.1} s, over {}",
            stats.slowed.seconds,
            counted(commits, "commit")
        ),
    };
    let (write, space) = (&stats.write_amplification, &stats.space_amplification);
    let (debt, tail) = (&stats.merge_debt, &stats.tail);
    let rows = [
        [
            "write amplification".to_owned(),
            format!("{:.2}", write.value),
            format!("{:.2}", write.max),
            "bytes written for each byte appended".to_owned(),
        ],
        [
            "space amplification".to_owned(),
            format!("{:.2}", space.value),
            format!("{:.2}", space.max),
            "bytes kept for each byte appended".to_owned(),
        ],
        [
            "pieces to be sealed".to_owned(),
            grouped(tail.pieces_waiting),
            grouped(tail.pieces_free),
            slowed.clone(),
        ],
        [
            "segments to be merged".to_owned(),
            grouped(debt.segments),
            grouped(debt.segments_free),
            format!("{}; {slowed}", bytes(debt.bytes)),
        ],
    ];
    let columns = [
        Column::left("cost"),
        Column::right("now"),
        Column::right("bound"),
        Column::left("note"),
    ];
    table::lines(&columns, &rows.map(Vec::from))
}

/// How sealing and merging go, and why if they do not.
fn work(stats: &Stats) -> Vec<String> {
    let works = [("sealing", &stats.sealing), ("merging", &stats.merging)];
    let row = |(name, work): (&str, &Work)| {
        vec![
            name.to_owned(),
            work.state.clone(),
            grouped(work.segments),
            grouped(work.bytes),
            grouped(work.failures),
        ]
    };
    let columns = [
        Column::left("since opened"),
        Column::left("state"),
        Column::right("segments"),
        Column::right("bytes"),
        Column::right("failures"),
    ];
    let mut lines = table::lines(&columns, &works.map(row));
    for (name, work) in works {
        let Some(failure) = &work.last_failure else {
            continue;
        };
        let at = table::one_line(&failure.at);
        let why = table::one_line(&failure.error.sentence());
        lines.push(format!("{name} failed at {at}: {why}"));
        let told = failure.error.lines();
        lines.extend(
            told.iter()
                .map(|(label, text)| format!("  {label:<9} {}", table::one_line(text))),
        );
    }
    lines
}

fn names(what: &str, found: &[Named]) -> Vec<String> {
    let columns = [Column::left(what), Column::right("events")];
    let rows = found
        .iter()
        .map(|named| vec![table::one_line(&named.name), grouped(named.events)]);
    table::lines(&columns, &rows.collect::<Vec<_>>())
}
