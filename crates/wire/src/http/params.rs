//! The query string: each parameter is known, given once unless it is a list, and well formed.

use std::str::FromStr;
use std::string::FromUtf8Error;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use headwater_event::Error;

use crate::http::problem::Problem;

/// The parameters of a request that nobody has taken yet.
#[derive(Debug)]
pub(crate) struct Params {
    pairs: Vec<(String, String)>,
    known: Vec<&'static str>,
}

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Params, Problem> {
        Ok(Params::parse(parts.uri.query().unwrap_or(""))?)
    }
}

impl Params {
    /// Reads `application/x-www-form-urlencoded` text.
    pub(crate) fn parse(query: &str) -> Result<Params, Error> {
        let pair = |part: &str| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let decode = |text| decode(text).map_err(|error| error.field(name));
            Ok((decode(name)?, decode(value)?))
        };
        Ok(Params {
            pairs: query
                .split('&')
                .filter(|part| !part.is_empty())
                .map(pair)
                .collect::<Result<_, Error>>()?,
            known: Vec::new(),
        })
    }

    /// Takes a parameter that may repeat.
    pub(crate) fn many(&mut self, name: &'static str) -> Vec<String> {
        self.known.push(name);
        let taken = self.pairs.extract_if(.., |(key, _)| key == name);
        taken.map(|(_, value)| value).collect()
    }

    /// Takes a parameter that stands at most once.
    pub(crate) fn one(&mut self, name: &'static str) -> Result<Option<String>, Error> {
        let mut values = self.many(name);
        if values.len() > 1 {
            return Err(
                Error::invalid("bad_request", "the parameter is given twice")
                    .field(name)
                    .found(values.join(" and "))
                    .expected("it at most once"),
            );
        }
        Ok(values.pop())
    }

    /// Takes a parameter and reads it; errors of its own kind name it.
    pub(crate) fn parsed<T: FromStr<Err = Error>>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<T>, Error> {
        let text = self.one(name)?;
        text.map(|text| text.parse())
            .transpose()
            .map_err(|error: Error| error.field(name))
    }

    /// Takes a whole number.
    pub(crate) fn number(&mut self, name: &'static str) -> Result<Option<u64>, Error> {
        let Some(text) = self.one(name)? else {
            return Ok(None);
        };
        let number = text.parse().map_err(|_| {
            Error::invalid("bad_request", "the parameter is not a number")
                .field(name)
                .found(&text)
                .expected(format!("a whole number from 0 to {}", u64::MAX))
        });
        number.map(Some)
    }

    /// Takes `true` or `false`; without it, false.
    pub(crate) fn flag(&mut self, name: &'static str) -> Result<bool, Error> {
        match self.one(name)?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(
                Error::invalid("bad_request", "the parameter is not true or false")
                    .field(name)
                    .found(other)
                    .expected("true or false"),
            ),
        }
    }

    /// Refuses what nobody took: it would be ignored, and the answer not the one that was asked
    /// for.
    pub(crate) fn finish(self) -> Result<(), Error> {
        let Some((name, _)) = self.pairs.first() else {
            return Ok(());
        };
        let known = match self.known.as_slice() {
            [] => "no parameters here".to_owned(),
            names => format!("one of {}", names.join(", ")),
        };
        Err(
            Error::invalid("bad_request", "there is no such parameter here")
                .field(name.as_str())
                .found(name)
                .expected(known),
        )
    }
}

/// Takes `+` and percent signs back to what they stand for (WHATWG URL, section 5.1).
fn decode(text: &str) -> Result<String, Error> {
    unescape(&text.replace('+', " ")).map_err(|error| {
        Error::invalid("bad_request", "the parameter is not UTF-8")
            .found(String::from_utf8_lossy(error.as_bytes()))
            .expected("percent-encoded UTF-8")
    })
}

/// Takes percent signs back to what they stand for (WHATWG URL, section 1.3).
pub(crate) fn unescape(text: &str) -> Result<String, FromUtf8Error> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        rest = tail;
        match (byte, tail) {
            (b'%', [high, low, after @ ..]) if hex(*high).is_some() && hex(*low).is_some() => {
                bytes.push(hex(*high).unwrap_or(0) << 4 | hex(*low).unwrap_or(0)); // digits, as the guard says
                rest = after;
            }
            _ => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded() {
        let mut params = Params::parse("tag=a%20b&tag=c+d&tag=50%&x=%C3%A4&&flag").unwrap();
        assert_eq!(params.many("tag"), ["a b", "c d", "50%"]);
        assert_eq!(params.one("x").unwrap().unwrap(), "ä");
        assert_eq!(params.one("flag").unwrap().unwrap(), "");
        params.finish().unwrap();
    }

    #[test]
    fn what_is_wrong_is_named() {
        let field = |error: Error| error.field_name().unwrap_or("").to_owned();
        assert_eq!(field(Params::parse("tag=%ff").unwrap_err()), "tag");
        let mut twice = Params::parse("limit=1&limit=2").unwrap();
        assert_eq!(field(twice.number("limit").unwrap_err()), "limit");
        let mut word = Params::parse("limit=many").unwrap();
        assert_eq!(field(word.number("limit").unwrap_err()), "limit");
        let unknown = Params::parse("limti=1").unwrap();
        assert_eq!(field(unknown.finish().unwrap_err()), "limti");
    }
}
