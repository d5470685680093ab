//! Tables of Markdown.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::report::text::{Unit, ratio};
use crate::results::{Contender, Measure, Run, Spread};

/// A figure that is told of every case.
pub(crate) struct Figure {
    /// Over the table.
    pub(crate) title: &'static str,
    /// How it is written.
    pub(crate) unit: Unit,
    /// How it is taken.
    pub(crate) of: fn(&Measure) -> Option<f64>,
}

/// Requests in a second.
pub(crate) fn requests(of: &Measure) -> Option<f64> {
    positive(of.outcome.requests as f64 / of.outcome.seconds)
}

/// Events in a second.
pub(crate) fn events(of: &Measure) -> Option<f64> {
    positive(of.outcome.events as f64 / of.outcome.seconds)
}

/// Latency of half of the requests, in microseconds.
pub(crate) fn p50(of: &Measure) -> Option<f64> {
    positive(of.outcome.latency.p50)
}

/// Latency of 99 of 100 requests.
pub(crate) fn p99(of: &Measure) -> Option<f64> {
    positive(of.outcome.latency.p99)
}

/// Latency of 999 of 1000 requests.
pub(crate) fn p999(of: &Measure) -> Option<f64> {
    positive(of.outcome.latency.p999)
}

/// Processor time of the server for a request, in microseconds.
pub(crate) fn server_per_request(of: &Measure) -> Option<f64> {
    positive(1e6 * of.server_cpu / of.outcome.requests_all as f64)
}

/// Processor time of the server for an event, in microseconds.
pub(crate) fn server_per_event(of: &Measure) -> Option<f64> {
    positive(1e6 * of.server_cpu / of.outcome.events_all as f64)
}

/// Seconds that it took.
pub(crate) fn seconds(of: &Measure) -> Option<f64> {
    positive(of.outcome.seconds)
}

/// Bytes on the disk for each event.
pub(crate) fn bytes_per_event(of: &Measure) -> Option<f64> {
    of.figures.get("bytes_per_event").copied()
}

/// What is not there, or was not counted, is no figure.
fn positive(figure: f64) -> Option<f64> {
    (figure.is_finite() && figure > 0.0).then_some(figure)
}

/// The middle of a figure over the rounds.
pub(crate) fn median(
    run: &Run,
    case: &str,
    contender: Contender,
    of: fn(&Measure) -> Option<f64>,
) -> Option<f64> {
    let rounds = run.rounds(case, contender, of);
    Spread::of(rounds.into_values()).map(|spread| spread.median)
}

/// A table: a line for each case, a column for each contender, and how many times the figure of
/// each rival the first one's is.
pub(crate) fn table(run: &Run, cases: &[&str], figure: &Figure) -> String {
    let contenders: Vec<_> = run
        .contenders()
        .into_iter()
        .filter(|one| {
            cases
                .iter()
                .any(|case| median(run, case, *one, figure.of).is_some())
        })
        .collect();
    let Some((first, rivals)) = contenders.split_first() else {
        return String::new();
    };
    let mut out = format!("| {} |", figure.title);
    for contender in &contenders {
        let _ = write!(out, " {} |", contender.name());
    }
    for rival in rivals {
        let _ = write!(out, " ÷ {} |", rival.name());
    }
    out.push_str("\n|---|");
    out.push_str(&"--:|".repeat(contenders.len() + rivals.len()));
    for case in cases {
        let _ = write!(out, "\n| {case} |");
        for contender in &contenders {
            let cell = median(run, case, *contender, figure.of);
            let cell = cell.map_or("-".to_owned(), |middle| figure.unit.text(middle));
            let _ = write!(out, " {cell} |");
        }
        let own = run.rounds(case, *first, figure.of);
        for rival in rivals {
            let theirs = run.rounds(case, *rival, figure.of);
            let _ = write!(out, " {} |", ratio(Spread::ratio(&own, &theirs)));
        }
    }
    out.push_str("\n\n");
    out
}

/// A table of what a case costs against another of the same contender, round by round.
pub(crate) fn against(
    run: &Run,
    title: &str,
    cases: &[&str],
    base: &str,
    of: fn(&Measure) -> Option<f64>,
) -> String {
    let contenders = run.contenders();
    let mut out = format!("| {title} |");
    for contender in &contenders {
        let _ = write!(out, " {} |", contender.name());
    }
    out.push_str("\n|---|");
    out.push_str(&"--:|".repeat(contenders.len()));
    for case in cases {
        let _ = write!(out, "\n| {case} |");
        for contender in &contenders {
            let these: BTreeMap<u32, f64> = run.rounds(case, *contender, of);
            let those = run.rounds(base, *contender, of);
            let _ = write!(out, " {} |", ratio(Spread::ratio(&these, &those)));
        }
    }
    out.push_str("\n\n");
    out
}
