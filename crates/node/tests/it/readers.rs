//! Readers keep their cursors in `_system`.

use std::sync::Arc;

use headwater_event::{Append, EventType, NewEvent, StreamName};
use headwater_node::env::SystemEnv;
use headwater_node::{
    Cursor, CursorOf, Cursors, DatabaseId, DatabaseName, Keep, Node, Options, Parts,
};
use uuid::Uuid;

async fn open(root: &std::path::Path) -> Node {
    let env = Arc::new(SystemEnv);
    Node::open(root.to_owned(), env, Options::default())
        .await
        .unwrap()
}

fn of(category: Option<&str>, part: u32) -> CursorOf {
    CursorOf {
        database: DatabaseId(Uuid::nil()),
        category: category.map(str::to_owned),
        parts: match category {
            Some(_) => Parts::default(),
            None => Parts::ONE,
        },
        part,
    }
}

fn keep(reader: &str, cursors: &[(CursorOf, u64)], whole: bool) -> Keep {
    let cursor = |(of, next): &(CursorOf, u64)| {
        let note = format!("note {next}");
        (of.clone(), Cursor { next: *next, note })
    };
    Keep {
        reader: reader.to_owned(),
        cursors: cursors.iter().map(cursor).collect(),
        whole,
    }
}

#[tokio::test]
async fn cursors_are_those_that_were_kept_last() {
    let directory = tempfile::tempdir().unwrap();
    let node = open(directory.path()).await;
    assert_eq!(node.cursors("workers").await.unwrap(), Cursors::new());
    let (log, first, second) = (of(None, 0), of(Some("account"), 0), of(Some("account"), 1));
    let before = [(log.clone(), 3), (first.clone(), 5)];
    let kept = [
        keep("workers", &[(second.clone(), 1)], true),
        keep("others", &[(log.clone(), 9)], true),
        keep("workers", &before, true),
        keep("workers", &[(first.clone(), 8)], false),
    ];
    node.keep_cursors(&kept).await.unwrap();
    let expected = keep("workers", &[(log, 3), (first, 8)], true).cursors;
    assert_eq!(
        node.cursors("workers").await.unwrap(),
        expected,
        "the first was not counted"
    );
    node.shutdown().await;

    let node = open(directory.path()).await;
    assert_eq!(node.cursors("workers").await.unwrap(), expected);
    assert_eq!(node.readers("", 10).await.unwrap(), ["others", "workers"]);
    assert_eq!(node.readers("", 1).await.unwrap(), ["others"]);
    node.forget_reader("workers").await.unwrap();
    assert_eq!(node.cursors("workers").await.unwrap(), Cursors::new());
    assert_eq!(node.readers("", 10).await.unwrap(), ["others"]);
    node.shutdown().await;
}

#[tokio::test]
async fn many_that_are_not_whole_are_folded() {
    let directory = tempfile::tempdir().unwrap();
    let node = open(directory.path()).await;
    for next in 0..300 {
        let part = of(Some("account"), u32::try_from(next % 7).unwrap());
        node.keep_cursors(&[keep("workers", &[(part, next)], false)])
            .await
            .unwrap();
    }
    let cursors = node.cursors("workers").await.unwrap();
    let next: Vec<u64> = cursors.values().map(|cursor| cursor.next).collect();
    assert_eq!(next, [294, 295, 296, 297, 298, 299, 293]);
    node.shutdown().await;
}

#[tokio::test]
async fn cursors_are_of_a_number_of_parts_and_end_with_their_database() {
    let directory = tempfile::tempdir().unwrap();
    let node = open(directory.path()).await;
    let shop: DatabaseName = "shop".parse().unwrap();
    let id = node.create(&shop).await.unwrap().id;
    let in_shop = |count, part| CursorOf {
        database: id,
        parts: Parts::new(count).unwrap(),
        ..of(Some("account"), part)
    };
    let there = of(None, 0);
    let kept = [
        (there.clone(), 3),
        (in_shop(8, 1), 5),
        (in_shop(16, 1), 6),
        (in_shop(16, 9), 7),
    ];
    let keeps = [
        keep("workers", &kept, true),
        keep("shop/a", &kept[1..], true),
        keep("shop/b", &kept[..1], true),
        keep("shop/b", &kept[1..], false),
        keep("shopper", &kept[..1], true),
    ];
    node.keep_cursors(&keeps).await.unwrap();
    assert_eq!(node.cursors("workers").await.unwrap(), keeps[0].cursors);
    assert_eq!(
        node.readers("shop/", 10).await.unwrap(),
        ["shop/a", "shop/b"]
    );

    node.delete(&shop).await.unwrap();
    node.create(&shop).await.unwrap();
    let left = keep("workers", &kept[..1], true).cursors;
    assert_eq!(node.cursors("workers").await.unwrap(), left);
    assert_eq!(node.cursors("shop/a").await.unwrap(), Cursors::new());
    let listed = node.readers("", 10).await.unwrap();
    assert_eq!(listed, ["shop/b", "shopper", "workers"]);
    node.shutdown().await;
}

#[tokio::test]
async fn looking_at_categories_uses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let node = open(directory.path()).await;
    let shop: DatabaseName = "shop".parse().unwrap();
    node.create(&shop).await.unwrap();
    assert!(node.categories(&shop, 10).await.unwrap().is_empty());
    assert_eq!(node.stats().wakes, 0, "it sleeps on");
    let handle = node.database(&shop).await.unwrap();
    for stream in ["b/1", "a/1", "a/2", "c/1"] {
        let event = NewEvent::json(EventType::new("Noted").unwrap(), "1");
        let event = event.in_stream(StreamName::new(stream).unwrap());
        handle.append(Append::of(vec![event]), None).await.unwrap();
    }
    let found = node.categories(&shop, 2).await.unwrap();
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(node.categories(&shop, 10).await.unwrap().len(), 3);
    node.shutdown().await;
}
