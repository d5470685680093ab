//! The section on a steady load: what was seen in each part of its time.

use std::fmt::Write as _;

use crate::report::text::{Unit, grouped};
use crate::results::{Look, Measure, Run};

/// Parts of the time.
const PARTS: u32 = 12;

const TEXT: &str = "A hundred events at once, by eight clients, without a pause, each event of a \
    stream of its own, from an empty log on. Each line is a twelfth of the time. *Written* is how many bytes went into \
    commits, segments and merges for each byte of appends in that part, *on the disk* how many all \
    files have for each byte of appends so far. *Unsealed* and *to merge* are the most pieces of the \
    tail and segments that waited in that part; [metrics.md](metrics.md) has their bounds. *Slowed* is how \
    long the writer paused for them. *Memory* is the most that the server had for itself.";

/// What one part of the time came to.
struct Part {
    until: f64,
    events_per_second: f64,
    written: f64,
    on_disk: f64,
    unsealed: f64,
    to_merge: f64,
    slowed: f64,
    memory: f64,
}

/// Writes the section.
pub(super) fn section(out: &mut String, run: &Run) {
    let Some(measure) = run.measures.first() else {
        return;
    };
    super::section(out, "Full load for long", TEXT);
    out.push_str(
        "| minutes | events/s | written | on the disk | unsealed | to merge | slowed | memory |\n\
         |--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for part in parts(measure) {
        let _ = writeln!(
            out,
            "| {:.0} | {} | {} | {} | {:.0} | {:.0} | {} | {} |",
            part.until / 60.0,
            Unit::PerSecond.text(part.events_per_second),
            Unit::Times.text(part.written),
            Unit::Times.text(part.on_disk),
            part.unsealed,
            part.to_merge,
            Unit::Seconds.text(part.slowed),
            Unit::Mebibytes.text(part.memory),
        );
    }
    let outcome = &measure.outcome;
    let _ = write!(
        out,
        "\n{} events in all. An append took {} at p50, {} at p99 and {} at p99.9. {} of files for each \
         event at the end; the server was busy for {} after the load had ended.\n\n",
        grouped(outcome.events as f64),
        Unit::Micros.text(outcome.latency.p50),
        Unit::Micros.text(outcome.latency.p99),
        Unit::Micros.text(outcome.latency.p999),
        Unit::Bytes.text(figure(measure, "bytes_per_event")),
        Unit::Seconds.text(figure(measure, "settled_seconds")),
    );
}

fn figure(measure: &Measure, name: &str) -> f64 {
    measure.figures.get(name).copied().unwrap_or_default()
}

fn parts(measure: &Measure) -> Vec<Part> {
    let all = measure.outcome.seconds;
    let end = |part: u32| all * f64::from(part) / f64::from(PARTS);
    let parts = (1..=PARTS).filter_map(|part| one(measure, end(part - 1), end(part)));
    parts.collect()
}

/// The part between two moments; none if nobody looked meanwhile.
fn one(measure: &Measure, from: f64, until: f64) -> Option<Part> {
    let looks = &measure.looks;
    let within = looks.partition_point(|look| look.seconds <= from)
        ..looks.partition_point(|look| look.seconds <= until);
    let (before, looks) = (looks[..within.start].last(), &looks[within]);
    let last = looks.last()?;
    let grown = |name| get(last, name) - before.map_or(0.0, |look| get(look, name));
    let most = |name| looks.iter().map(|look| get(look, name)).fold(0.0, f64::max);
    let appended = grown("appended_bytes_total");
    let written = appended + grown("sealed_bytes_total") + grown("merged_bytes_total");
    let events = events_at(measure, until) - events_at(measure, from);
    Some(Part {
        until,
        events_per_second: events / (until - from),
        written: written / appended,
        on_disk: get(last, "space_amplification"),
        unsealed: most("unsealed_pieces"),
        to_merge: most("merge_debt_segments"),
        slowed: grown("slowed_seconds_total"),
        memory: most("memory_bytes"),
    })
}

fn get(look: &Look, name: &str) -> f64 {
    look.figures.get(name).copied().unwrap_or_default()
}

/// Events that were appended by then: between two points of the progress, in proportion.
fn events_at(measure: &Measure, seconds: f64) -> f64 {
    let progress = &measure.outcome.progress;
    let after = progress.partition_point(|(at, _)| *at <= seconds);
    let (from, from_events) = match after.checked_sub(1) {
        Some(before) => progress[before],
        None => (0.0, 0),
    };
    let (to, to_events) = match progress.get(after) {
        Some(point) => *point,
        None => (measure.outcome.seconds, measure.outcome.events),
    };
    let share = ((seconds - from) / (to - from).max(1e-9)).clamp(0.0, 1.0);
    from_events as f64 + share * to_events.saturating_sub(from_events) as f64
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use headwater_load::Outcome;

    use super::*;
    use crate::results::Contender;

    fn look(seconds: f64, appended: f64, sealed: f64, unsealed: f64) -> Look {
        let figures = [
            ("appended_bytes_total", appended),
            ("sealed_bytes_total", sealed),
            ("unsealed_pieces", unsealed),
        ];
        Look {
            seconds,
            figures: BTreeMap::from(figures.map(|(name, figure)| (name.to_owned(), figure))),
        }
    }

    #[test]
    fn a_part_has_what_came_and_the_most_that_was_seen_in_it() {
        let measure = Measure {
            case: "steady".to_owned(),
            contender: Contender::Headwater,
            round: 1,
            outcome: Outcome {
                seconds: 40.0,
                events: 400,
                progress: vec![(10.0, 100), (20.0, 300)],
                ..Outcome::default()
            },
            server_cpu: 0.0,
            load_cpu: 0.0,
            figures: BTreeMap::new(),
            looks: vec![
                look(9.0, 100.0, 0.0, 1.0),
                look(15.0, 200.0, 20.0, 3.0),
                look(19.0, 300.0, 50.0, 2.0),
            ],
        };
        let first = one(&measure, 0.0, 10.0).unwrap();
        assert_eq!((first.events_per_second, first.written), (10.0, 1.0));
        let second = one(&measure, 10.0, 20.0).unwrap();
        assert_eq!((second.events_per_second, second.written), (20.0, 1.25));
        assert_eq!(second.unsealed, 3.0);
        assert!(one(&measure, 20.0, 40.0).is_none(), "nobody looked");
        assert_eq!(events_at(&measure, 30.0), 350.0);
        assert_eq!(events_at(&measure, 41.0), 400.0);
    }
}
