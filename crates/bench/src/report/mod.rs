//! `report`: the document and its charts, from the results alone.

mod bars;
mod lines;
mod steady;
mod table;
mod text;

use std::fmt::Write as _;
use std::fs;

use headwater_load::Failure;

use crate::args::{self, Work};
use crate::plan::{CONDITIONS, READS};
use crate::report::bars::Panel;
use crate::report::table::{
    Figure, against, bytes_per_event, events, median, p50, p99, p999, requests, seconds,
    server_per_event, server_per_request, table,
};
use crate::report::text::Unit;
use crate::results::{Contender, Measure, Results, Run};

/// What stands above the tables.
const HEAD: &str = include_str!("head.txt");

/// What stands below them: what bounds the figures.
const BOUNDS: &str = include_str!("bounds.txt");

/// A log of ten million events and more has a first and a last ten million.
const VOLUME_END_EVENTS: u64 = 10_000_000;

/// Everything that is written.
pub(crate) struct Document {
    pub(crate) markdown: String,
    pub(crate) bars: Option<String>,
    pub(crate) lines: Option<String>,
}

/// Writes the document and its charts.
pub(crate) fn run(args: &args::Report) -> Result<(), Failure> {
    let document = document(&Results::load(&args.results)?);
    fs::write(args.directory.join("benchmarks.md"), document.markdown)?;
    if let Some(bars) = document.bars {
        fs::write(args.directory.join("benchmarks.svg"), bars)?;
    }
    if let Some(lines) = document.lines {
        fs::write(args.directory.join("benchmarks-volume.svg"), lines)?;
    }
    Ok(())
}

/// The document of these results.
pub(crate) fn document(results: &Results) -> Document {
    let mut out = HEAD.to_owned();
    let panels = panels(results);
    let bars = (!panels.is_empty()).then(|| bars::chart(&panels));
    if bars.is_some() {
        out.push_str("![Headwater beside its rivals and the raw disk](benchmarks.svg)\n\n");
    }
    if results.works.is_empty() {
        out.push_str("There are no results yet: run the script.\n");
    }
    let of = |work: Work| results.works.get(work.name());
    let mut lines = None;
    for work in [
        Work::Append,
        Work::Paced,
        Work::Batch,
        Work::Sealing,
        Work::Filled,
        Work::Points,
        Work::Volume,
        Work::Steady,
        Work::Embedded,
    ] {
        let Some(run) = of(work) else { continue };
        match work {
            Work::Append => append(&mut out, run),
            Work::Paced => paced(&mut out, run),
            Work::Batch => batch(&mut out, run),
            Work::Sealing => sealing(&mut out, run),
            Work::Filled => filled(&mut out, run),
            Work::Points => points(&mut out, run),
            Work::Volume => {
                lines = lines::chart(run);
                volume(&mut out, run);
            }
            Work::Steady => steady::section(&mut out, run),
            Work::Embedded => embedded(&mut out, run),
        }
        let _ = write!(out, "{}\n\n", about_line(run));
    }
    if !results.works.is_empty() {
        out.push_str(BOUNDS);
    }
    settings(&mut out, results);
    Document {
        markdown: out.trim_end().to_owned() + "\n",
        bars,
        lines,
    }
}

fn about_line(run: &Run) -> String {
    let about = &run.about;
    format!(
        "<sub>{}, commit {}; {}; {}</sub>",
        about.date, about.commit, about.machine, about.options
    )
}

fn section(out: &mut String, title: &str, text: &str) {
    let _ = write!(out, "## {title}\n\n{text}\n\n");
}

const fn figure(title: &'static str, unit: Unit, of: fn(&Measure) -> Option<f64>) -> Figure {
    Figure { title, unit, of }
}

// What is told of more than one work.
const APPENDS: Figure = figure("appends/s", Unit::PerSecond, requests);
const EVENTS: Figure = figure("events/s", Unit::PerSecond, events);
const P50: Figure = figure("p50", Unit::Micros, p50);
const P99: Figure = figure("p99", Unit::Micros, p99);
const P999: Figure = figure("p99.9", Unit::Micros, p999);
const BYTES: Figure = figure("bytes per event", Unit::Bytes, bytes_per_event);
const BUSY: Figure = figure("busy afterwards", Unit::Seconds, settled);

fn tables(out: &mut String, run: &Run, cases: &[&str], figures: &[Figure]) {
    for figure in figures {
        out.push_str(&table(run, cases, figure));
    }
}

fn append(out: &mut String, run: &Run) {
    section(
        out,
        "Appends of one event",
        "Each to a new stream. The raw disk writes the data of as many appends as there are \
         clients at once and syncs it, one after another, with nothing to do in between.",
    );
    let figures = [
        APPENDS,
        P50,
        P99,
        figure(
            "server's processor time per append",
            Unit::Micros,
            server_per_request,
        ),
    ];
    tables(out, run, &run.cases(), &figures);
}

fn paced(out: &mut String, run: &Run) {
    section(
        out,
        "Latency at a pace",
        "Appends of one event that come at random times, at a part of the most that the same \
         database was measured to take above. Latency counts from when an append came, also when \
         it had to wait.",
    );
    let figures = [APPENDS, P50, P99, P999];
    tables(out, run, &run.cases(), &figures);
}

fn settled(of: &Measure) -> Option<f64> {
    of.figures.get("settled_seconds").copied()
}

fn batch(out: &mut String, run: &Run) {
    section(
        out,
        "Appends of many events",
        "By four clients. What a database put off is told as the time for which it went on working \
         when the load had ended.",
    );
    let figures = [
        EVENTS,
        figure("p99 of an append", Unit::Micros, p99),
        figure(
            "server's processor time per event",
            Unit::Micros,
            server_per_event,
        ),
        BUSY,
    ];
    tables(out, run, &run.cases(), &figures);
}

fn sealing(out: &mut String, run: &Run) {
    section(
        out,
        "Appends while the log is sealed",
        "One event each, for long enough that what is in the background is in it many times.",
    );
    let figures = [
        APPENDS,
        P50,
        P999,
        figure("longest", Unit::Micros, |of| Some(of.outcome.latency.max)),
    ];
    tables(out, run, &run.cases(), &figures);
}

fn filled(out: &mut String, run: &Run) {
    section(
        out,
        "A filled log",
        "Bytes are those of all files when nothing was left to do; of PostgreSQL without its \
         write-ahead log and its catalogs. A line is the event as Headwater exports it. Opening \
         counts from the start of the process to the answer of a first read, after a clean stop, \
         with the files in the operating system's cache as far as they fit.",
    );
    let [all, one @ ..] = READS.map(|(case, _)| case);
    tables(out, run, &["fill"], &[BYTES, EVENTS]);
    opened(out, run);
    tables(
        out,
        run,
        &[all],
        &[figure("events/s, one client", Unit::PerSecond, events)],
    );
    tables(out, run, &one, &[P50, P99]);
    let line = median(run, all, Contender::Headwater, line_bytes);
    let stored = median(run, "fill", Contender::Headwater, bytes_per_event);
    if let (Some(line), Some(stored)) = (line, stored) {
        let _ = write!(
            out,
            "A line of the export is {line:.0} bytes long, on average; all files of Headwater are \
             {:.2} of that for each event.\n\n",
            stored / line
        );
    }
}

/// Opening a log that has its events, and appending to it under conditions.
fn opened(out: &mut String, run: &Run) {
    let conditions: Vec<&str> = CONDITIONS.iter().map(|(case, _)| *case).collect();
    tables(
        out,
        run,
        &["open"],
        &[figure("until an answer", Unit::Seconds, seconds)],
    );
    tables(
        out,
        run,
        &conditions,
        &[
            figure("appends/s, 16 clients", Unit::PerSecond, requests),
            P99,
        ],
    );
    out.push_str(&against(
        run,
        "rate ÷ rate without a condition",
        &conditions[1..],
        conditions[0],
        requests,
    ));
}

fn line_bytes(of: &Measure) -> Option<f64> {
    of.figures.get("answer_bytes_per_event").copied()
}

fn points(out: &mut String, run: &Run) {
    let rows = run.measures.iter().find_map(|of| of.figures.get("rows"));
    let rows = text::grouped(rows.copied().unwrap_or_default());
    section(
        out,
        "Rows by their primary key",
        &format!(
            "A table has a row for each of {rows} orders: at Headwater a read model, which every \
             answer finds fresh, at PostgreSQL a table that was made of the same events. Each query \
             is for one row, with a statement that was prepared. The client is the same, and so is \
             its protocol, over TCP."
        ),
    );
    let figures = [
        figure("queries/s", Unit::PerSecond, requests),
        P50,
        P99,
        figure(
            "server's processor time per query",
            Unit::Micros,
            server_per_request,
        ),
    ];
    tables(out, run, &run.cases(), &figures);
}

fn volume(out: &mut String, run: &Run) {
    section(
        out,
        "A log that grows",
        "A hundred events at once, by eight clients, ten to a stream, until the log has as many as \
         it has to. Memory is the most that the server had for itself meanwhile, without the page \
         cache. Then the log is opened and appended to.",
    );
    if run.measures.iter().any(|of| of.outcome.progress.len() > 1) {
        out.push_str("![Events in a second, by events in the log](benchmarks-volume.svg)\n\n");
    }
    let figures = [
        EVENTS,
        figure("last ÷ first ten million", Unit::Times, |of| {
            lines::last_of_first(&of.outcome.progress, VOLUME_END_EVENTS)
        }),
        figure("p99.9 of an append", Unit::Micros, p999),
        figure("memory", Unit::Mebibytes, memory),
        BYTES,
        BUSY,
    ];
    let total = run.measures.iter().map(|of| of.outcome.events).max();
    let total = text::grouped(total.unwrap_or_default() as f64);
    let _ = write!(out, "The longest log has {total} events.\n\n");
    tables(out, run, &["grow"], &figures);
    opened(out, run);
}

fn memory(of: &Measure) -> Option<f64> {
    of.figures.get("memory_bytes").copied()
}

fn embedded(out: &mut String, run: &Run) {
    section(
        out,
        "In the process of its user",
        "The journal without a server, on a log of its own; beside it the raw disk.",
    );
    let cases = run.cases();
    let is = |start: &'static str| {
        let of = move |case: &&&str| case.starts_with(start);
        cases.iter().filter(of).copied().collect::<Vec<_>>()
    };
    let opens = [figure("until it is open", Unit::Seconds, seconds)];
    tables(out, run, &is("append"), &[EVENTS, P50]);
    tables(out, run, &is("open"), &opens);
    tables(
        out,
        run,
        &is("read"),
        &[figure("events/s, one core", Unit::PerSecond, events), P50],
    );
}

fn settings(out: &mut String, results: &Results) {
    let mut abouts: Vec<_> = results.works.values().map(|run| &run.about).collect();
    abouts.sort_by(|a, b| b.date.cmp(&a.date));
    let Some(about) = abouts.first() else {
        return;
    };
    section(out, "Versions and settings", "Of the latest run:");
    for (name, version) in &about.versions {
        let settings = about.settings.get(name).map_or("", String::as_str);
        let _ = writeln!(out, "* **{name}**: {version}. Settings: `{settings}`");
    }
}

/// What the chart asks: of which work and case, in which words, and which figure.
type Question = (
    Work,
    &'static str,
    &'static str,
    Unit,
    fn(&Measure) -> Option<f64>,
);

const QUESTIONS: [Question; 13] = [
    (
        Work::Append,
        "1 client",
        "Appends in a second, 1 client",
        Unit::PerSecond,
        requests,
    ),
    (
        Work::Append,
        "16 clients",
        "Appends in a second, 16 clients",
        Unit::PerSecond,
        requests,
    ),
    (
        Work::Append,
        "64 clients",
        "Appends in a second, 64 clients",
        Unit::PerSecond,
        requests,
    ),
    (
        Work::Append,
        "256 clients",
        "Appends in a second, 256 clients",
        Unit::PerSecond,
        requests,
    ),
    (
        Work::Append,
        "1 client",
        "Append, p50, 1 client",
        Unit::Micros,
        p50,
    ),
    (
        Work::Append,
        "64 clients",
        "Processor per append, 64 clients",
        Unit::Micros,
        server_per_request,
    ),
    (
        Work::Batch,
        "1000 events",
        "Events in a second, 1000 at once",
        Unit::PerSecond,
        events,
    ),
    (
        Work::Filled,
        CONDITIONS[2].0,
        "Conditional appends in a second",
        Unit::PerSecond,
        requests,
    ),
    (
        Work::Filled,
        "fill",
        "Bytes on the disk per event",
        Unit::Bytes,
        bytes_per_event,
    ),
    (
        Work::Filled,
        READS[0].0,
        "Read all, events in a second",
        Unit::PerSecond,
        events,
    ),
    (
        Work::Filled,
        READS[1].0,
        "Read 100 scattered events, p50",
        Unit::Micros,
        p50,
    ),
    (
        Work::Filled,
        "open",
        "Open, until an answer",
        Unit::Seconds,
        seconds,
    ),
    (
        Work::Points,
        "16 clients",
        "Rows by primary key in a second",
        Unit::PerSecond,
        requests,
    ),
];

/// The panels of the chart that have answers of more than one.
fn panels(results: &Results) -> Vec<Panel> {
    let panel = |(work, case, title, unit, of): Question| {
        let run = results.works.get(work.name())?;
        let answer = |one| Some((one, median(run, case, one, of)?));
        let bars: Vec<_> = run.contenders().into_iter().filter_map(answer).collect();
        (bars.len() > 1).then(|| Panel {
            title: title.to_owned(),
            unit,
            bars,
        })
    };
    QUESTIONS.into_iter().filter_map(panel).collect()
}
