//! Exact decimal numbers: PostgreSQL's `numeric`, as far as 38 digits reach.
//!
//! A [`Decimal`] is `digits x 10^-scale`. The scale is part of the value, as in PostgreSQL:
//! `1.0` and `1.00` are equal and print differently. Every operation gives the digits and the
//! scale PostgreSQL gives, or refuses (0A000) when 38 digits do not hold the answer; nothing is
//! ever rounded silently to fit.
//!
//! It is not a stored type: tables hold no `numeric`. It is what literals with a point, `avg`,
//! `sum` of `bigint`, `extract` and `round` answer with.

use std::cmp::Ordering;
use std::fmt;

use crate::SqlError;

/// Digits a value may have; one more and it is refused.
const DIGITS_MAX: u32 = 38;
/// Digits of a number that is only kept and compared.
const NUMBER_DIGITS_MAX: usize = 1000;
/// Digits after the point a value may have; PostgreSQL's own limit of a display scale.
const SCALE_MAX: u32 = 1000;
/// Significant digits PostgreSQL aims at in a quotient.
const QUOTIENT_DIGITS_MIN: i64 = 16;
/// PostgreSQL stores decimals in groups of four digits, and the scale of a quotient shows it.
const GROUP: i64 = 4;

/// An exact decimal number of at most 38 digits, with its display scale.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decimal {
    digits: i128,
    scale: u32,
}

impl Decimal {
    pub(crate) const ZERO: Decimal = Decimal {
        digits: 0,
        scale: 0,
    };

    /// A decimal from its digits and the number of them behind the point.
    pub(crate) fn new(digits: i128, scale: u32) -> Result<Decimal, SqlError> {
        if digits.unsigned_abs() >= 10u128.pow(DIGITS_MAX) || scale > SCALE_MAX {
            return Err(too_long());
        }
        Ok(Decimal { digits, scale })
    }

    /// Reads PostgreSQL's text form: blanks around, sign, digits with a point, exponent.
    pub(crate) fn parse(text: &str) -> Result<Decimal, SqlError> {
        let parts = Parts::read(text.trim_matches(|c: char| c.is_ascii_whitespace()))
            .ok_or_else(|| invalid(text))?;
        let (digits, scale) = parts.shifted(SCALE_MAX as usize).ok_or_else(too_long)?;
        let trimmed = digits.trim_start_matches('0');
        if trimmed.len() > DIGITS_MAX as usize {
            return Err(too_long());
        }
        let magnitude: i128 = if trimmed.is_empty() {
            0
        } else {
            trimmed.parse().map_err(|_| too_long())?
        };
        Decimal::new(
            if parts.negative {
                -magnitude
            } else {
                magnitude
            },
            scale as u32,
        )
    }

    /// As a cast from `double precision` does it: 15 significant digits.
    pub(crate) fn from_double(value: f64) -> Result<Decimal, SqlError> {
        if !value.is_finite() {
            return Err(SqlError::unsupported("numeric \"Infinity\""));
        }
        let text = format!("{value:.14e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
        Decimal::parse(&format!("{mantissa}e{exponent}"))
    }

    /// The nearest double.
    pub(crate) fn to_double(self) -> f64 {
        // The text form of a decimal is always a valid float literal.
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// The nearest integer, halves away from zero.
    pub(crate) fn to_integer(self) -> i128 {
        self.round(0).map_or(0, |rounded| rounded.digits)
    }

    pub(crate) fn is_zero(self) -> bool {
        self.digits == 0
    }

    pub(crate) fn sign(self) -> i128 {
        self.digits.signum()
    }

    pub(crate) fn negated(self) -> Decimal {
        Decimal {
            digits: -self.digits,
            scale: self.scale,
        }
    }

    pub(crate) fn abs(self) -> Decimal {
        Decimal {
            digits: self.digits.abs(),
            scale: self.scale,
        }
    }

    pub(crate) fn add(self, other: Decimal) -> Result<Decimal, SqlError> {
        let (left, right, scale) = self.aligned(other)?;
        Decimal::new(left + right, scale)
    }

    pub(crate) fn multiply(self, other: Decimal) -> Result<Decimal, SqlError> {
        let digits = self.digits.checked_mul(other.digits).ok_or_else(too_long)?;
        Decimal::new(digits, self.scale + other.scale)
    }

    /// The quotient with as many digits as PostgreSQL shows (`select_div_scale`), the last one
    /// rounded half away from zero.
    pub(crate) fn divide(self, other: Decimal) -> Result<Decimal, SqlError> {
        if other.is_zero() {
            return Err(SqlError::new("22012", "division by zero"));
        }
        let scale = self.quotient_scale(other);
        let shift = i64::from(scale) + i64::from(other.scale) - i64::from(self.scale);
        let divisor = other.digits.unsigned_abs();
        let mut quotient = self.digits.unsigned_abs() / divisor;
        let mut rest = self.digits.unsigned_abs() % divisor;
        // The scale is at least both scales, so digits are only ever appended.
        for _ in 0..shift {
            rest *= 10;
            quotient = quotient
                .checked_mul(10)
                .and_then(|q| q.checked_add(rest / divisor))
                .filter(|q| *q < 10u128.pow(DIGITS_MAX))
                .ok_or_else(too_long)?;
            rest %= divisor;
        }
        if rest >= divisor - rest {
            quotient += 1;
        }
        // Below 10^38, so it fits.
        let magnitude = quotient as i128;
        Decimal::new(
            magnitude * self.digits.signum() * other.digits.signum(),
            scale,
        )
    }

    /// What is left of a division that stops at the point; it has the sign of the dividend.
    pub(crate) fn remainder(self, other: Decimal) -> Result<Decimal, SqlError> {
        if other.is_zero() {
            return Err(SqlError::new("22012", "division by zero"));
        }
        let (left, right, scale) = self.aligned(other)?;
        Decimal::new(left % right, scale)
    }

    /// Rounds to `places` behind the point (before it when negative), halves away from zero.
    pub(crate) fn round(self, places: i64) -> Result<Decimal, SqlError> {
        self.cut(places, |digits, unit| {
            let (whole, rest) = (digits / unit, (digits % unit).abs());
            whole
                + if rest >= unit - rest {
                    digits.signum()
                } else {
                    0
                }
        })
    }

    /// Cuts to `places` behind the point, towards zero.
    pub(crate) fn truncate(self, places: i64) -> Result<Decimal, SqlError> {
        self.cut(places, |digits, unit| digits / unit)
    }

    pub(crate) fn ceiling(self) -> Result<Decimal, SqlError> {
        self.cut(0, |digits, unit| -(-digits).div_euclid(unit))
    }

    pub(crate) fn floor(self) -> Result<Decimal, SqlError> {
        self.cut(0, |digits, unit| digits.div_euclid(unit))
    }

    /// Brings the number to `places`, with `whole(digits, unit)` deciding what digits go.
    fn cut(self, places: i64, whole: fn(i128, i128) -> i128) -> Result<Decimal, SqlError> {
        let places = places.clamp(-2000, 2000);
        let kept = places.max(0) as u32;
        let gone = i64::from(self.scale) - places;
        if gone <= 0 {
            return Decimal::new(scaled(self.digits, gone.unsigned_abs() as u32)?, kept);
        }
        if gone > i64::from(DIGITS_MAX) {
            // All digits are behind the cut: what stays depends on the sign alone.
            let unit = 10i128.pow(DIGITS_MAX);
            return scaled(whole(self.digits.signum(), unit), (-places).max(0) as u32)
                .and_then(|digits| Decimal::new(digits, kept));
        }
        let digits = whole(self.digits, 10i128.pow(gone as u32));
        Decimal::new(scaled(digits, (-places).max(0) as u32)?, kept)
    }

    /// Both digit strings at the larger of the two scales.
    fn aligned(self, other: Decimal) -> Result<(i128, i128, u32), SqlError> {
        let scale = self.scale.max(other.scale);
        Ok((
            scaled(self.digits, scale - self.scale)?,
            scaled(other.digits, scale - other.scale)?,
            scale,
        ))
    }

    fn quotient_scale(self, divisor: Decimal) -> u32 {
        let (weight, first) = self.leading_group();
        let (divisor_weight, divisor_first) = divisor.leading_group();
        let quotient_weight = weight - divisor_weight - i64::from(first <= divisor_first);
        let wanted = QUOTIENT_DIGITS_MIN - quotient_weight * GROUP;
        wanted
            .max(i64::from(self.scale))
            .max(i64::from(divisor.scale))
            .clamp(0, i64::from(SCALE_MAX)) as u32
    }

    /// Weight and value of the first group of four digits that is not zero.
    fn leading_group(self) -> (i64, u128) {
        if self.digits == 0 {
            return (0, 0);
        }
        let magnitude = self.digits.unsigned_abs();
        let length = i64::from(magnitude.ilog10()) + 1;
        let exponent = length - 1 - i64::from(self.scale);
        let weight = exponent.div_euclid(GROUP);
        let taken = exponent - weight * GROUP + 1;
        let first = if taken <= length {
            magnitude / 10u128.pow((length - taken) as u32)
        } else {
            magnitude * 10u128.pow((taken - length) as u32)
        };
        (weight, first)
    }
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Decimal {
        Decimal {
            digits: value.into(),
            scale: 0,
        }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Decimal) -> Ordering {
        match self.aligned(*other) {
            Ok((left, right, _)) => left.cmp(&right),
            // The scales are too far apart for one of 38 digits.
            Err(_) => compare_numbers(&self.to_string(), &other.to_string()),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Decimal) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Decimal) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Decimal {}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits.unsigned_abs().to_string();
        let sign = if self.digits < 0 { "-" } else { "" };
        write!(f, "{sign}{}", with_point(&digits, self.scale as usize))
    }
}

/// Any number PostgreSQL's `numeric` holds, in the form it prints; `None` if it is no number.
///
/// Unlike [`Decimal`] this takes numbers of any length, because `jsonb` keeps them as they are.
/// 0A000 when it would take more than [`NUMBER_DIGITS_MAX`] digits to print.
pub(crate) fn canonical_number(text: &str) -> Option<Result<String, SqlError>> {
    let parts = Parts::read(text)?;
    let Some((digits, scale)) = parts.shifted(NUMBER_DIGITS_MAX) else {
        return Some(Err(SqlError::unsupported(format_args!(
            "a number of more than {NUMBER_DIGITS_MAX} digits"
        ))));
    };
    let trimmed = digits.trim_start_matches('0');
    let sign = if parts.negative && !trimmed.is_empty() {
        "-"
    } else {
        ""
    };
    Some(Ok(format!("{sign}{}", with_point(trimmed, scale))))
}

/// Order of two canonical numbers of any length.
pub(crate) fn compare_numbers(left: &str, right: &str) -> Ordering {
    match (left.strip_prefix('-'), right.strip_prefix('-')) {
        (None, None) => compare_magnitudes(left, right),
        (Some(left), Some(right)) => compare_magnitudes(right, left),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
    }
}

fn compare_magnitudes(left: &str, right: &str) -> Ordering {
    let parts = |number: &str| {
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let whole = whole.trim_start_matches('0').to_owned();
        (
            whole.len(),
            whole,
            fraction.trim_end_matches('0').to_owned(),
        )
    };
    parts(left).cmp(&parts(right))
}

/// A number as written: sign, digits before and behind the point, exponent.
struct Parts<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    exponent: i64,
}

impl<'a> Parts<'a> {
    fn read(text: &'a str) -> Option<Parts<'a>> {
        let (negative, rest) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match rest.find(['e', 'E']) {
            Some(at) => (&rest[..at], exponent(&rest[at + 1..])?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        let some = !(whole.is_empty() && fraction.is_empty());
        (some && digits(whole) && digits(fraction)).then_some(Parts {
            negative,
            whole,
            fraction,
            exponent,
        })
    }

    /// All digits as one string and how many of them stand behind the point; `None` beyond
    /// `digits_max`.
    fn shifted(&self, digits_max: usize) -> Option<(String, usize)> {
        let mut digits = format!("{}{}", self.whole, self.fraction);
        let scale = (self.fraction.len() as i64).checked_sub(self.exponent)?;
        if scale.unsigned_abs() > digits_max as u64 || digits.len() > 2 * digits_max {
            return None;
        }
        if scale < 0 {
            digits.extend(std::iter::repeat_n('0', scale.unsigned_abs() as usize));
        }
        Some((digits, scale.max(0) as usize))
    }
}

/// Reads a `numeric` that is only kept: as [`canonical_number`], with blanks around.
pub(crate) fn numeric_from_text(text: &str) -> Result<String, SqlError> {
    let number = text.trim_matches(|c: char| c.is_ascii_whitespace());
    canonical_number(number).unwrap_or_else(|| Err(invalid(text)))
}

fn exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // An exponent beyond 64 bits is as far out of reach as the largest one.
    let magnitude: i64 = digits.parse().unwrap_or(i64::MAX / 2);
    Some(if text.starts_with('-') {
        -magnitude
    } else {
        magnitude
    })
}

/// Digits without leading zeros, with a point before the last `scale` of them.
fn with_point(digits: &str, scale: usize) -> String {
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    if scale == 0 {
        whole.to_owned()
    } else {
        format!("{whole}.{fraction}")
    }
}

fn scaled(digits: i128, by: u32) -> Result<i128, SqlError> {
    if digits == 0 {
        return Ok(0);
    }
    10i128
        .checked_pow(by)
        .and_then(|unit| digits.checked_mul(unit))
        .filter(|scaled| scaled.unsigned_abs() < 10u128.pow(DIGITS_MAX))
        .ok_or_else(too_long)
}

fn invalid(text: &str) -> SqlError {
    let word = text
        .trim()
        .trim_start_matches(['+', '-'])
        .to_ascii_lowercase();
    if ["nan", "inf", "infinity"].contains(&word.as_str()) {
        return SqlError::unsupported(format_args!("numeric \"{word}\""));
    }
    SqlError::new(
        "22P02",
        format!("invalid input syntax for type numeric: \"{text}\""),
    )
}

fn too_long() -> SqlError {
    SqlError::unsupported(format_args!("a numeric of more than {DIGITS_MAX} digits"))
}
