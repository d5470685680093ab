use headwater_event::{EventType, Facts, Query, QueryItem, StreamName, Tag, Text};

fn tags(names: &[&str]) -> Vec<Tag> {
    names.iter().map(|name| Tag::new(*name).unwrap()).collect()
}

#[test]
fn an_item_matches_when_all_that_it_names_holds() {
    let stream = StreamName::new("account/42").unwrap();
    let of_event = tags(&["customer:7", "region:eu"]);
    let facts = Facts {
        event_type: "Opened",
        tags: &of_event,
        stream: Some(&stream),
    };
    let matches = |item: QueryItem| Query { items: vec![item] }.matches_facts(facts);

    assert!(matches(QueryItem::default()));
    assert!(matches(QueryItem {
        types: vec![
            EventType::new("Closed").unwrap(),
            EventType::new("Opened").unwrap()
        ],
        tags: tags(&["region:eu", "customer:7"]),
        stream: Some(stream.clone()),
        category: Some(Text::from("account")),
    }));
    assert!(!matches(QueryItem {
        tags: tags(&["customer:7", "x"]),
        ..QueryItem::default()
    }));
    assert!(!matches(QueryItem {
        types: vec![EventType::new("Closed").unwrap()],
        ..QueryItem::default()
    }));
    assert!(!matches(QueryItem {
        stream: Some(StreamName::new("account/43").unwrap()),
        ..QueryItem::default()
    }));
    assert!(!matches(QueryItem {
        category: Some(Text::from("acc")),
        ..QueryItem::default()
    }));
}

#[test]
fn an_event_without_a_stream_is_in_no_category() {
    let facts = Facts {
        event_type: "Noted",
        tags: &[],
        stream: None,
    };
    let category = QueryItem {
        category: Some(Text::from("account")),
        ..QueryItem::default()
    };
    assert!(
        !Query {
            items: vec![category]
        }
        .matches_facts(facts)
    );
    assert!(Query::all().matches_facts(facts));
}

#[test]
fn items_are_joined_by_or() {
    let facts = Facts {
        event_type: "Noted",
        tags: &[],
        stream: None,
    };
    let item = |name| QueryItem {
        types: vec![EventType::new(name).unwrap()],
        ..QueryItem::default()
    };
    assert!(
        Query {
            items: vec![item("Other"), item("Noted")]
        }
        .matches_facts(facts)
    );
    assert!(
        !Query {
            items: vec![item("Other")]
        }
        .matches_facts(facts)
    );
    assert!(
        !Query {
            items: vec![item("Other")]
        }
        .is_all()
    );
    assert!(
        Query {
            items: vec![item("Other"), QueryItem::default()]
        }
        .is_all()
    );
}
