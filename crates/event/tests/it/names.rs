use headwater_event::{ChainHash, EventId, EventType, LogId, StreamName, Tag, Text};
use proptest::prelude::*;

#[test]
fn a_stream_is_its_category_and_key() {
    let stream = StreamName::new("file/src/main.rs").unwrap();
    assert_eq!(stream.category(), "file");
    assert_eq!(stream.key(), "src/main.rs", "the key may hold more slashes");
}

#[test]
fn names_that_cannot_be_used_say_why() {
    for (name, why) in [
        ("", "the stream name is empty"),
        ("account", "no category and key"),
        ("/42", "no category and key"),
        ("account/", "no category and key"),
        ("account/4\n2", "control character"),
    ] {
        let error = StreamName::new(name).unwrap_err();
        assert!(error.to_string().contains(why), "{name:?}: {error}");
        assert_eq!(error.code(), "bad_name");
    }
}

#[test]
fn a_foreign_id_is_one_uuid_for_one_pair() {
    let id = EventId::foreign("shop", "order-1");
    assert_eq!(id, EventId::foreign("shop", "order-1"));
    assert_eq!(id.0.get_version_num(), 5);
    assert_ne!(EventId::foreign("a", "bc"), EventId::foreign("ab", "c"));
}

#[test]
fn bad_ids_and_hashes_are_named() {
    assert_eq!("x".parse::<LogId>().unwrap_err().code(), "bad_id");
    assert_eq!("x".parse::<ChainHash>().unwrap_err().code(), "bad_hash");
    let strange = "é".repeat(32);
    assert_eq!(strange.parse::<ChainHash>().unwrap_err().code(), "bad_hash");
}

proptest! {
    #[test]
    fn a_hash_reads_back_what_it_shows(bytes: [u8; 32]) {
        let hash = ChainHash(bytes);
        prop_assert_eq!(hash.to_string().parse::<ChainHash>().unwrap(), hash);
    }

    #[test]
    fn the_chain_depends_on_every_append_and_their_order(a: Vec<u8>, b: Vec<u8>) {
        let forward = ChainHash::START.then(&a).then(&b);
        prop_assert_eq!(forward, ChainHash::START.then(&a).then(&b));
        if a != b {
            prop_assert_ne!(forward, ChainHash::START.then(&b).then(&a));
        }
    }

    #[test]
    fn any_printable_text_is_a_name(text in "[^\\p{Cc}]{1,100}") {
        let name = EventType::new(text.as_str()).unwrap();
        prop_assert_eq!(name.as_str(), text.as_str());
        if text.len() <= 256 {
            let tag = Tag::new(text.as_str()).unwrap();
            prop_assert_eq!(tag.as_str(), text.as_str());
        }
    }

    #[test]
    fn text_takes_utf8_and_nothing_else(bytes: Vec<u8>) {
        let taken = Text::from_utf8(bytes.clone().into());
        prop_assert_eq!(taken.is_ok(), std::str::from_utf8(&bytes).is_ok());
    }
}
