//! Text: counted in characters, compared by bytes, cases mapped one character to one character,
//! as PostgreSQL does in the locale C.UTF-8.

use std::collections::{HashMap, HashSet};

use super::call::{Answer, Args, Scalar, bigint, boolean, int, nullable, strict, text};
use md5::{Digest, Md5};

use crate::SqlError;
use crate::catalogs::names::quoted;
use crate::value::bytes::{bytes_from_hex, push_hex};
use rusqlite::types::{Value as SqliteValue, ValueRef};

/// Bytes a function may make out of less; PostgreSQL's own bound is 1 GiB.
const TEXT_BYTES_MAX: usize = 64 << 20;
/// Characters in a line of base64 (RFC 2045).
const BASE64_LINE: usize = 76;
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(super) const FUNCTIONS: &[Scalar] = &[
    strict("hw_length", 1, |a| int(count(a.text(0)?))),
    strict("hw_octet_length", 1, |a| int(a.text(0)?.len() as i64)),
    strict("hw_bit_length", 1, |a| int(a.text(0)?.len() as i64 * 8)),
    strict("hw_lower", 1, |a| text(lower(a.text(0)?))),
    strict("hw_quote_ident", 1, |a| text(quoted(a.text(0)?))),
    strict("hw_upper", 1, |a| text(upper(a.text(0)?))),
    strict("hw_initcap", 1, |a| text(initcap(a.text(0)?)?)),
    strict("hw_md5", 1, |a| text(md5(a.text(0)?.as_bytes()))),
    strict("hw_bytea_md5", 1, |a| text(md5(a.bytes(0)?))),
    strict("hw_trim", 1, |a| text(a.text(0)?.trim_matches(' '))),
    strict("hw_trim", 2, |a| {
        text(a.text(0)?.trim_matches(one_of(a.text(1)?)))
    }),
    strict("hw_trim_start", 1, |a| {
        text(a.text(0)?.trim_start_matches(' '))
    }),
    strict("hw_trim_start", 2, |a| {
        text(a.text(0)?.trim_start_matches(one_of(a.text(1)?)))
    }),
    strict("hw_trim_end", 1, |a| text(a.text(0)?.trim_end_matches(' '))),
    strict("hw_trim_end", 2, |a| {
        text(a.text(0)?.trim_end_matches(one_of(a.text(1)?)))
    }),
    strict("hw_substring", 2, |a| {
        substring(a.text(0)?, a.integer(1)?, None)
    }),
    strict("hw_substring", 3, |a| {
        substring(a.text(0)?, a.integer(1)?, Some(a.integer(2)?))
    }),
    strict("hw_left", 2, |a| text(first(a.text(0)?, kept(a)?))),
    strict("hw_right", 2, |a| {
        // PostgreSQL negates the number, which this one does not survive.
        match a.integer(1)? == i64::from(i32::MIN) {
            true => text(a.text(0)?),
            false => text(last(a.text(0)?, kept(a)?)),
        }
    }),
    strict("hw_position", 2, |a| int(position(a.text(0)?, a.text(1)?))),
    strict("hw_replace", 3, replace),
    strict("hw_translate", 3, translate),
    strict("hw_split_part", 3, split_part),
    strict("hw_lpad", 2, |a| {
        pad(a, " ", |cut, fill| format!("{fill}{cut}"))
    }),
    strict("hw_lpad", 3, |a| {
        pad(a, a.text(2)?, |cut, fill| format!("{fill}{cut}"))
    }),
    strict("hw_rpad", 2, |a| {
        pad(a, " ", |cut, fill| format!("{cut}{fill}"))
    }),
    strict("hw_rpad", 3, |a| {
        pad(a, a.text(2)?, |cut, fill| format!("{cut}{fill}"))
    }),
    strict("hw_repeat", 2, repeat),
    strict("hw_reverse", 1, |a| {
        text(a.text(0)?.chars().rev().collect::<String>())
    }),
    strict("hw_starts_with", 2, |a| {
        boolean(a.text(0)?.starts_with(a.text(1)?))
    }),
    strict("hw_ascii", 1, |a| {
        int(a.text(0)?.chars().next().map_or(0, |c| u32::from(c).into()))
    }),
    strict("hw_chr", 1, character),
    strict("hw_int_to_hex", 1, |a| {
        text(format!("{:x}", a.integer(0)? as i32))
    }),
    strict("hw_bigint_to_hex", 1, |a| {
        text(format!("{:x}", a.integer(0)?))
    }),
    strict("hw_text_concat", 2, |a| {
        text(format!("{}{}", a.text(0)?, a.text(1)?))
    }),
    strict("hw_bytea_concat", 2, |a| {
        Ok(SqliteValue::Blob([a.bytes(0)?, a.bytes(1)?].concat()))
    }),
    strict("hw_encode", 2, encode),
    strict("hw_decode", 2, decode),
    nullable("hw_concat", -1, |a| text(joined(a, 0, "")?)),
    nullable("hw_concat_ws", -1, |a| match a.raw(0) {
        ValueRef::Null => Ok(SqliteValue::Null),
        _ => text(joined(a, 1, a.text(0)?)?),
    }),
    strict("hw_bytea_length", 1, |a| {
        bigint(Some(a.bytes(0)?.len() as i64))
    }),
];

fn count(text: &str) -> i64 {
    text.chars().count() as i64
}

/// Lower case of each character by itself, as `towlower` maps it.
pub(super) fn lower(text: &str) -> String {
    text.chars().map(lower_character).collect()
}

/// Upper case of each character by itself, as `towupper` maps it.
pub(super) fn upper(text: &str) -> String {
    text.chars().map(upper_character).collect()
}

/// Each letter in lower case, but in upper case behind what is neither letter nor digit.
fn initcap(text: &str) -> Result<String, SqlError> {
    let mut is_inside = false;
    text.chars()
        .map(|character| {
            let mapped = match is_inside {
                true => lower_character(character),
                false => upper_character(character),
            };
            is_inside = is_letter_or_digit(mapped).ok_or_else(|| {
                SqlError::unsupported(format_args!("initcap() of the character \"{character}\""))
            })?;
            Ok(mapped)
        })
        .collect()
}

/// As the C library has it; `None` for letters without case and what is not known to be none.
fn is_letter_or_digit(character: char) -> Option<bool> {
    match character {
        '\0'..='\x7f' => Some(character.is_ascii_alphanumeric()),
        _ if lower_character(character) != upper_character(character) => Some(true),
        'ß' | 'ª' | 'º' => Some(true),
        '\u{80}'..='\u{bf}' | '×' | '÷' | '\u{2000}'..='\u{2070}' | '€' => Some(false),
        _ => None,
    }
}

fn md5(bytes: &[u8]) -> String {
    let mut digits = String::new();
    push_hex(&mut digits, &Md5::digest(bytes));
    digits
}

fn lower_character(character: char) -> char {
    match character {
        '\u{130}' => 'i',
        _ if is_newer_than_unicode_15(character) => character,
        _ => only(character.to_lowercase()).unwrap_or(character),
    }
}

/// Characters whose full upper case takes several letters stay as they are, except the small
/// Greek letters with iota below, which have a title form of one letter.
fn upper_character(character: char) -> char {
    let code = u32::from(character);
    match code {
        0x1f80..=0x1faf if code & 8 == 0 => char::from_u32(code + 8).unwrap_or(character),
        _ if is_newer_than_unicode_15(character) => character,
        0x1fb3 | 0x1fc3 | 0x1ff3 => char::from_u32(code + 9).unwrap_or(character),
        _ => only(character.to_uppercase()).unwrap_or(character),
    }
}

/// Letters that got a case, or came, after Unicode 15.0, which is what the C library maps; and so
/// a fold is repeatable with any later version of Unicode.
fn is_newer_than_unicode_15(character: char) -> bool {
    matches!(
        u32::from(character),
        0x19b | 0x264 | 0x1c89..=0x1c8a | 0xa7cb..=0xa7cf | 0xa7d2..=0xa7d5 | 0xa7da..=0xa7dc
            | 0x10d50..=0x10d85 | 0x16ea0..=0x16ed3
    )
}

/// The item, if there is exactly one.
fn only(mut items: impl Iterator<Item = char>) -> Option<char> {
    items.next().filter(|_| items.next().is_none())
}

fn one_of(set: &str) -> impl Fn(char) -> bool {
    let set: HashSet<char> = set.chars().collect();
    move |character| set.contains(&character)
}

/// The first `count` characters.
fn first(text: &str, count: i64) -> &str {
    let end = text
        .char_indices()
        .nth(count.max(0) as usize)
        .map_or(text.len(), |(at, _)| at);
    &text[..end]
}

/// The last `kept` characters.
fn last(text: &str, kept: i64) -> &str {
    let gone = (count(text) - kept.max(0)).max(0);
    &text[first(text, gone).len()..]
}

/// How many characters `left` and `right` keep: a negative count tells how many go.
fn kept(args: &Args<'_, '_>) -> Result<i64, SqlError> {
    let wanted = args.integer(1)?;
    Ok(if wanted < 0 {
        (count(args.text(0)?) + wanted).max(0)
    } else {
        wanted
    })
}

/// Characters from `start` (counted from 1, may lie before) on, `length` of them.
fn substring(whole: &str, start: i64, length: Option<i64>) -> Answer {
    let end = match length {
        // PostgreSQL tells a negative length only when the end does not overflow.
        Some(length) if length < 0 => {
            return Err(SqlError::new(
                "22011",
                "negative substring length not allowed",
            ));
        }
        Some(length) => start + length,
        None => i64::MAX,
    };
    let skipped = (start - 1).max(0);
    let rest = &whole[first(whole, skipped).len()..];
    text(first(rest, (end - 1 - skipped).max(0)))
}

fn position(text: &str, wanted: &str) -> i64 {
    text.find(wanted).map_or(0, |at| count(&text[..at]) + 1)
}

fn replace(args: &Args<'_, '_>) -> Answer {
    let (whole, from, to) = (args.text(0)?, args.text(1)?, args.text(2)?);
    if from.is_empty() {
        return text(whole);
    }
    bounded(whole.len() + whole.matches(from).count() * to.len())?;
    text(whole.replace(from, to))
}

/// Each character of the second argument becomes the one at its place in the third, or nothing.
fn translate(args: &Args<'_, '_>) -> Answer {
    let mut becomes = HashMap::new();
    let mut to = args.text(2)?.chars();
    for wanted in args.text(1)?.chars() {
        let with = to.next();
        becomes.entry(wanted).or_insert(with);
    }
    let mapped = args.text(0)?.chars();
    let mapped = mapped.filter_map(|one| becomes.get(&one).map_or(Some(one), |with| *with));
    text(mapped.collect::<String>())
}

fn split_part(args: &Args<'_, '_>) -> Answer {
    let (whole, delimiter, field) = (args.text(0)?, args.text(1)?, args.integer(2)?);
    if field == 0 {
        return Err(SqlError::new("22023", "field position must not be zero"));
    }
    let fields: Vec<&str> = match delimiter {
        "" => vec![whole],
        _ => whole.split(delimiter).collect(),
    };
    let at = if field > 0 {
        field - 1
    } else {
        fields.len() as i64 + field
    };
    let found = usize::try_from(at).ok().and_then(|at| fields.get(at));
    text(found.copied().unwrap_or_default())
}

/// The text cut to the wanted width, and out of `fill`, over and over, what is missing to it.
fn pad(args: &Args<'_, '_>, fill: &str, join: fn(&str, &str) -> String) -> Answer {
    let width = args.integer(1)?.max(0);
    bounded(width as usize)?;
    let missing = (width - count(args.text(0)?)).max(0);
    let filling: String = fill.chars().cycle().take(missing as usize).collect();
    text(join(first(args.text(0)?, width), &filling))
}

fn repeat(args: &Args<'_, '_>) -> Answer {
    let times = args.integer(1)?.max(0) as usize;
    bounded(args.text(0)?.len().saturating_mul(times))?;
    text(args.text(0)?.repeat(times))
}

fn character(args: &Args<'_, '_>) -> Answer {
    let code = args.integer(0)?;
    if code == 0 {
        return Err(SqlError::new("54000", "null character not permitted"));
    }
    if code < 0 {
        return Err(SqlError::new("22023", "character number must be positive"));
    }
    match u32::try_from(code).ok().and_then(char::from_u32) {
        Some(character) => text(character),
        None => {
            let message = format!("requested character too large for encoding: {code}");
            Err(SqlError::new("54000", message))
        }
    }
}

/// All arguments from `start` on that are not null, with `separator` between them.
fn joined(args: &Args<'_, '_>, start: usize, separator: &str) -> Result<String, SqlError> {
    let present = (start..args.len()).filter(|at| !args.is_null(*at));
    let parts = present
        .map(|at| args.text(at))
        .collect::<Result<Vec<_>, _>>()?;
    bounded(parts.iter().map(|part| part.len() + separator.len()).sum())?;
    Ok(parts.join(separator))
}

/// An error if a text would have so many bytes and that is too many.
pub(super) fn bounded(bytes: usize) -> Result<(), SqlError> {
    if bytes > TEXT_BYTES_MAX {
        let limit = TEXT_BYTES_MAX >> 20;
        return Err(SqlError::new(
            "54000",
            format!("requested length too large: more than {limit} MiB"),
        ));
    }
    Ok(())
}

fn encode(args: &Args<'_, '_>) -> Answer {
    let bytes = args.bytes(0)?;
    match args.text(1)?.to_ascii_lowercase().as_str() {
        "hex" => {
            let mut digits = String::with_capacity(2 * bytes.len());
            push_hex(&mut digits, bytes);
            text(digits)
        }
        "base64" => text(base64(bytes)),
        other => Err(unknown_encoding(other)),
    }
}

fn decode(args: &Args<'_, '_>) -> Answer {
    match args.text(1)?.to_ascii_lowercase().as_str() {
        "hex" => bytes_from_hex(args.text(0)?).map(SqliteValue::Blob),
        "base64" => Err(SqlError::unsupported("decode from base64")),
        other => Err(unknown_encoding(other)),
    }
}

fn unknown_encoding(name: &str) -> SqlError {
    if name == "escape" {
        return SqlError::unsupported("the encoding \"escape\"");
    }
    SqlError::new("22023", format!("unrecognized encoding: \"{name}\""))
}

/// RFC 2045, with a line break after every 76 characters.
fn base64(bytes: &[u8]) -> String {
    let mut encoded = String::new();
    let mut in_line = 0;
    for chunk in bytes.chunks(3) {
        if in_line == BASE64_LINE {
            encoded.push('\n');
            in_line = 0;
        }
        let group = chunk
            .iter()
            .fold(0u32, |group, byte| (group << 8) | u32::from(*byte));
        let group = group << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter = BASE64[(group >> (18 - 6 * place)) as usize & 63];
            encoded.push(if place <= chunk.len() {
                char::from(letter)
            } else {
                '='
            });
        }
        in_line += 4;
    }
    encoded
}
