//! Readers keep their cursors in `_system`.

use std::sync::Arc;

use headwater_node::env::SystemEnv;
use headwater_node::{Cursor, CursorOf, Cursors, DatabaseId, Keep, Node, Options};
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
    assert_eq!(node.readers(10).await.unwrap(), ["others", "workers"]);
    assert_eq!(node.readers(1).await.unwrap(), ["others"]);
    node.forget_reader("workers").await.unwrap();
    assert_eq!(node.cursors("workers").await.unwrap(), Cursors::new());
    assert_eq!(node.readers(10).await.unwrap(), ["others"]);
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
