//! Opening and closing a node, and what happens to databases meanwhile.

use std::path::Path;
use std::sync::Arc;

use futures::FutureExt as _;
use headwater_event::{Append, EventType, NewEvent, Outcome};
use headwater_journal::Fault;
use headwater_node::env::SystemEnv;
use headwater_node::{DatabaseName, MemoryStorages, Node, Options, Read};

async fn open(root: &Path, options: Options) -> Node {
    Node::open(root.to_owned(), Arc::new(SystemEnv), options)
        .await
        .unwrap()
}

fn shop() -> DatabaseName {
    "shop".parse().unwrap()
}

fn noted() -> Append {
    Append::of(vec![NewEvent::json(EventType::new("Noted").unwrap(), "1")])
}

#[tokio::test]
async fn a_node_that_was_shut_down_answers_nobody_and_gives_its_lock_back() {
    let directory = tempfile::tempdir().unwrap();
    let node = open(directory.path(), Options::default()).await;
    node.create(&shop()).await.unwrap();
    let handle = node.database(&shop()).await.unwrap();
    handle.append(noted(), None).await.unwrap();
    node.shutdown().await;
    let error = node.database(&shop()).await.err().unwrap();
    assert_eq!(error.code(), "stopping");
    assert!(error.is_retryable());
    assert!(handle.append(noted(), None).await.is_err());

    let again = open(directory.path(), Options::default()).await;
    let handle = again.database(&shop()).await.unwrap();
    assert_eq!(handle.head().0, 1);
    again.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shutting_down_finishes_what_was_accepted() {
    let directory = tempfile::tempdir().unwrap();
    let node = open(directory.path(), Options::default()).await;
    node.create(&shop()).await.unwrap();
    let writers = (0..8).map(|_| {
        let node = node.clone();
        tokio::spawn(async move {
            let handle = node.database(&shop()).await.unwrap();
            let mut last = 0;
            while let Ok(Outcome::Appended(appended)) = handle.append(noted(), None).await {
                last = appended.last.0;
            }
            last
        })
    });
    let writers: Vec<_> = writers.collect();
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    node.shutdown().await;
    let mut acknowledged = 0;
    for writer in writers {
        acknowledged = acknowledged.max(writer.await.unwrap());
    }
    assert!(acknowledged > 0);
    let again = open(directory.path(), Options::default()).await;
    let head = again.database(&shop()).await.unwrap().head().0;
    assert!(
        head >= acknowledged,
        "{head} after {acknowledged} was acknowledged"
    );
    again.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_while_others_write_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let node = open(directory.path(), Options::default()).await;
    for _ in 0..10 {
        node.create(&shop()).await.unwrap();
        let writers = (0..4).map(|_| {
            let node = node.clone();
            tokio::spawn(async move {
                loop {
                    let appended = match node.database(&shop()).await {
                        Ok(handle) => handle.append(noted(), None).await,
                        Err(error) => return error,
                    };
                    if let Err(error) = appended {
                        return error;
                    }
                }
            })
        });
        let writers: Vec<_> = writers.collect();
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        node.delete(&shop()).await.unwrap();
        for writer in writers {
            let error = writer.await.unwrap();
            assert!(
                ["unknown_database", "closed"].contains(&error.code()),
                "{error}"
            );
        }
    }
    let databases = std::fs::read_dir(directory.path().join("databases")).unwrap();
    assert_eq!(databases.count(), 0);
    node.shutdown().await;
}

#[tokio::test]
async fn the_node_s_own_log_is_opened_again_after_a_panic() {
    let directory = tempfile::tempdir().unwrap();
    let storages = Arc::new(MemoryStorages::default());
    let options = Options {
        storages: storages.clone(),
        ..Options::default()
    };
    let node = open(directory.path(), options).await;
    node.create(&shop()).await.unwrap();
    let system = storages.log(&directory.path().join("system/log")).unwrap();
    system.inject(Fault::Panic);
    let other: DatabaseName = "other".parse().unwrap();
    node.create(&other).await.unwrap_err();

    let begun = std::time::Instant::now();
    while let Err(error) = node.create(&other).await {
        assert!(begun.elapsed().as_secs() < 30, "{error}");
    }
    let page = node.database(&DatabaseName::system()).await.unwrap();
    let page = page.read(None, Read::default()).await.unwrap();
    assert_eq!(page.events.len(), 2);
    node.database(&shop())
        .await
        .unwrap()
        .append(noted(), None)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_node_that_is_dropped_lets_go_of_everything() {
    let directory = tempfile::tempdir().unwrap();
    let node = open(directory.path(), Options::default()).await;
    node.create(&shop()).await.unwrap();
    node.database(&shop())
        .await
        .unwrap()
        .append(noted(), None)
        .await
        .unwrap();
    drop(node);
    let begun = std::time::Instant::now();
    let again = loop {
        let env = Arc::new(SystemEnv);
        match Node::open(directory.path().to_owned(), env, Options::default()).await {
            Ok(node) => break node,
            Err(error) => assert!(begun.elapsed().as_secs() < 30, "{error}"),
        }
    };
    assert_eq!(again.database(&shop()).await.unwrap().head().0, 1);
    again.shutdown().await;
}

/// A change is begun on a runtime that ends at once, as a lane of a server does.
#[test]
fn a_change_goes_on_after_the_runtime_of_who_asked_for_it() {
    let directory = tempfile::tempdir().unwrap();
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap()
    };
    let own = runtime();
    let node = own.block_on(open(directory.path(), Options::default()));
    let other = runtime();
    let asked = other.block_on(async { node.create(&shop()).now_or_never() });
    drop(other);
    own.block_on(async {
        assert!(asked.is_none(), "it takes a sync and cannot be done yet");
        while node.list().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        node.shutdown().await;
    });
}
