//! `bytea` and `uuid` as text.

use std::fmt::Write as _;

use uuid::Uuid;

use crate::SqlError;

/// `\x` and two hexadecimal digits for each byte.
pub(crate) fn bytea_to_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 + 2 * bytes.len());
    text.push_str("\\x");
    push_hex(&mut text, bytes);
    text
}

/// Appends two hexadecimal digits for each byte.
pub(crate) fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
}

/// Reads `\x...` or the escape form (`a\\b\001`).
pub(crate) fn bytea_from_text(text: &str) -> Result<Vec<u8>, SqlError> {
    match text.strip_prefix("\\x") {
        Some(hex) => bytes_from_hex(hex),
        None => bytes_from_escapes(text),
    }
}

/// Reads pairs of hexadecimal digits, with blanks between pairs.
pub(crate) fn bytes_from_hex(hex: &str) -> Result<Vec<u8>, SqlError> {
    let digit = |c: char| {
        c.to_digit(16)
            .ok_or_else(|| SqlError::new("22023", format!("invalid hexadecimal digit: \"{c}\"")))
    };
    let mut characters = hex.chars();
    let mut bytes = Vec::with_capacity(hex.len() / 2);
    while let Some(first) = characters.next() {
        if matches!(first, ' ' | '\n' | '\t' | '\r') {
            continue;
        }
        let high = digit(first)?;
        let second = characters.next().ok_or_else(|| {
            SqlError::new("22023", "invalid hexadecimal data: odd number of digits")
        })?;
        bytes.push((high * 16 + digit(second)?) as u8);
    }
    Ok(bytes)
}

fn bytes_from_escapes(text: &str) -> Result<Vec<u8>, SqlError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first != b'\\' {
            bytes.push(*first);
            rest = after;
            continue;
        }
        rest = match after {
            [b'\\', after @ ..] => {
                bytes.push(b'\\');
                after
            }
            [
                a @ b'0'..=b'3',
                b @ b'0'..=b'7',
                c @ b'0'..=b'7',
                after @ ..,
            ] => {
                bytes.push((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'));
                after
            }
            _ => {
                return Err(SqlError::new(
                    "22P02",
                    "invalid input syntax for type bytea",
                ));
            }
        };
    }
    Ok(bytes)
}

/// Reads 32 hexadecimal digits; a hyphen may follow every fourth, braces may stand around.
pub(crate) fn uuid_from_text(text: &str) -> Result<Uuid, SqlError> {
    parse_uuid(text).ok_or_else(|| {
        SqlError::new(
            "22P02",
            format!("invalid input syntax for type uuid: \"{text}\""),
        )
    })
}

fn parse_uuid(text: &str) -> Option<Uuid> {
    let inner = match text.strip_prefix('{') {
        Some(rest) => rest.strip_suffix('}')?,
        None => text,
    };
    let mut value: u128 = 0;
    let mut digits = 0;
    let mut after_hyphen = true;
    for character in inner.chars() {
        if character == '-' && !after_hyphen && digits % 4 == 0 && digits < 32 {
            after_hyphen = true;
            continue;
        }
        value = (value << 4) | u128::from(character.to_digit(16)?);
        digits += 1;
        after_hyphen = false;
        if digits > 32 {
            return None;
        }
    }
    (digits == 32).then(|| Uuid::from_u128(value))
}
