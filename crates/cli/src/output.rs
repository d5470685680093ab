//! Results, on stdout. A reader that goes away early, as under `| head`, ends the command quietly.

use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write as _};

use crate::failure::Failure;

/// Buffered stdout. Call [`flush`](Output::flush) before waiting for something.
pub(crate) struct Output {
    stdout: BufWriter<Stdout>,
}

impl Output {
    /// The process's stdout.
    pub(crate) fn new() -> Output {
        Output {
            stdout: BufWriter::with_capacity(64 << 10, io::stdout()),
        }
    }

    /// Writes one line.
    pub(crate) fn line(&mut self, line: impl AsRef<[u8]>) -> Result<(), Failure> {
        self.stdout.write_all(line.as_ref())?;
        self.stdout.write_all(b"\n")?;
        Ok(())
    }

    /// Hands everything to the reader.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.stdout.flush()?)
    }
}

/// Writes one line to stdout now.
pub(crate) fn print(line: impl AsRef<str>) -> Result<(), Failure> {
    let mut output = Output::new();
    output.line(line.as_ref())?;
    output.flush()
}

/// Lines of a report: a label, and what it says.
pub(crate) fn labelled(width: usize, lines: &[(&str, String)]) -> String {
    let line = |(label, text): &(&str, String)| format!("{label:<width$} {text}");
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Whether text on stdout may be bold: it is a terminal, and `NO_COLOR` is not set.
pub(crate) fn is_styled() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// A number in groups of three digits: `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A noun with its count: `1 event`, `2,000 events`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_three() {
        let shown = [0, 7, 999, 1000, 12_345, 1_234_567].map(grouped);
        assert_eq!(shown, ["0", "7", "999", "1,000", "12,345", "1,234,567"]);
    }

    #[test]
    fn nouns_follow_their_count() {
        assert_eq!(counted(1, "event"), "1 event");
        assert_eq!(counted(0, "event"), "0 events");
        assert_eq!(counted(2000, "event"), "2,000 events");
    }
}
