//! The words of a statement, one after another: enough of PostgreSQL's lexer to read the commands
//! that are no queries.

use std::str::CharIndices;

use headwater_sql::{comment_end, dollar_end, dollar_tag};

use crate::postgres::failure::Failure;

/// Bytes of a name; PostgreSQL cuts longer ones.
const NAME_BYTES_MAX: usize = 63;

/// A word of a statement.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Word {
    /// A keyword or name without quotes, in lower case.
    Plain(String),
    /// A name in double quotes.
    Quoted(String),
    /// The value of a literal in single quotes or between dollars.
    Text(String),
    /// Digits, with a point or exponent if there is one.
    Number(String),
    /// `$1`
    Param(usize),
    /// Anything else: one character, or `::`.
    Symbol(&'static str),
    End,
}

/// The words of a text.
#[derive(Clone)]
pub(crate) struct Words<'a> {
    text: &'a str,
    /// The next word and what is after it begin here.
    at: usize,
}

const SYMBOLS: &[&str] = &[
    "::", "(", ")", ",", ";", "=", "*", "-", "+", ".", "/", "<", ">", "[", "]", ":", "%", "!", "~",
    "@", "#", "^", "&", "|", "?", "`", "{", "}", "\\", "$", "'", "\"",
];

impl<'a> Words<'a> {
    pub(crate) fn new(text: &'a str) -> Words<'a> {
        Words { text, at: 0 }
    }

    /// The next word, which stays the next one.
    pub(crate) fn peek(&self) -> Result<Word, Failure> {
        self.clone().next()
    }

    /// Where the next word begins, in bytes.
    pub(crate) fn place(&self) -> usize {
        self.text.len() - self.rest().len()
    }

    /// What is left, from the next word on.
    pub(crate) fn rest(&self) -> &'a str {
        let mut rest = &self.text[self.at..];
        loop {
            rest = rest.trim_start();
            if let Some(comment) = rest.strip_prefix("--") {
                rest = comment.find(['\n', '\r']).map_or("", |end| &comment[end..]);
            } else if rest.starts_with("/*") {
                rest = comment_end(rest, 0).map_or("", |end| &rest[end..]);
            } else {
                return rest;
            }
        }
    }

    /// Takes the next word.
    pub(crate) fn next(&mut self) -> Result<Word, Failure> {
        let rest = self.rest();
        let begin = self.text.len() - rest.len();
        let found = read(rest).map_err(|failure| failure.at(self.characters(begin) + 1));
        let (word, length) = found?;
        self.at = begin + length;
        Ok(word)
    }

    fn characters(&self, bytes: usize) -> usize {
        self.text[..bytes].chars().count()
    }

    /// Takes the next word if it is this one.
    pub(crate) fn take(&mut self, keyword: &str) -> bool {
        let is_it = matches!(self.peek(), Ok(Word::Plain(word)) if word == keyword);
        if is_it {
            let _ = self.next(); // it was just looked at
        }
        is_it
    }

    /// Takes the next word if it is this symbol.
    pub(crate) fn take_symbol(&mut self, symbol: &str) -> bool {
        // A word that is none, which may be long, is not read for that.
        let is_it = self.rest().starts_with(symbol)
            && matches!(self.peek(), Ok(Word::Symbol(found)) if found == symbol);
        if is_it {
            let _ = self.next(); // it was just looked at
        }
        is_it
    }

    /// Takes this word, or fails.
    pub(crate) fn expect(&mut self, keyword: &str) -> Result<(), Failure> {
        match self.take(keyword) {
            true => Ok(()),
            false => Err(self.unexpected()),
        }
    }

    /// Takes this symbol, or fails.
    pub(crate) fn expect_symbol(&mut self, symbol: &str) -> Result<(), Failure> {
        match self.take_symbol(symbol) {
            true => Ok(()),
            false => Err(self.unexpected()),
        }
    }

    /// Takes a name.
    pub(crate) fn name(&mut self) -> Result<String, Failure> {
        let mut name = self.whole_name()?;
        name.truncate(name.floor_char_boundary(NAME_BYTES_MAX));
        Ok(name)
    }

    /// The same, of what is no name of PostgreSQL's, however long.
    pub(crate) fn whole_name(&mut self) -> Result<String, Failure> {
        match self.peek()? {
            Word::Plain(name) | Word::Quoted(name) => {
                self.next()?;
                Ok(name)
            }
            _ => Err(self.unexpected()),
        }
    }

    /// Fails if there is anything left.
    pub(crate) fn end(&mut self) -> Result<(), Failure> {
        match self.peek()? {
            Word::End => Ok(()),
            _ => Err(self.unexpected()),
        }
    }

    /// That the next word cannot stand there.
    pub(crate) fn unexpected(&self) -> Failure {
        let place = self.place();
        let mut after = self.clone();
        let position = self.characters(place) + 1;
        match after.next() {
            Err(failure) => failure,
            Ok(Word::End) => Failure::new("42601", "syntax error at end of input").at(position),
            Ok(_) => {
                let found = &self.text[place..after.at];
                let message = format!("syntax error at or near \"{found}\"");
                Failure::new("42601", message).at(position)
            }
        }
    }
}

/// The first word of a text, and how many bytes it has. A word that does not end is refused, so that
/// nobody looks for its end again from the next one.
fn read(text: &str) -> Result<(Word, usize), Failure> {
    let bytes = text.as_bytes();
    let second = bytes.get(1).copied().unwrap_or(0);
    let Some(first) = text.chars().next() else {
        return Ok((Word::End, 0));
    };
    match first {
        '\'' => quoted(text, 0, false),
        'e' | 'E' if second == b'\'' => quoted(text, 1, true),
        '"' => {
            let (name, length) = until_quote(text, 1, '"', false)?;
            Ok((Word::Quoted(name), length))
        }
        '$' if second.is_ascii_digit() => {
            let digits = text[1..].bytes().take_while(u8::is_ascii_digit).count();
            let number = text[1..=digits].parse().unwrap_or(usize::MAX);
            Ok((Word::Param(number), 1 + digits))
        }
        '$' => between_dollars(text),
        '0'..='9' => Ok(number(text)),
        '.' if second.is_ascii_digit() => Ok(number(text)),
        letter if letter.is_alphabetic() || letter == '_' || !letter.is_ascii() => {
            let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$' || !c.is_ascii();
            let length = text.find(|c| !is_part(c)).unwrap_or(text.len());
            Ok((Word::Plain(text[..length].to_ascii_lowercase()), length))
        }
        _ => {
            let symbol = SYMBOLS.iter().find(|symbol| text.starts_with(**symbol));
            let symbol = symbol.copied().unwrap_or(" ");
            Ok((Word::Symbol(symbol), symbol.len()))
        }
    }
}

fn number(text: &str) -> (Word, usize) {
    let bytes = text.as_bytes();
    let mut length = 0;
    while let Some(byte) = bytes.get(length) {
        let is_sign =
            matches!(byte, b'+' | b'-') && matches!(bytes[length.saturating_sub(1)], b'e' | b'E');
        if !(byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E') || is_sign) {
            break;
        }
        length += 1;
    }
    (Word::Number(text[..length].to_owned()), length)
}

/// A literal whose quote stands at `quote`.
fn quoted(text: &str, quote: usize, has_escapes: bool) -> Result<(Word, usize), Failure> {
    let (value, length) = until_quote(text, quote + 1, '\'', has_escapes)?;
    Ok((Word::Text(value), length))
}

/// The text from `begin` to the next quote that is not doubled, and where it ends.
fn until_quote(
    text: &str,
    begin: usize,
    quote: char,
    has_escapes: bool,
) -> Result<(String, usize), Failure> {
    let mut value = String::new();
    let mut characters = text[begin..].char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' if has_escapes => value.push(escaped(&mut characters)?),
            found if found == quote => match characters.clone().next() {
                Some((_, next)) if next == quote => {
                    value.push(quote);
                    characters.next();
                }
                _ => return Ok((value, begin + at + 1)),
            },
            other => value.push(other),
        }
    }
    Err(unterminated())
}

fn unterminated() -> Failure {
    Failure::new("42601", "unterminated quoted string")
}

/// What stands after a backslash: a letter with a meaning, a character by its number, or itself.
fn escaped(characters: &mut CharIndices<'_>) -> Result<char, Failure> {
    let first = characters.next().map(|(_, first)| first);
    let (digits_max, radix, begin) = match first {
        None => return Err(unterminated()),
        Some('n') => return Ok('\n'),
        Some('t') => return Ok('\t'),
        Some('r') => return Ok('\r'),
        Some('b') => return Ok('\u{8}'),
        Some('f') => return Ok('\u{c}'),
        Some('x') => (2, 16, 0),
        Some('u') => (4, 16, 0),
        Some('U') => (8, 16, 0),
        Some(digit @ '0'..='7') => (2, 8, digit.to_digit(8).unwrap_or(0)),
        Some(other) => return Ok(other),
    };
    let (mut number, mut digits) = (begin, 0);
    while digits < digits_max
        && let Some((_, next)) = characters.clone().next()
        && let Some(digit) = next.to_digit(radix)
    {
        number = number * radix + digit; // eight digits of base 16 are 32 bits
        digits += 1;
        characters.next();
    }
    match (first, char::from_u32(number)) {
        (Some('x'), _) if digits == 0 => Ok('x'),
        (Some('u' | 'U'), _) if digits < digits_max => {
            Err(Failure::new("22025", "invalid Unicode escape")
                .hint("Unicode escapes must be \\uXXXX or \\UXXXXXXXX."))
        }
        (_, Some('\0')) => Err(Failure::new("22021", "a text cannot hold the character 0")),
        (Some('u' | 'U'), Some(character)) => Ok(character),
        (Some('u' | 'U'), None) => Err(Failure::unsupported(
            "half a character, or none, as an escape",
        )
        .hint("Write the character itself, or its number as \\UXXXXXXXX.")),
        (_, Some(character)) if character.is_ascii() => Ok(character),
        _ => Err(Failure::unsupported("a byte beyond ASCII as an escape")
            .hint("Write the character itself, or its number as \\uXXXX.")),
    }
}

/// `$tag$ ... $tag$`
fn between_dollars(text: &str) -> Result<(Word, usize), Failure> {
    let Some(tag) = dollar_tag(text.as_bytes(), 0) else {
        return Ok((Word::Symbol("$"), 1));
    };
    let length = dollar_end(text, 0, tag)?;
    let text = text[tag..length - tag].to_owned();
    Ok((Word::Text(text), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Word> {
        let mut words = Words::new(text);
        let mut found = Vec::new();
        loop {
            match words.next().unwrap() {
                Word::End => return found,
                word => found.push(word),
            }
        }
    }

    #[test]
    fn words_are_taken_apart() {
        let text = "Set /* a /* b */ */ \"A\"\"b\" = 'it''s' -- end\n, E'a\\'b\\n', $$x$$, $t$y$$z$t$, $12::int, 1.5e-3;";
        let plain = |text: &str| Word::Plain(text.to_owned());
        let literal = |text: &str| Word::Text(text.to_owned());
        let comma = || Word::Symbol(",");
        let expected = [
            plain("set"),
            Word::Quoted("A\"b".to_owned()),
            Word::Symbol("="),
            literal("it's"),
            comma(),
            literal("a'b\n"),
            comma(),
            literal("x"),
            comma(),
            literal("y$$z"),
            comma(),
            Word::Param(12),
            Word::Symbol("::"),
            plain("int"),
            comma(),
            Word::Number("1.5e-3".to_owned()),
            Word::Symbol(";"),
        ];
        assert_eq!(words(text), expected);
    }

    #[test]
    fn what_cannot_stand_there_is_named() {
        let mut unexpected = Words::new("show é +");
        unexpected.next().unwrap();
        unexpected.next().unwrap();
        let fields = unexpected.unexpected().response().fields;
        assert!(fields.contains(&(b'M', "syntax error at or near \"+\"".to_owned())));
        assert!(fields.contains(&(b'P', "8".to_owned())));
        assert_eq!(Words::new("'a").next().unwrap_err().sqlstate(), "42601");
        assert_eq!(Words::new("$a$ b").next().unwrap_err().sqlstate(), "42601");
    }

    #[test]
    fn characters_stand_there_by_their_number() {
        let read = |text| Words::new(text).next();
        let escapes = r"E'\x41\101\u00e9\U0001F600\x'";
        assert_eq!(read(escapes).unwrap(), Word::Text("AAé😀x".to_owned()));
        for (escapes, sqlstate) in [
            (r"E'\u12'", "22025"),
            (r"E'\ud83d'", "0A000"),
            (r"E'\xff'", "0A000"),
            (r"E'\0'", "22021"),
            (r"E'\", "42601"),
        ] {
            assert_eq!(read(escapes).unwrap_err().sqlstate(), sqlstate, "{escapes}");
        }
    }

    #[test]
    fn long_names_are_cut() {
        let name = Words::new(&"ä".repeat(100)).name().unwrap();
        assert_eq!(name, "ä".repeat(31));
    }
}
