//! Figures as people read them.

use crate::results::Spread;

/// How a figure is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unit {
    /// So many in a second.
    PerSecond,
    /// Microseconds.
    Micros,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// Many bytes.
    Mebibytes,
    /// Times something.
    Times,
}

impl Unit {
    /// A figure in three digits or so.
    pub(crate) fn text(self, figure: f64) -> String {
        match self {
            Unit::PerSecond => grouped(figure),
            Unit::Micros => duration(figure),
            Unit::Seconds => duration(figure * 1e6),
            Unit::Bytes => format!("{figure:.0} B"),
            Unit::Mebibytes => format!("{:.0} MiB", figure / f64::from(1 << 20)),
            Unit::Times => times(figure),
        }
    }

    /// Whether more is better.
    pub(crate) fn more_is_better(self) -> bool {
        matches!(self, Unit::PerSecond | Unit::Times)
    }
}

/// A ratio with how far its rounds lie apart: `3.2 (2.9 to 3.4)`.
pub(crate) fn ratio(spread: Option<Spread>) -> String {
    let Some(Spread { median, min, max }) = spread else {
        return "-".to_owned();
    };
    match min == max {
        true => times(median),
        false => format!("{} ({} to {})", times(median), times(min), times(max)),
    }
}

fn times(ratio: f64) -> String {
    match ratio {
        ratio if ratio < 10.0 => format!("{ratio:.2}"),
        ratio if ratio < 100.0 => format!("{ratio:.1}"),
        ratio => format!("{ratio:.0}"),
    }
}

fn duration(micros: f64) -> String {
    match micros {
        0.0 => "0".to_owned(),
        micros if micros < 100.0 => format!("{micros:.1} µs"),
        micros if micros < 1e3 => format!("{micros:.0} µs"),
        micros if micros < 1e4 => format!("{:.2} ms", micros / 1e3),
        micros if micros < 1e5 => format!("{:.1} ms", micros / 1e3),
        micros if micros < 1e6 => format!("{:.0} ms", micros / 1e3),
        micros => format!("{:.2} s", micros / 1e6),
    }
}

/// A number in three digits at least and groups of three: `12,300`.
pub(crate) fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        assert_eq!(Unit::PerSecond.text(1_234_567.8), "1,234,568");
        assert_eq!(Unit::Micros.text(12.34), "12.3 µs");
        assert_eq!(Unit::Micros.text(1_234.0), "1.23 ms");
        assert_eq!(Unit::Seconds.text(0.012), "12.0 ms");
        assert_eq!(Unit::Seconds.text(0.0), "0");
        assert_eq!(Unit::Bytes.text(123.4), "123 B");
        assert_eq!(Unit::Times.text(12.34), "12.3");
        assert_eq!(ratio(None), "-");
        assert_eq!(ratio(Spread::of([1.0, 2.0, 4.0])), "2.00 (1.00 to 4.00)");
        assert_eq!(ratio(Spread::of([2.0])), "2.00");
    }
}
