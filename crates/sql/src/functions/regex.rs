//! Regular expressions: `~`, `~*` and their negations; and how patterns are read.
//!
//! A pattern is read here as PostgreSQL reads its "advanced" expressions and written for the
//! engine. What the two do not share is refused: back references, look-around, embedded options,
//! and classes (`\d`, `[[:alpha:]]`) or letters of either case over text beyond ASCII. Here
//! only whether a text matches is asked; what matches is found in `regex_find.rs`.

use regex::RegexBuilder;
use regex::bytes::RegexBuilder as BytesRegexBuilder;

use super::call::{Answer, Args, Scalar, boolean, strict};
use crate::SqlError;

pub(super) const FUNCTIONS: &[Scalar] = &[
    strict("hw_regex", 2, |a| matches(a, false)),
    strict("hw_iregex", 2, |a| matches(a, true)),
];

/// Bytes that one compiled pattern may take.
pub(super) const COMPILED_BYTES_MAX: usize = 1 << 20;
/// PostgreSQL's `DUPMAX`.
const REPEAT_MAX: u32 = 255;

/// A compiled pattern.
enum Pattern {
    /// Over any text.
    Any(regex::Regex),
    /// Over text of ASCII only.
    Ascii(regex::bytes::Regex),
}

fn matches(args: &Args<'_, '_>, ignore_case: bool) -> Answer {
    let subject = args.text(0)?;
    let text = args.text(1)?;
    let pattern = args
        .0
        .get_or_create_aux(1, |_| Pattern::new(text, ignore_case))
        .map_err(own)?;
    match pattern.as_ref() {
        Pattern::Any(regex) => boolean(regex.is_match(subject)),
        Pattern::Ascii(regex) if subject.is_ascii() => boolean(regex.is_match(subject.as_bytes())),
        Pattern::Ascii(_) => Err(SqlError::unsupported(
            "a regular expression with classes or without regard to case, over text beyond ASCII",
        )),
    }
}

/// The error that making a pattern raised.
pub(super) fn own(error: rusqlite::Error) -> SqlError {
    match error {
        rusqlite::Error::UserFunctionError(source) => match source.downcast::<SqlError>() {
            Ok(error) => *error,
            Err(source) => SqlError::new("XX000", source.to_string()),
        },
        other => SqlError::new("XX000", other.to_string()),
    }
}

impl Pattern {
    fn new(text: &str, ignore_case: bool) -> Result<Pattern, SqlError> {
        let reader = Reader::read_all(text)?;
        let refused = || SqlError::unsupported(format_args!("the regular expression \"{text}\""));
        if !ignore_case && !reader.has_classes {
            return RegexBuilder::new(&reader.out)
                .dot_matches_new_line(true)
                .size_limit(COMPILED_BYTES_MAX)
                .build()
                .map(Pattern::Any)
                .map_err(|_| refused());
        }
        if !text.is_ascii() {
            return Err(refused());
        }
        BytesRegexBuilder::new(&reader.out)
            .unicode(false)
            .case_insensitive(ignore_case)
            .dot_matches_new_line(true)
            .size_limit(COMPILED_BYTES_MAX)
            .build()
            .map(Pattern::Ascii)
            .map_err(|_| refused())
    }
}

/// Reads PostgreSQL's pattern and writes the engine's.
pub(super) struct Reader<'t> {
    rest: &'t str,
    pub(super) out: String,
    /// Parentheses that were opened.
    opened: usize,
    /// Those of them that keep what they match.
    pub(super) groups: usize,
    pub(super) has_classes: bool,
    pub(super) has_alternatives: bool,
    /// Whether a quantifier wants as little as it can have.
    pub(super) is_lazy: bool,
    /// Whether something in parentheses is repeated.
    pub(super) repeats_groups: bool,
}

/// What the last thing read was, which says whether a quantifier may follow.
#[derive(Clone, Copy, PartialEq)]
enum Last {
    Nothing,
    Atom,
    Group,
    Quantifier,
}

impl<'t> Reader<'t> {
    /// Reads a whole pattern. 2201B what is none, 0A000 what is not told apart here.
    pub(super) fn read_all(text: &'t str) -> Result<Reader<'t>, SqlError> {
        let mut reader = Reader {
            rest: text,
            out: String::new(),
            opened: 0,
            groups: 0,
            has_classes: false,
            has_alternatives: false,
            is_lazy: false,
            repeats_groups: false,
        };
        reader.read()?;
        Ok(reader)
    }

    fn read(&mut self) -> Result<(), SqlError> {
        if self.rest.starts_with("***") {
            return Err(refused("a director (***)"));
        }
        let mut last = Last::Nothing;
        let mut depth = 0_usize;
        while let Some(character) = self.next() {
            last = match character {
                '(' => {
                    self.open()?;
                    depth += 1;
                    Last::Nothing
                }
                ')' => {
                    depth = depth
                        .checked_sub(1)
                        .ok_or_else(|| invalid("parentheses () not balanced"))?;
                    self.out.push(')');
                    Last::Group
                }
                '|' => {
                    self.out.push('|');
                    self.has_alternatives = true;
                    Last::Nothing
                }
                '^' | '$' => {
                    self.out.push(character);
                    Last::Nothing
                }
                '*' | '+' | '?' | '{' => self.quantifier(character, last)?,
                '[' => self.bracket()?,
                '.' => {
                    self.out.push('.');
                    Last::Atom
                }
                '\\' => self.escape()?,
                other => {
                    self.literal(other);
                    Last::Atom
                }
            };
        }
        match depth {
            0 => Ok(()),
            _ => Err(invalid("parentheses () not balanced")),
        }
    }

    fn next(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let next = characters.next();
        self.rest = characters.as_str();
        next
    }

    fn open(&mut self) -> Result<(), SqlError> {
        self.opened += 1;
        if self.opened > 100 {
            return Err(refused("more than 100 parentheses"));
        }
        match self.rest.strip_prefix('?') {
            None => {
                self.groups += 1;
                self.out.push('(');
            }
            Some(rest) if rest.starts_with(':') => {
                self.rest = &rest[1..];
                self.out.push_str("(?:");
            }
            Some(_) => return Err(refused("look-around or an embedded option")),
        }
        Ok(())
    }

    fn literal(&mut self, character: char) {
        if character.is_ascii_punctuation() {
            self.out.push('\\');
        }
        self.out.push(character);
    }

    fn quantifier(&mut self, character: char, last: Last) -> Result<Last, SqlError> {
        if character == '{' && !self.rest.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(refused("a brace that begins no bound"));
        }
        if !matches!(last, Last::Atom | Last::Group) {
            return Err(invalid("quantifier operand invalid"));
        }
        self.repeats_groups |= last == Last::Group;
        match character {
            '{' => self.repeat()?,
            other => self.out.push(other),
        }
        if let Some(rest) = self.rest.strip_prefix('?') {
            self.rest = rest;
            self.is_lazy = true;
            self.out.push('?');
        }
        Ok(Last::Quantifier)
    }

    /// `{m}`, `{m,}` or `{m,n}`, after the brace.
    fn repeat(&mut self) -> Result<(), SqlError> {
        let Some((bound, rest)) = self.rest.split_once('}') else {
            return Err(invalid("braces {} not balanced"));
        };
        self.rest = rest;
        let number = |text: &str| {
            let number: u32 = text.parse().map_err(|_| bad_repeat())?;
            match number <= REPEAT_MAX {
                true => Ok(number),
                false => Err(bad_repeat()),
            }
        };
        let (least, most) = match bound.split_once(',') {
            None => (number(bound)?, Some(number(bound)?)),
            Some((least, "")) => (number(least)?, None),
            Some((least, most)) => (number(least)?, Some(number(most)?)),
        };
        if most.is_some_and(|most| most < least) {
            return Err(bad_repeat());
        }
        let most = most.map_or(String::new(), |most| most.to_string());
        self.out.push_str(&format!("{{{least},{most}}}"));
        Ok(())
    }

    /// After a backslash, outside of brackets.
    fn escape(&mut self) -> Result<Last, SqlError> {
        let Some(character) = self.next() else {
            return Err(invalid("invalid escape \\ sequence"));
        };
        match character {
            'd' | 'w' | 's' | 'D' | 'W' | 'S' => {
                self.has_classes = true;
                self.out.push_str(match character {
                    'd' => "[0-9]",
                    'w' => "[0-9A-Za-z_]",
                    's' => "[ \\t\\n\\x0B\\x0C\\r]",
                    'D' => "[^0-9]",
                    'W' => "[^0-9A-Za-z_]",
                    _ => "[^ \\t\\n\\x0B\\x0C\\r]",
                });
            }
            'A' => {
                self.out.push_str("\\A");
                return Ok(Last::Nothing);
            }
            'Z' => {
                self.out.push_str("\\z");
                return Ok(Last::Nothing);
            }
            other => {
                let plain = control(other)?;
                self.literal(plain);
            }
        }
        Ok(Last::Atom)
    }

    /// A bracket expression, after `[`.
    fn bracket(&mut self) -> Result<Last, SqlError> {
        if self.rest.starts_with("[:<:]]") || self.rest.starts_with("[:>:]]") {
            return Err(refused("a boundary of words"));
        }
        self.out.push('[');
        if let Some(rest) = self.rest.strip_prefix('^') {
            self.rest = rest;
            self.out.push('^');
        }
        let mut is_first = true;
        loop {
            let character = self
                .next()
                .ok_or_else(|| invalid("brackets [] not balanced"))?;
            if character == ']' && !is_first {
                self.out.push(']');
                return Ok(Last::Atom);
            }
            is_first = false;
            let Some(start) = self.member(character)? else {
                continue;
            };
            let range = self
                .rest
                .strip_prefix('-')
                .filter(|rest| !rest.starts_with(']'));
            let Some(rest) = range else {
                self.literal(start);
                continue;
            };
            self.rest = rest;
            let end = self
                .next()
                .ok_or_else(|| invalid("brackets [] not balanced"))?;
            let Some(end) = self.member(end)? else {
                return Err(invalid("invalid character range"));
            };
            if end < start {
                return Err(invalid("invalid character range"));
            }
            self.literal(start);
            self.out.push('-');
            self.literal(end);
        }
    }

    /// One character of a bracket expression; `None` for a class, which is written.
    fn member(&mut self, character: char) -> Result<Option<char>, SqlError> {
        if character == '[' && self.rest.starts_with(['.', '=']) {
            return Err(refused("a collating element"));
        }
        if character == '[' && self.rest.starts_with(':') {
            let Some((name, rest)) = self.rest[1..].split_once(":]") else {
                return Err(invalid("brackets [] not balanced"));
            };
            if !CLASSES.contains(&name) {
                return Err(invalid("invalid character class"));
            }
            self.has_classes = true;
            self.out.push_str(&format!("[:{name}:]"));
            self.rest = rest;
            return Ok(None);
        }
        if character != '\\' {
            return Ok(Some(character));
        }
        let escaped = self
            .next()
            .ok_or_else(|| invalid("invalid escape \\ sequence"))?;
        match escaped {
            'd' | 'w' | 's' => {
                self.has_classes = true;
                self.out.push_str(match escaped {
                    'd' => "0-9",
                    'w' => "0-9A-Za-z_",
                    _ => " \\t\\n\\x0B\\x0C\\r",
                });
                Ok(None)
            }
            other => control(other).map(Some),
        }
    }
}

const CLASSES: &[&str] = &[
    "alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
    "upper", "xdigit",
];

/// The character that an escape stands for.
fn control(character: char) -> Result<char, SqlError> {
    Ok(match character {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'f' => '\u{c}',
        'v' => '\u{b}',
        other if other.is_ascii_alphanumeric() => {
            return Err(refused(&format!("\\{other}")));
        }
        other => other,
    })
}

fn bad_repeat() -> SqlError {
    invalid("invalid repetition count(s)")
}

fn invalid(what: &str) -> SqlError {
    SqlError::new("2201B", format!("invalid regular expression: {what}"))
}

fn refused(what: &str) -> SqlError {
    SqlError::unsupported(format_args!("{what} in a regular expression"))
}
