//! Regular expressions that find: `regexp_replace`, `regexp_match`, `substring(x from pattern)` and
//! others.
//!
//! Where a match begins is the same for every engine: as far to the left as there is one. PostgreSQL
//! then takes the longest, so two engines work together: one finds the beginning, and one that follows
//! all ways at once the end. What groups keep is asked only of patterns where it cannot be disputed:
//! without alternatives, and with nothing repeated but single characters.

use regex::bytes::{Regex, RegexBuilder};
use regex_automata::nfa::thompson::{self, pikevm::PikeVM};
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, MatchKind};
use rusqlite::types::Value as SqliteValue;
use std::ops::Range;
use std::sync::Arc;

use super::call::{Answer, Args, Scalar, boolean, int, strict, text};
use super::regex::{COMPILED_BYTES_MAX, Reader, own};
use super::text::bounded;
use crate::SqlError;
use crate::value::array::to_text;

pub(super) const FUNCTIONS: &[Scalar] = &[
    strict("hw_regexp_replace", 3, |a| replace(a, Options::default())),
    strict("hw_regexp_replace", 4, |a| {
        replace(a, Options::read(a.text(3)?)?)
    }),
    strict("hw_regexp_match", 2, |a| first(a, Options::default())),
    strict("hw_regexp_match", 3, |a| {
        first(a, Options::of_one(a.text(2)?, "regexp_match")?)
    }),
    strict("hw_regexp_like", 2, |a| like(a, Options::default())),
    strict("hw_regexp_like", 3, |a| {
        like(a, Options::of_one(a.text(2)?, "regexp_like")?)
    }),
    strict("hw_regexp_count", 2, |a| {
        let finder = Finder::of(a, Options::default())?;
        int(finder.all(a.text(0)?)?.len() as i64)
    }),
    strict("hw_regexp_substr", 2, |a| {
        let (finder, subject) = (Finder::of(a, Options::default())?, a.text(0)?);
        let found = finder.find(subject, 0)?.map(|found| &subject[found]);
        found.map_or(Ok(SqliteValue::Null), text)
    }),
    strict("hw_regexp_substring", 2, substring),
    strict("hw_regexp_split_to_array", 2, split),
];

/// The letters behind a pattern.
#[derive(Clone, Copy, Default)]
struct Options {
    ignores_case: bool,
    is_global: bool,
}

impl Options {
    fn read(letters: &str) -> Result<Options, SqlError> {
        let mut options = Options::default();
        for letter in letters.chars() {
            match letter {
                'g' => options.is_global = true,
                'i' => options.ignores_case = true,
                'c' => options.ignores_case = false,
                'b' | 'e' | 'm' | 'n' | 'p' | 'q' | 's' | 't' | 'w' | 'x' => {
                    return Err(SqlError::unsupported(format_args!(
                        "the option {letter} of a regular expression"
                    )));
                }
                other => {
                    return Err(SqlError::new(
                        "22023",
                        format!("invalid regular expression option: \"{other}\""),
                    ));
                }
            }
        }
        Ok(options)
    }

    /// For a function that looks at one match.
    fn of_one(letters: &str, function: &str) -> Result<Options, SqlError> {
        let options = Options::read(letters)?;
        match options.is_global {
            false => Ok(options),
            true => Err(SqlError::new(
                "22023",
                format!("{function}() does not support the \"global\" option"),
            )),
        }
    }
}

/// A compiled pattern.
struct Finder {
    ignores_case: bool,
    /// Tells where a match begins.
    begin: Regex,
    /// Tells where the longest one from there ends.
    end: PikeVM,
    /// Takes a match apart; `None` where PostgreSQL might do it otherwise.
    parts: Option<Regex>,
    groups: usize,
    is_for_ascii: bool,
}

impl Finder {
    /// The pattern that is the second argument.
    fn of(args: &Args<'_, '_>, options: Options) -> Result<Arc<Finder>, SqlError> {
        let pattern = args.text(1)?;
        let make = || Finder::new(pattern, options.ignores_case);
        let kept = args.0.get_or_create_aux(1, |_| make()).map_err(own)?;
        let finder = match kept.ignores_case == options.ignores_case {
            true => kept,
            false => Arc::new(make()?),
        };
        match finder.is_for_ascii && !args.text(0)?.is_ascii() {
            false => Ok(finder),
            true => Err(SqlError::unsupported(
                "a regular expression with classes or without regard to case, over text beyond ASCII",
            )),
        }
    }

    fn new(pattern: &str, ignores_case: bool) -> Result<Finder, SqlError> {
        let refused =
            || SqlError::unsupported(format_args!("the regular expression \"{pattern}\""));
        let reader = Reader::read_all(pattern)?;
        let is_for_ascii = ignores_case || reader.has_classes;
        if reader.is_lazy || (is_for_ascii && !pattern.is_ascii()) {
            return Err(refused());
        }
        let compiled = |text: &str| {
            RegexBuilder::new(text)
                .unicode(!is_for_ascii)
                .case_insensitive(ignores_case)
                .dot_matches_new_line(true)
                .size_limit(COMPILED_BYTES_MAX)
                .build()
                .map_err(|_| refused())
        };
        let syntax = syntax::Config::new()
            .unicode(!is_for_ascii)
            .utf8(!is_for_ascii)
            .case_insensitive(ignores_case)
            .dot_matches_new_line(true);
        let end = PikeVM::builder()
            .syntax(syntax)
            .thompson(thompson::Config::new().nfa_size_limit(Some(COMPILED_BYTES_MAX)))
            .configure(thompson::pikevm::Config::new().match_kind(MatchKind::All))
            .build(&reader.out)
            .map_err(|_| refused())?;
        let is_plain = !reader.has_alternatives && !reader.repeats_groups;
        let whole = format!("\\A(?:{})\\z", reader.out);
        Ok(Finder {
            ignores_case,
            begin: compiled(&reader.out)?,
            end,
            parts: is_plain.then(|| compiled(&whole)).transpose()?,
            groups: reader.groups,
            is_for_ascii,
        })
    }

    /// The first match that begins at this byte or behind it.
    fn find(&self, subject: &str, from: usize) -> Result<Option<Range<usize>>, SqlError> {
        let Some(found) = self.begin.find_at(subject.as_bytes(), from) else {
            return Ok(None);
        };
        let input = Input::new(subject)
            .range(found.start()..)
            .anchored(Anchored::Yes);
        let mut slots = [None; 2];
        self.end
            .search_slots(&mut self.end.create_cache(), &input, &mut slots);
        match slots[1] {
            Some(end) => Ok(Some(found.start()..end.get())),
            None => Err(SqlError::new("XX000", "a match has no end")),
        }
    }

    /// All matches, one behind the other; of those that are empty at most one at each place.
    fn all(&self, subject: &str) -> Result<Vec<Range<usize>>, SqlError> {
        let (mut matches, mut from) = (Vec::new(), 0);
        while from <= subject.len() {
            let Some(found) = self.find(subject, from)? else {
                break;
            };
            from = match found.is_empty() {
                false => found.end,
                true => next_character(subject, found.end),
            };
            matches.push(found);
        }
        Ok(matches)
    }

    /// What the groups of a match keep.
    fn groups(
        &self,
        subject: &str,
        found: &Range<usize>,
    ) -> Result<Vec<Option<Range<usize>>>, SqlError> {
        if self.groups == 0 {
            return Ok(Vec::new());
        }
        let Some(parts) = &self.parts else {
            return Err(SqlError::unsupported(
                "what a group keeps of a regular expression with alternatives or repeated groups",
            ));
        };
        let Some(captures) = parts.captures(&subject.as_bytes()[found.clone()]) else {
            return Err(SqlError::new("XX000", "a match has no parts"));
        };
        let kept = captures.iter().skip(1);
        let place =
            |kept: regex::bytes::Match<'_>| found.start + kept.start()..found.start + kept.end();
        Ok(kept.map(|kept| kept.map(place)).collect())
    }
}

/// Where the character behind this one begins; beyond the end there is one more place.
fn next_character(subject: &str, at: usize) -> usize {
    let rest = subject[at..].chars().next();
    at + rest.map_or(1, char::len_utf8)
}

fn like(args: &Args<'_, '_>, options: Options) -> Answer {
    let finder = Finder::of(args, options)?;
    boolean(finder.begin.is_match(args.text(0)?.as_bytes()))
}

/// The groups of the first match, or all of it when there are none.
fn first(args: &Args<'_, '_>, options: Options) -> Answer {
    let (finder, subject) = (Finder::of(args, options)?, args.text(0)?);
    let Some(found) = finder.find(subject, 0)? else {
        return Ok(SqliteValue::Null);
    };
    let mut parts = finder.groups(subject, &found)?;
    if parts.is_empty() {
        parts.push(Some(found));
    }
    text(to_text(
        parts
            .into_iter()
            .map(|part| part.map(|part| &subject[part])),
    ))
}

/// The first group of the first match, or all of it when there is none.
fn substring(args: &Args<'_, '_>) -> Answer {
    let (finder, subject) = (Finder::of(args, Options::default())?, args.text(0)?);
    let Some(found) = finder.find(subject, 0)? else {
        return Ok(SqliteValue::Null);
    };
    let part = match finder.groups(subject, &found)?.into_iter().next() {
        None => Some(found),
        Some(part) => part,
    };
    part.map_or(Ok(SqliteValue::Null), |part| text(&subject[part]))
}

/// What lies between matches. Empty ones count neither at the ends nor right behind another.
fn split(args: &Args<'_, '_>) -> Answer {
    let (finder, subject) = (Finder::of(args, Options::default())?, args.text(0)?);
    let (mut parts, mut from, mut last) = (Vec::new(), 0, 0);
    for found in finder.all(subject)? {
        if found.start < subject.len() && found.end > last {
            parts.push(Some(&subject[from..found.start]));
            from = found.end;
        }
        last = found.end;
    }
    parts.push(Some(&subject[from..]));
    text(to_text(parts))
}

fn replace(args: &Args<'_, '_>, options: Options) -> Answer {
    let (finder, subject) = (Finder::of(args, options)?, args.text(0)?);
    let replacement = args.text(2)?;
    let matches = match options.is_global {
        true => finder.all(subject)?,
        false => finder.find(subject, 0)?.into_iter().collect(),
    };
    let (mut out, mut from) = (String::new(), 0);
    for found in matches {
        out.push_str(&subject[from..found.start]);
        put(&finder, subject, &found, replacement, &mut out)?;
        from = found.end;
    }
    out.push_str(&subject[from..]);
    text(out)
}

/// Writes a replacement, in which `\1` is a group, `\&` the match and `\\` a backslash.
fn put(
    finder: &Finder,
    subject: &str,
    found: &Range<usize>,
    replacement: &str,
    out: &mut String,
) -> Result<(), SqlError> {
    let mut rest = replacement;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        match after.chars().next() {
            Some(digit @ '1'..='9') => {
                let number = digit as usize - '1' as usize;
                let groups = finder.groups(subject, found)?;
                if let Some(Some(part)) = groups.into_iter().nth(number) {
                    out.push_str(&subject[part]);
                }
                rest = &after[1..];
            }
            Some('&') => {
                out.push_str(&subject[found.clone()]);
                rest = &after[1..];
            }
            Some('\\') => {
                out.push('\\');
                rest = &after[1..];
            }
            _ => {
                out.push('\\');
                rest = after;
            }
        }
        bounded(out.len())?;
    }
    out.push_str(rest);
    bounded(out.len())
}
