//! A chart of lines: how fast a log takes events, by how many it holds.

use std::fmt::Write as _;

use crate::report::bars::{begin, colour};
use crate::report::text::grouped;
use crate::results::{Contender, Run};

const WIDTH: usize = 960;
const HEIGHT: usize = 420;
const LEFT: f64 = 90.0;
const RIGHT: f64 = 930.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 360.0;
/// Points of a line: each is the rate of a part of the log.
const POINTS: usize = 100;

/// Rates of the parts of a log: events at the end of a part, events in a second within it.
pub(crate) fn rates(progress: &[(f64, u64)], parts: usize) -> Vec<(u64, f64)> {
    let Some((_, all)) = progress.last() else {
        return Vec::new();
    };
    let step = (*all / parts as u64).max(1);
    let mut rates = Vec::new();
    let (mut from_seconds, mut from_events) = (0.0, 0);
    for (seconds, events) in progress {
        if *events >= from_events + step && *seconds > from_seconds {
            let rate = (*events - from_events) as f64 / (seconds - from_seconds);
            rates.push((*events, rate));
            (from_seconds, from_events) = (*seconds, *events);
        }
    }
    rates
}

/// How fast the last so many events were taken, of how fast the first so many were.
pub(crate) fn last_of_first(progress: &[(f64, u64)], events: u64) -> Option<f64> {
    let all = progress.last()?.1;
    let first = progress.iter().find(|(_, at)| *at >= events)?;
    let from = progress
        .iter()
        .rev()
        .find(|(_, at)| *at <= all.saturating_sub(events))?;
    let last = progress.last()?;
    let first_rate = first.1 as f64 / first.0;
    let last_rate = (last.1 - from.1) as f64 / (last.0 - from.0);
    Some(last_rate / first_rate)
}

/// The next number whose quarters are short.
fn round_up(number: f64) -> f64 {
    let unit = 10_f64.powf(number.log10().floor());
    let steps = [1.0, 1.2, 1.6, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0];
    let step = steps.iter().find(|step| **step * unit >= number);
    step.unwrap_or(&10.0) * unit
}

/// The picture; none without a line.
pub(crate) fn chart(run: &Run) -> Option<String> {
    let lines: Vec<(Contender, Vec<(u64, f64)>)> = run
        .measures
        .iter()
        .map(|of| (of.contender, rates(&of.outcome.progress, POINTS)))
        .filter(|(_, points)| points.len() > 1)
        .collect();
    let points = || lines.iter().flat_map(|(_, points)| points);
    let most_events = round_up(points().map(|(events, _)| *events).max()? as f64);
    let most_rate = round_up(points().map(|(_, rate)| *rate).fold(1.0, f64::max));
    let x = |events: f64| LEFT + events / most_events * (RIGHT - LEFT);
    let y = |rate: f64| BOTTOM - rate / most_rate * (BOTTOM - TOP);
    let mut out = begin(WIDTH, HEIGHT, "Events in a second, by events in the log");
    let _ = writeln!(
        out,
        "<text x=\"{LEFT}\" y=\"22\" font-weight=\"bold\">Events appended in a second, by \
         events in the log</text>"
    );
    for part in 0..=4 {
        let share = f64::from(part) / 4.0;
        let (at_x, at_y) = (x(share * most_events), y(share * most_rate));
        let _ = writeln!(
            out,
            "<line x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{at_y:.1}\" y2=\"{at_y:.1}\" stroke=\"#e5e7eb\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
             <text x=\"{at_x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            LEFT - 8.0,
            at_y + 4.0,
            grouped(share * most_rate),
            BOTTOM + 20.0,
            grouped(share * most_events),
        );
    }
    for (at, (contender, points)) in lines.iter().enumerate() {
        let path: Vec<String> = points
            .iter()
            .map(|(events, rate)| format!("{:.1},{:.1}", x(*events as f64), y(*rate)))
            .collect();
        let _ = writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{2}\" stroke-width=\"2\"/>\
             <text x=\"{1}\" y=\"{3}\" fill=\"{2}\" font-weight=\"bold\">{4}</text>",
            path.join(" "),
            LEFT + 140.0 * at as f64,
            colour(*contender),
            BOTTOM + 46.0,
            contender.name(),
        );
    }
    out.push_str("</svg>\n");
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_of_the_parts() {
        let progress = [(1.0, 100), (2.0, 200), (3.0, 250), (4.0, 300)];
        assert_eq!(
            rates(&progress, 3),
            [(100, 100.0), (200, 100.0), (300, 50.0)]
        );
        assert_eq!(last_of_first(&progress, 100), Some(0.5));
        assert_eq!(last_of_first(&[], 100), None);
    }

    #[test]
    fn scales_end_at_short_numbers() {
        assert_eq!(round_up(987_000.0), 1_000_000.0);
        assert_eq!(round_up(216_908.0), 300_000.0);
        assert_eq!(round_up(100.0), 100.0);
    }
}
