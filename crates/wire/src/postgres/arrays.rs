//! Arrays in binary, as PostgreSQL's `array_send` and `array_recv` have them.
//!
//! ```text
//! dimensions  1, or 0 of an empty array
//! flags       1 if there are nulls
//! oid         of the type of the elements
//! length, first subscript       of the dimension
//! length or -1 for null, bytes  of each element
//! ```

use bytes::BufMut;
use headwater_sql::{Type, Value};

use crate::postgres::failure::Failure;
use crate::postgres::types::ParamType;
use crate::postgres::values::{read_binary, write_binary};

/// The length of an element that is null.
const NULL: i32 = -1;

/// Bytes of the length that stands before each element.
const LENGTH_BYTES: usize = 4;

/// Reads an array of this type.
pub(super) fn read(ty: Type, element: Type, bytes: &[u8]) -> Result<Value, Failure> {
    let mut rest = Rest(bytes);
    let (dimensions, flags, oid) = (rest.int()?, rest.int()?, rest.int()?.cast_unsigned());
    if !matches!(flags, 0 | 1) {
        return Err(wrong("invalid array flags"));
    }
    let expected = ParamType::of(element);
    if oid != expected.oid {
        let message = format!(
            "binary data has array element type {oid} instead of expected {} ({element})",
            expected.oid
        );
        return Err(Failure::new("42804", message));
    }
    let count = match dimensions {
        0 => 0,
        1 => {
            let (count, first) = (rest.int()?, rest.int()?);
            if first != 1 {
                return Err(Failure::unsupported("an array with bounds"));
            }
            usize::try_from(count).map_err(|_| wrong("invalid array length"))?
        }
        2..=6 => return Err(Failure::unsupported("an array of more than one dimension")),
        _ => return Err(wrong("invalid number of dimensions")),
    };
    if count > rest.0.len() / LENGTH_BYTES {
        return Err(too_short());
    }
    let elements = (0..count).map(|_| match rest.int()? {
        NULL => Ok(Value::Null),
        length => {
            let length = usize::try_from(length).map_err(|_| too_short())?;
            read_binary(expected, rest.take(length)?)
        }
    });
    let array = Value::array(ty, bytes.len(), elements)?;
    match rest.0.is_empty() {
        true => Ok(array),
        false => Err(wrong("bytes after the end of the array")),
    }
}

/// Writes an array of this type.
pub(super) fn write(out: &mut impl BufMut, ty: Type, array: &Value) -> Result<(), Failure> {
    let elements = array.elements()?.unwrap_or_default();
    out.put_i32(i32::from(!elements.is_empty()));
    out.put_i32(i32::from(elements.contains(&Value::Null)));
    out.put_u32(ty.element().map_or(0, Type::oid));
    if elements.is_empty() {
        return Ok(());
    }
    let too_long = |_| Failure::unsupported("an array of this length in binary");
    out.put_i32(i32::try_from(elements.len()).map_err(too_long)?);
    out.put_i32(i32::from(matches!(ty, Type::Array(_)))); // vectors are counted from 0
    for element in &elements {
        if *element == Value::Null {
            out.put_i32(NULL);
            continue;
        }
        let mut bytes = Vec::new();
        write_binary(&mut bytes, element)?;
        out.put_i32(i32::try_from(bytes.len()).map_err(too_long)?);
        out.put_slice(&bytes);
    }
    Ok(())
}

/// What is left of an array.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Failure> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(too_short)?;
        self.0 = rest;
        Ok(taken)
    }

    fn int(&mut self) -> Result<i32, Failure> {
        let bytes = self.take(LENGTH_BYTES)?.try_into();
        bytes.map(i32::from_be_bytes).map_err(|_| too_short())
    }
}

fn too_short() -> Failure {
    wrong("insufficient data left in message")
}

fn wrong(message: &str) -> Failure {
    Failure::new("22P03", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTS: Type = Type::Array(&Type::Int);

    fn ints(bytes: &[u8]) -> Result<Value, Failure> {
        read(INTS, Type::Int, bytes)
    }

    /// Numbers of four bytes each.
    fn words(words: &[i32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    #[test]
    fn the_bytes_are_those_of_postgresql() {
        let array = Value::from_text(INTS, "{7,NULL}").unwrap();
        let bytes = words(&[1, 1, 23, 2, 1, 4, 7, -1]);
        let mut written = Vec::new();
        write(&mut written, INTS, &array).unwrap();
        assert_eq!(written, bytes);
        assert_eq!(ints(&bytes).unwrap(), array);
        let empty = Value::from_text(INTS, "{}").unwrap();
        assert_eq!(ints(&words(&[0, 0, 23])).unwrap(), empty);
        assert_eq!(ints(&words(&[1, 0, 23, 0, 1])).unwrap(), empty);
    }

    /// Bytes of memory that the process had at most so far.
    fn resident_most() -> usize {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
        kib.unwrap().parse::<usize>().unwrap() << 10
    }

    #[test]
    fn very_many_elements_take_little_more_than_their_text() {
        const COUNT: usize = 4 << 20;
        let mut bytes = words(&[1, 1, 23, COUNT as i32, 1]);
        bytes.resize(bytes.len() + COUNT * LENGTH_BYTES, 0xff);
        let text = format!("{{{}7}}", "7,".repeat(COUNT));
        let before = resident_most();
        for array in [ints(&bytes), Ok(Value::from_text(INTS, &text).unwrap())] {
            let Value::Array(INTS, text) = array.unwrap() else {
                panic!("it is an array");
            };
            assert!(text.len() > 2 * COUNT);
        }
        let grown = resident_most() - before;
        assert!(grown < 24 * COUNT, "{grown} bytes for {COUNT} elements");
    }

    #[test]
    fn what_is_not_an_array_is_refused() {
        for (sqlstate, bytes) in [
            ("22P03", words(&[])),
            ("22P03", words(&[0, 0])),
            ("22P03", words(&[-1, 0, 23])),
            ("22P03", words(&[7, 0, 23])),
            ("22P03", words(&[0, 2, 23])),
            ("22P03", words(&[0, 0, 23, 0])),
            ("22P03", words(&[1, 0, 23, -1, 1])),
            ("22P03", words(&[1, 0, 23, i32::MAX, 1, 4, 7])),
            ("22P03", words(&[1, 0, 23, 2, 1, 4, 7])),
            ("22P03", words(&[1, 0, 23, 1, 1, 4])),
            ("22P03", words(&[1, 0, 23, 1, 1, -2, 7])),
            ("22P03", words(&[1, 0, 23, 1, 1, 8, 7, 7])),
            ("42804", words(&[1, 0, 25, 1, 1, 4, 7])),
            ("0A000", words(&[1, 0, 23, 1, 0, 4, 7])),
            ("0A000", words(&[2, 0, 23, 1, 1, 1, 1, 4, 7])),
        ] {
            assert_eq!(ints(&bytes).unwrap_err().sqlstate(), sqlstate, "{bytes:?}");
        }
    }
}
