//! The sweeper: one task for the whole node that lets idle databases fall asleep. While all are
//! asleep it has no timer.

use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::database::{Database, DatabaseState};
use crate::node::Inner;

/// How often it looks, at most and at least.
const LOOK_MIN: Duration = Duration::from_millis(20);
const LOOK_MAX: Duration = Duration::from_secs(5);

/// Starts the sweeper, if databases may fall asleep at all. It ends with the node.
pub(crate) fn start(inner: &Arc<Inner>) {
    if let Some(sleep_after) = inner.options.sleep_after {
        tokio::spawn(sweep(
            Arc::downgrade(inner),
            inner.woke.clone(),
            sleep_after,
        ));
    }
}

async fn sweep(node: Weak<Inner>, woke: Arc<tokio::sync::Notify>, sleep_after: Duration) {
    let pause = (sleep_after / 4).clamp(LOOK_MIN, LOOK_MAX);
    loop {
        let Some(inner) = node.upgrade() else { return };
        let awake = awake(&inner);
        let before = inner.env.monotonic().saturating_sub(sleep_after);
        drop(inner);
        for database in &awake {
            database.fall_asleep(before).await;
        }
        match awake.is_empty() {
            true => woke.notified().await,
            false => tokio::time::sleep(pause).await,
        }
    }
}

fn awake(inner: &Inner) -> Vec<Arc<Database>> {
    let registry = inner.registry();
    let awake = registry
        .all()
        .filter(|database| database.state().0 == DatabaseState::Awake);
    awake.cloned().collect()
}
