//! `like` and `ilike`, by character, with PostgreSQL's escape rules.

use super::call::{Answer, Args, Scalar, boolean, strict, text};
use super::text::lower;
use crate::SqlError;

pub(super) const FUNCTIONS: &[Scalar] = &[
    strict("hw_like", 2, |a| boolean(is_like(a.text(0)?, a.text(1)?)?)),
    strict("hw_ilike", 2, |a| {
        boolean(is_like(&lower(a.text(0)?), &lower(a.text(1)?))?)
    }),
    strict("hw_like_escape", 2, like_escape),
];

/// What a pattern does with a text.
#[derive(PartialEq)]
enum Outcome {
    Match,
    /// Not here; it may match further right.
    Differ,
    /// The text ended first: it matches nowhere further right.
    Short,
}

fn is_like(text: &str, pattern: &str) -> Result<bool, SqlError> {
    Ok(matches(text, pattern)? == Outcome::Match)
}

fn matches(mut text: &str, mut pattern: &str) -> Result<Outcome, SqlError> {
    while let (Some(found), Some(wanted)) = (text.chars().next(), pattern.chars().next()) {
        match wanted {
            '%' => return matches_rest(text, pattern),
            '_' => {}
            '\\' => {
                pattern = &pattern[1..];
                if pattern.chars().next().ok_or_else(dangling_escape)? != found {
                    return Ok(Outcome::Differ);
                }
            }
            _ if wanted != found => return Ok(Outcome::Differ),
            _ => {}
        }
        text = after_first(text);
        pattern = after_first(pattern);
    }
    if !text.is_empty() {
        return Ok(Outcome::Differ);
    }
    let only_any = pattern.chars().all(|c| c == '%');
    Ok(if only_any {
        Outcome::Match
    } else {
        Outcome::Short
    })
}

/// The pattern begins with `%`: tries every place where what follows can begin.
fn matches_rest(mut text: &str, mut pattern: &str) -> Result<Outcome, SqlError> {
    while let Some(wild @ ('%' | '_')) = pattern.chars().next() {
        if wild == '_' {
            if text.is_empty() {
                return Ok(Outcome::Short);
            }
            text = after_first(text);
        }
        pattern = &pattern[1..];
    }
    if pattern.is_empty() {
        return Ok(Outcome::Match);
    }
    let literal = pattern.strip_prefix('\\').unwrap_or(pattern);
    let wanted = literal.chars().next().ok_or_else(dangling_escape)?;
    while let Some(found) = text.chars().next() {
        if found == wanted {
            let outcome = matches(text, pattern)?;
            if outcome != Outcome::Differ {
                return Ok(outcome);
            }
        }
        text = after_first(text);
    }
    Ok(Outcome::Short)
}

fn after_first(text: &str) -> &str {
    let mut characters = text.chars();
    characters.next();
    characters.as_str()
}

fn dangling_escape() -> SqlError {
    SqlError::new("22025", "LIKE pattern must not end with escape character")
}

/// `like PATTERN escape E`: the pattern with `\` in the place of `E`.
fn like_escape(args: &Args<'_, '_>) -> Answer {
    let (pattern, escape) = (args.text(0)?, args.text(1)?);
    let mut characters = escape.chars();
    let escape = characters.next();
    if characters.next().is_some() {
        return Err(SqlError::new("22025", "invalid escape string"));
    }
    if escape == Some('\\') {
        return text(pattern);
    }
    let mut rewritten = String::with_capacity(pattern.len());
    let mut after_escape = false;
    for character in pattern.chars() {
        if Some(character) == escape && !after_escape {
            rewritten.push('\\');
            after_escape = true;
            continue;
        }
        if character == '\\' && !after_escape {
            rewritten.push('\\');
        }
        rewritten.push(character);
        after_escape = false;
    }
    text(rewritten)
}
