//! What clients say. Each message is read from a frame of its own, and every length in it is
//! checked against what is there.

use bytes::Bytes;

use crate::postgres::failure::Failure;

/// A message of a client that is past its start-up.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frontend {
    /// Statements, of which all run now.
    Query(String),
    /// A statement, to be run later.
    Parse(Parse),
    /// Values for the parameters of a statement.
    Bind(Bind),
    /// What a statement or portal takes and gives.
    Describe(Target),
    /// Runs a portal.
    Execute {
        /// The name; empty for the unnamed one.
        portal: String,
        /// At most so many rows now; 0 for all.
        rows_max: u32,
    },
    /// Forgets a statement or portal.
    Close(Target),
    /// Asks for what is ready.
    Flush,
    /// Ends a series of messages, and what an error in it has stopped.
    Sync,
    /// The client goes.
    Terminate,
    /// A part of a copy, which may come when the copy has failed already.
    OfCopy,
}

/// A statement by name, and the types of its parameters that the client knows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Parse {
    /// Empty for the unnamed one.
    pub(crate) name: String,
    pub(crate) sql: String,
    /// By number as in `pg_type`; 0 for one that is not known.
    pub(crate) types: Vec<u32>,
}

/// Values for the parameters of a statement.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Bind {
    pub(crate) portal: String,
    pub(crate) statement: String,
    /// 0 for text, 1 for binary; none, one for all, or one for each.
    pub(crate) formats: Vec<u16>,
    /// `None` is null.
    pub(crate) values: Vec<Option<Bytes>>,
    /// The formats of the columns, in the same way.
    pub(crate) result_formats: Vec<u16>,
}

/// A statement or a portal, by name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Statement(String),
    Portal(String),
}

/// Whether messages of this kind may be large; the others hold names and numbers.
pub(crate) fn may_be_large(kind: u8) -> bool {
    matches!(kind, b'Q' | b'P' | b'B')
}

impl Frontend {
    /// Whether the kind is one that a client may send now.
    pub(crate) fn is_known(kind: u8) -> bool {
        matches!(
            kind,
            b'Q' | b'P' | b'B' | b'D' | b'E' | b'C' | b'H' | b'S' | b'X' | b'd' | b'c' | b'f'
        )
    }

    /// Reads the body of a message of a known kind: 08P01 if it is not as it should be, 22021 if
    /// a text in it is not UTF-8.
    pub(crate) fn read(kind: u8, body: Bytes) -> Result<Frontend, Failure> {
        let mut body = Body { rest: body };
        let message = match kind {
            b'Q' => Frontend::Query(body.text()?),
            b'P' => Frontend::Parse(Parse {
                name: body.text()?,
                sql: body.text()?,
                types: body.list(4, Body::u32)?,
            }),
            b'B' => Frontend::Bind(body.bind()?),
            b'D' => Frontend::Describe(body.target()?),
            b'C' => Frontend::Close(body.target()?),
            b'E' => Frontend::Execute {
                portal: body.text()?,
                rows_max: body.u32()?,
            },
            b'H' => Frontend::Flush,
            b'S' => Frontend::Sync,
            b'X' => Frontend::Terminate,
            _ => return Ok(Frontend::OfCopy),
        };
        match body.rest.is_empty() {
            true => Ok(message),
            false => Err(malformed("bytes after its end")),
        }
    }
}

/// What is left of a body.
pub(crate) struct Body {
    rest: Bytes,
}

impl Body {
    pub(crate) fn new(rest: Bytes) -> Body {
        Body { rest }
    }

    /// A text that ends with a zero byte.
    pub(crate) fn text(&mut self) -> Result<String, Failure> {
        let end = self.rest.iter().position(|byte| *byte == 0);
        let text = self.rest.split_to(end.ok_or_else(too_short)?);
        let text = utf8(&text)?.to_owned();
        self.bytes(1)?;
        Ok(text)
    }

    fn bytes(&mut self, count: usize) -> Result<Bytes, Failure> {
        match count <= self.rest.len() {
            true => Ok(self.rest.split_to(count)),
            false => Err(too_short()),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Failure> {
        let bytes = self.bytes(N)?;
        bytes.as_ref().try_into().map_err(|_| too_short())
    }

    fn u16(&mut self) -> Result<u16, Failure> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Failure> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    /// A count and as many items, each of `least` bytes or more.
    fn list<T>(
        &mut self,
        least: usize,
        mut item: impl FnMut(&mut Body) -> Result<T, Failure>,
    ) -> Result<Vec<T>, Failure> {
        let count = usize::from(self.u16()?);
        if count * least > self.rest.len() {
            return Err(too_short());
        }
        (0..count).map(|_| item(self)).collect()
    }

    fn bind(&mut self) -> Result<Bind, Failure> {
        Ok(Bind {
            portal: self.text()?,
            statement: self.text()?,
            formats: self.list(2, Body::u16)?,
            values: self.list(4, Body::value)?,
            result_formats: self.list(2, Body::u16)?,
        })
    }

    /// The length -1 is null.
    pub(crate) fn value(&mut self) -> Result<Option<Bytes>, Failure> {
        match self.u32()? {
            u32::MAX => Ok(None),
            length => self
                .bytes(usize::try_from(length).unwrap_or(usize::MAX))
                .map(Some),
        }
    }

    fn target(&mut self) -> Result<Target, Failure> {
        let [kind] = self.array()?;
        let name = self.text()?;
        match kind {
            b'S' => Ok(Target::Statement(name)),
            b'P' => Ok(Target::Portal(name)),
            other => Err(malformed(format!("the kind {other}, where S or P belongs"))),
        }
    }
}

fn too_short() -> Failure {
    malformed("its end before it is complete")
}

fn malformed(found: impl Into<String>) -> Failure {
    Failure::new("08P01", "invalid message format").detail(format!("Found {}.", found.into()))
}

/// The text, if it is one, as PostgreSQL wants it.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, Failure> {
    std::str::from_utf8(bytes).map_err(|error| {
        let wrong = &bytes[error.valid_up_to()..];
        let shown: Vec<String> = wrong
            .iter()
            .take(4)
            .map(|byte| format!("0x{byte:02x}"))
            .collect();
        let message = format!(
            "invalid byte sequence for encoding \"UTF8\": {}",
            shown.join(" ")
        );
        Failure::new("22021", message)
    })
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;
    use pgwire::messages::Message;
    use pgwire::messages::extendedquery;
    use proptest::prelude::*;

    use super::*;

    /// What is read of a message that the crate `pgwire` has written.
    fn read(message: &impl Message) -> Frontend {
        let mut frame = BytesMut::new();
        message.encode(&mut frame).unwrap();
        let mut body = frame.split_off(5);
        Frontend::read(frame[0], body.split().freeze()).unwrap()
    }

    fn name() -> impl Strategy<Value = String> {
        "[a-zä]{0,8}"
    }

    fn named(name: &str) -> Option<String> {
        (!name.is_empty()).then(|| name.to_owned())
    }

    proptest! {
        #[test]
        fn what_others_write_is_read(
            (first, second) in (name(), name()),
            sql in "[^\0]{0,40}",
            types in prop::collection::vec(any::<u32>(), 0..5),
            values in prop::collection::vec(prop::option::of(prop::collection::vec(any::<u8>(), 0..9)), 0..5),
            formats in prop::collection::vec(0_i16..2, 0..5),
        ) {
            let parse = extendedquery::Parse::new(named(&first), sql.clone(), types.clone());
            let expected = Parse { name: first.clone(), sql, types };
            prop_assert_eq!(read(&parse), Frontend::Parse(expected));

            let values: Vec<Option<Bytes>> =
                values.into_iter().map(|value| value.map(Bytes::from)).collect();
            let bind = extendedquery::Bind::new(
                named(&first),
                named(&second),
                formats.clone(),
                values.clone(),
                formats.clone(),
            );
            let formats: Vec<u16> = formats.into_iter().map(i16::cast_unsigned).collect();
            let expected = Bind {
                portal: first,
                statement: second,
                formats: formats.clone(),
                values,
                result_formats: formats,
            };
            prop_assert_eq!(read(&bind), Frontend::Bind(expected));
        }

        #[test]
        fn any_bytes_are_read_or_refused(
            kind in prop::sample::select(b"QPBDECHSXdcf".to_vec()),
            body in prop::collection::vec(any::<u8>(), 0..64),
        ) {
            if let Err(failure) = Frontend::read(kind, Bytes::from(body)) {
                prop_assert!(["08P01", "22021"].contains(&failure.sqlstate()));
            }
        }
    }
}
