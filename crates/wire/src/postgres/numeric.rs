//! `numeric` in binary (`numeric_send` of PostgreSQL):
//!
//! ```text
//! digits u16 | weight i16 | sign u16 | scale u16 | digits of base 10000, u16 each
//! ```
//!
//! The first digit counts 10000^weight; trailing zeros are left out, and the scale says how many
//! decimal digits are shown after the point.

use bytes::BufMut;

use crate::postgres::failure::Failure;

const NEGATIVE: u16 = 0x4000;
const SCALE_MAX: u16 = 0x3fff;
/// Decimal digits before the point, and after it, of a number that Headwater's SQL knows.
const DIGITS_MAX: usize = 1000;
/// Decimal digits in one digit of base 10000.
const GROUP: usize = 4;

/// Writes a number that is given as PostgreSQL prints it: a sign, digits, a point, digits.
pub(crate) fn write(out: &mut impl BufMut, text: &str) -> Result<(), Failure> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let whole = whole.trim_start_matches('0');
    let is_plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_plain(whole) || !is_plain(fraction) {
        return Err(Failure::new(
            "XX000",
            format!("the number {text} has no binary form"),
        ));
    }
    let lead = whole.len().div_ceil(GROUP) * GROUP - whole.len();
    let tail = fraction.len().div_ceil(GROUP) * GROUP - fraction.len();
    let decimal: Vec<u8> = std::iter::repeat_n(b'0', lead)
        .chain(whole.bytes())
        .chain(fraction.bytes())
        .chain(std::iter::repeat_n(b'0', tail))
        .collect();
    let mut digits: Vec<u16> = decimal.chunks(GROUP).map(group).collect();
    let mut weight = whole.len().div_ceil(GROUP) as i64 - 1; // a text in memory is short enough
    while digits.last() == Some(&0) {
        digits.pop();
    }
    let zeros = digits.iter().take_while(|digit| **digit == 0).count();
    digits.drain(..zeros);
    weight -= zeros as i64;
    if digits.is_empty() {
        weight = 0;
    }
    let sign = if text.starts_with('-') && !digits.is_empty() {
        NEGATIVE
    } else {
        0
    };
    let too_long = || Failure::new("22003", "value overflows numeric format");
    let count = u16::try_from(digits.len()).map_err(|_| too_long())?;
    let weight = i16::try_from(weight).map_err(|_| too_long())?;
    let scale = u16::try_from(fraction.len()).map_err(|_| too_long())?;
    out.put_slice(&count.to_be_bytes());
    out.put_slice(&weight.to_be_bytes());
    out.put_slice(&sign.to_be_bytes());
    out.put_slice(&scale.to_be_bytes());
    for digit in digits {
        out.put_slice(&digit.to_be_bytes());
    }
    Ok(())
}

fn group(decimal: &[u8]) -> u16 {
    decimal
        .iter()
        .fold(0, |value, byte| value * 10 + u16::from(byte - b'0'))
}

/// Reads a number, as PostgreSQL prints it.
pub(crate) fn read(bytes: &[u8]) -> Result<String, Failure> {
    let wrong = || Failure::new("22P03", "invalid binary format of type numeric");
    let mut words = bytes
        .chunks_exact(2)
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    let mut header = || words.next().ok_or_else(wrong);
    let (count, weight, sign, scale) = (header()?, header()?, header()?, header()?);
    let weight = i32::from(weight.cast_signed());
    let digits: Vec<u16> = words.collect();
    if bytes.len() != 8 + 2 * usize::from(count) || digits.iter().any(|digit| *digit > 9999) {
        return Err(wrong());
    }
    if !matches!(sign, 0 | NEGATIVE) || scale > SCALE_MAX {
        return Err(Failure::unsupported("a numeric that is NaN or infinite"));
    }
    let is_zero = digits.iter().all(|digit| *digit == 0);
    let weight = if is_zero { 0 } else { weight };
    let is_too_large = usize::try_from(weight).is_ok_and(|weight| weight > DIGITS_MAX / GROUP);
    if is_too_large || usize::from(scale) > DIGITS_MAX {
        return Err(
            Failure::new("22003", "value overflows numeric format").detail(format!(
                "Expected at most {DIGITS_MAX} digits before the point and after it."
            )),
        );
    }
    let digit = |place: i32| {
        let index = usize::try_from(weight - place).ok();
        index
            .and_then(|index| digits.get(index))
            .copied()
            .unwrap_or(0)
    };
    let mut text = String::new();
    if sign == NEGATIVE && !is_zero {
        text.push('-');
    }
    let whole: String = (0..=weight.max(0))
        .rev()
        .map(|place| format!("{:04}", digit(place)))
        .collect();
    let whole = whole.trim_start_matches('0');
    text.push_str(if whole.is_empty() { "0" } else { whole });
    let scale = usize::from(scale);
    if scale > 0 {
        let groups = i32::try_from(scale.div_ceil(GROUP)).map_err(|_| wrong())?;
        let fraction: String = (1..=groups)
            .map(|place| format!("{:04}", digit(-place)))
            .collect();
        text.push('.');
        text.push_str(&fraction[..scale]);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_survive() {
        for text in [
            "0",
            "0.00",
            "1",
            "-1",
            "10000",
            "9999",
            "10001",
            "123456789012345678901234567890.12345",
            "0.0001",
            "0.00001",
            "-0.5",
            "1.50",
            "100000000",
            "0.000000000012",
        ] {
            let mut bytes = Vec::new();
            write(&mut bytes, text).unwrap();
            assert_eq!(read(&bytes).unwrap(), text);
        }
    }

    #[test]
    fn the_bytes_are_those_of_postgresql() {
        let mut bytes = Vec::new();
        write(&mut bytes, "-12345.678").unwrap();
        assert_eq!(
            bytes,
            [0, 3, 0, 1, 0x40, 0, 0, 3, 0, 1, 0x09, 0x29, 0x1a, 0x7c]
        );
    }

    #[test]
    fn what_is_not_a_number_is_refused() {
        for bytes in [
            &[][..],
            &[0; 7],
            &[0, 1, 0, 0, 0, 0, 0, 0],
            &[0, 1, 0, 0, 0, 0, 0, 0, 0xff, 0xff],
        ] {
            assert_eq!(read(bytes).unwrap_err().sqlstate(), "22P03");
        }
        let huge = [0, 1, 0x7f, 0xff, 0, 0, 0, 0, 0, 1];
        assert_eq!(read(&huge).unwrap_err().sqlstate(), "22003");
        assert_eq!(read(&[0, 0, 0x7f, 0xff, 0, 0, 0, 1]).unwrap(), "0.0");
        assert_eq!(
            read(&[0, 0, 0, 0, 0xc0, 0, 0, 0]).unwrap_err().sqlstate(),
            "0A000"
        );
    }
}
