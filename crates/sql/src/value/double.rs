//! `double precision` as text: the shortest digits that read back the same number, laid out as
//! PostgreSQL lays them out.
//!
//! NaN is not in the language, because SQLite cannot keep it: reading it is refused, and no
//! arithmetic yields it.

use crate::SqlError;

/// PostgreSQL's text form: fixed notation for exponents -4 to 14, `1e+15` beyond.
pub(crate) fn to_text(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let (digits, exponent) = shortest(value.abs());
    let body = match exponent {
        -4..=-1 => format!("0.{}{digits}", "0".repeat((-exponent - 1) as usize)),
        0..=14 => fixed(&digits, exponent as usize),
        _ => scientific(&digits, exponent),
    };
    format!("{sign}{body}")
}

/// Reads PostgreSQL's text form.
///
/// # Errors
/// 22P02 what is no number, 22003 what a double cannot hold, 0A000 NaN and hexadecimal.
pub(crate) fn from_text(text: &str) -> Result<f64, SqlError> {
    let trimmed = text.trim_matches(|c: char| c.is_ascii_whitespace());
    let unsigned = trimmed
        .strip_prefix(['+', '-'])
        .unwrap_or(trimmed)
        .to_ascii_lowercase();
    if unsigned == "nan" || unsigned.starts_with("0x") {
        return Err(SqlError::unsupported(format_args!(
            "double precision \"{text}\""
        )));
    }
    let value: f64 = trimmed.parse().map_err(|_| {
        SqlError::new(
            "22P02",
            format!("invalid input syntax for type double precision: \"{text}\""),
        )
    })?;
    let mantissa = unsigned.split('e').next().unwrap_or_default();
    let vanished = value == 0.0 && mantissa.bytes().any(|b| (b'1'..=b'9').contains(&b));
    let overflowed = value.is_infinite() && !unsigned.starts_with("inf");
    if vanished || overflowed {
        let message = format!("\"{trimmed}\" is out of range for type double precision");
        return Err(SqlError::new("22003", message));
    }
    Ok(value)
}

fn fixed(digits: &str, exponent: usize) -> String {
    if digits.len() <= exponent + 1 {
        return format!("{digits:0<width$}", width = exponent + 1);
    }
    let (whole, fraction) = digits.split_at(exponent + 1);
    format!("{whole}.{fraction}")
}

fn scientific(digits: &str, exponent: i32) -> String {
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{first}{point}{rest}e{sign}{:02}", exponent.unsigned_abs())
}

/// Digits (without trailing zeros) and decimal exponent of the first of them.
///
/// The fewest digits that read back, correctly rounded (ties to even) where that reads back too:
/// next to a power of two it may not. PostgreSQL does not take a decimal that lies exactly halfway
/// to the next double, even where reading it back would round to this one; then it shows one more
/// digit.
fn shortest(value: f64) -> (String, i32) {
    let fewest = split(&format!("{value:e}"));
    let rounded = |precision: usize| split(&format!("{value:.precision$e}"));
    let length = fewest.0.len();
    let candidates = [rounded(length - 1), fewest.clone()]
        .into_iter()
        .chain((length..17).map(rounded));
    let mut readable = candidates.filter(|(digits, exponent)| {
        let last = exponent - digits.len() as i32 + 1;
        format!("{digits}e{last}").parse() == Ok(value) && !is_halfway(value, digits, *exponent)
    });
    readable.next().unwrap_or(fewest)
}

fn split(scientific: &str) -> (String, i32) {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let digits = mantissa.replace('.', "");
    let kept = digits.trim_end_matches('0');
    let kept = if kept.is_empty() { "0" } else { kept };
    (kept.to_owned(), exponent.parse().unwrap_or(0))
}

/// Whether the decimal is the midpoint between `value` and a neighbour: then the least step to
/// one side of it reads as another number.
fn is_halfway(value: f64, digits: &str, exponent: i32) -> bool {
    if value == 0.0 {
        return false;
    }
    let last = exponent - digits.len() as i32 + 1;
    let (head, tail) = digits.split_at(digits.len() - 1);
    // The last of the shortest digits is never zero, so it can be lowered by one.
    let lowered = (tail.as_bytes()[0] - 1) as char;
    let above = format!("{digits}{}1e{}", "0".repeat(59), last - 60);
    let below = format!("{head}{lowered}{}e{}", "9".repeat(60), last - 60);
    above.parse() != Ok(value) || below.parse() != Ok(value)
}
