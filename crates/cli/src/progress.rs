//! Progress of long work: a bar on a terminal, and one line at the end everywhere.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::output::{counted, grouped};

/// One piece of long work, counted in units of one noun.
pub(crate) struct Progress {
    bar: ProgressBar,
    noun: &'static str,
    started: Instant,
}

impl Progress {
    /// Begins. `what` is a word or two at the left of the bar; without a `length` a count is shown
    /// instead of a bar.
    pub(crate) fn start(what: &str, noun: &'static str, length: Option<u64>) -> Progress {
        let bar = match length {
            Some(length) => ProgressBar::new(length),
            None => ProgressBar::no_length(),
        };
        bar.set_style(style(noun, length.is_some()));
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        Progress {
            bar,
            noun,
            started: Instant::now(),
        }
    }

    /// So many are done, of so many.
    pub(crate) fn set(&self, done: u64, length: u64) {
        self.bar.set_length(length);
        self.bar.set_position(done);
    }

    /// So many are done.
    pub(crate) fn set_done(&self, done: u64) {
        self.bar.set_position(done);
    }

    /// So many more are done.
    pub(crate) fn add(&self, more: u64) {
        self.bar.inc(more);
    }

    /// Ends, and says on stderr how much was done and how fast.
    pub(crate) fn finish(self, what: &str, count: u64) -> Duration {
        let took = self.started.elapsed();
        self.bar.finish_and_clear();
        eprintln!("{what} {}", pace(count, self.noun, took));
        took
    }

    /// Ends as [`finish`](Progress::finish) does, and counts in another noun than the bar did.
    pub(crate) fn finish_counting(mut self, what: &str, count: u64, noun: &'static str) {
        self.noun = noun;
        self.finish(what, count);
    }

    /// Ends without a word.
    pub(crate) fn clear(self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if !self.bar.is_finished() {
            self.bar.finish_and_clear();
        }
    }
}

/// `50,000 events in 1.20 s (41,667 a second)`
pub(crate) fn pace(count: u64, noun: &str, took: Duration) -> String {
    let rate = rate(count, took);
    format!(
        "{} in {} ({} a second)",
        counted(count, noun),
        seconds(took),
        grouped(rate)
    )
}

/// How many a second; 0 when there are none.
pub(crate) fn rate(count: u64, took: Duration) -> u64 {
    let rate = count as f64 / took.as_secs_f64().max(1e-6);
    rate.round() as u64
}

/// A duration for people.
pub(crate) fn seconds(took: Duration) -> String {
    match took.as_secs_f64() {
        long if long >= 100.0 => format!("{long:.0} s"),
        middle if middle >= 1.0 => format!("{middle:.1} s"),
        short => format!("{:.0} ms", short * 1000.0),
    }
}

fn style(noun: &str, bar: bool) -> ProgressStyle {
    let template = if bar {
        format!("{{msg:14}} {{bar:36}} {{human_pos:>9}} of {{human_len}} {noun}s, {{per_sec}}")
    } else {
        format!("{{msg:14}} {{human_pos:>9}} {noun}s, {{per_sec}}")
    };
    ProgressStyle::with_template(&template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸ ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pace_says_how_many_and_how_fast() {
        assert_eq!(
            pace(50_000, "event", Duration::from_millis(1250)),
            "50,000 events in 1.2 s (40,000 a second)"
        );
        assert_eq!(
            pace(1, "event", Duration::from_millis(500)),
            "1 event in 500 ms (2 a second)"
        );
    }
}
