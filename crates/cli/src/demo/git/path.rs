//! Paths of git as keys of streams.
//!
//! Git allows every byte but zero in a path; a stream's name is printable text of at most 400
//! bytes. So a path is its own key, except that `%`, control characters and bytes that are not
//! UTF-8 become `%` and two hexadecimal digits (RFC 3986, section 2.1). What is too long then
//! goes under its hash, as `%blake3:` and the digits, which no other path can become.

use headwater_event::limits::NAME_BYTES_MAX;

/// The category of the streams of files.
pub(crate) const CATEGORY: &str = "file";

/// The name of a path's stream.
pub(crate) fn stream(path: &[u8]) -> String {
    let escaped = escaped(path);
    if CATEGORY.len() + 1 + escaped.len() <= NAME_BYTES_MAX {
        return format!("{CATEGORY}/{escaped}");
    }
    format!("{CATEGORY}/%blake3:{}", blake3::hash(path).to_hex())
}

/// The path as printable text, from which it can be read back.
pub(crate) fn escaped(path: &[u8]) -> String {
    let mut text = String::with_capacity(path.len());
    for chunk in path.utf8_chunks() {
        for letter in chunk.valid().chars() {
            if letter == '%' || letter.is_control() {
                let mut bytes = [0; 4];
                escape(&mut text, letter.encode_utf8(&mut bytes).as_bytes());
            } else {
                text.push(letter);
            }
        }
        escape(&mut text, chunk.invalid());
    }
    text
}

fn escape(text: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in bytes {
        text.push('%');
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

#[cfg(test)]
mod tests {
    use headwater_event::StreamName;
    use proptest::prelude::*;

    use super::*;

    fn unescaped(text: &str) -> Vec<u8> {
        let mut bytes = text.bytes();
        let mut path = Vec::new();
        while let Some(byte) = bytes.next() {
            if byte != b'%' {
                path.push(byte);
                continue;
            }
            let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
            let digits = std::str::from_utf8(&digits).unwrap();
            path.push(u8::from_str_radix(digits, 16).unwrap());
        }
        path
    }

    #[test]
    fn plain_paths_are_their_own_keys() {
        assert_eq!(stream(b"src/main.rs"), "file/src/main.rs");
        assert_eq!(
            stream("höhe/日本 \"x\"\\".as_bytes()),
            "file/höhe/日本 \"x\"\\"
        );
    }

    #[test]
    fn other_bytes_are_escaped() {
        assert_eq!(stream(b"a\nb%c\xff"), "file/a%0Ab%25c%FF");
        assert_eq!(stream("\u{85}".as_bytes()), "file/%C2%85");
    }

    #[test]
    fn long_paths_go_under_their_hash() {
        let longest = "x".repeat(NAME_BYTES_MAX - "file/".len());
        assert_eq!(stream(longest.as_bytes()), format!("file/{longest}"));
        let hashed = stream(format!("{longest}x").as_bytes());
        assert!(hashed.starts_with("file/%blake3:"));
        assert_eq!(hashed.len(), "file/%blake3:".len() + 64);
    }

    proptest! {
        #[test]
        fn every_path_comes_back(path in prop::collection::vec(1u8.., 1..200)) {
            prop_assert_eq!(unescaped(&escaped(&path)), path);
        }

        #[test]
        fn every_path_has_a_stream(path in prop::collection::vec(1u8.., 1..1000)) {
            prop_assert!(StreamName::new(stream(&path)).is_ok());
        }
    }
}
