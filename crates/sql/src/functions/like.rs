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

/// Whether the whole text is as the pattern says.
///
/// Where a text differs from what follows a `%`, only the last `%` has to be tried further right:
/// what stands before it has its place already.
fn is_like<'a>(mut text: &'a str, mut pattern: &'a str) -> Result<bool, SqlError> {
    let mut last: Option<Open<'a>> = None;
    loop {
        let same = match (text.chars().next(), pattern.chars().next()) {
            (_, Some('%')) => match Open::at(text, pattern)? {
                Opened::Behind(open) => {
                    (text, pattern) = (open.text, open.pattern);
                    last = Some(open);
                    continue;
                }
                Opened::All => return Ok(true),
                Opened::Short => return Ok(false),
            },
            (None, wanted) => return Ok(wanted.is_none()),
            (Some(_), None) => false,
            (Some(_), Some('_')) => true,
            (Some(found), Some('\\')) => {
                pattern = &pattern[1..];
                pattern.chars().next().ok_or_else(dangling_escape)? == found
            }
            (Some(found), Some(wanted)) => wanted == found,
        };
        if same {
            (text, pattern) = (after_first(text), after_first(pattern));
            continue;
        }
        let Some(open) = last.as_mut() else {
            return Ok(false);
        };
        if !open.go_on() {
            return Ok(false);
        }
        (text, pattern) = (open.text, open.pattern);
    }
}

/// A `%`, and where what follows it is tried.
struct Open<'a> {
    /// Begins with `wanted`.
    text: &'a str,
    /// What follows, which begins with a character that is no wildcard, perhaps escaped.
    pattern: &'a str,
    wanted: char,
}

enum Opened<'a> {
    Behind(Open<'a>),
    /// Nothing follows.
    All,
    /// The text ends before what follows.
    Short,
}

impl<'a> Open<'a> {
    /// The pattern begins with `%`.
    fn at(mut text: &'a str, mut pattern: &'a str) -> Result<Opened<'a>, SqlError> {
        while let Some(wild @ ('%' | '_')) = pattern.chars().next() {
            if wild == '_' {
                if text.is_empty() {
                    return Ok(Opened::Short);
                }
                text = after_first(text);
            }
            pattern = &pattern[1..];
        }
        if pattern.is_empty() {
            return Ok(Opened::All);
        }
        let literal = pattern.strip_prefix('\\').unwrap_or(pattern);
        let wanted = literal.chars().next().ok_or_else(dangling_escape)?;
        Ok(match text.find(wanted) {
            Some(at) => Opened::Behind(Open {
                text: &text[at..],
                pattern,
                wanted,
            }),
            None => Opened::Short,
        })
    }

    /// Goes on to the next place where what follows may begin; says whether there is one.
    fn go_on(&mut self) -> bool {
        let rest = after_first(self.text);
        match rest.find(self.wanted) {
            Some(at) => self.text = &rest[at..],
            None => return false,
        }
        true
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As it is defined: every way to divide the text is tried.
    fn is_like_by_definition(text: &[char], pattern: &[char]) -> bool {
        match pattern {
            [] => text.is_empty(),
            ['%', rest @ ..] => {
                (0..=text.len()).any(|taken| is_like_by_definition(&text[taken..], rest))
            }
            ['_', rest @ ..] => !text.is_empty() && is_like_by_definition(&text[1..], rest),
            ['\\', wanted, rest @ ..] | [wanted, rest @ ..] => {
                text.first() == Some(wanted) && is_like_by_definition(&text[1..], rest)
            }
        }
    }

    proptest! {
        #[test]
        fn a_pattern_says_what_it_is_defined_to_say(
            text in "[aäb%_\\\\]{0,8}",
            pattern in "([aäb%_]|\\\\[ab%_\\\\]){0,6}",
        ) {
            let characters = |text: &str| text.chars().collect::<Vec<_>>();
            let expected = is_like_by_definition(&characters(&text), &characters(&pattern));
            prop_assert_eq!(is_like(&text, &pattern).unwrap(), expected);
        }
    }

    #[test]
    fn a_pattern_of_a_million_wildcards_is_answered() {
        let (text, pattern) = ("a".repeat(1_000_000), "%a".repeat(1_000_000));
        assert!(is_like(&text, &pattern).unwrap());
        assert!(!is_like(&text[1..], &pattern).unwrap());
    }
}
