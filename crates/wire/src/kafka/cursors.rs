//! What a group has read: in memory as it is told, in `_system` at a bounded rate.
//!
//! A member tells the offsets it has reached as often as it likes. They are written together some
//! seconds later, and no more bytes of them than [`BYTES_PER_SECOND`] for each member over time, so
//! that a group which reads all day does not fill `_system`. After a crash of the server a group
//! goes on a little earlier and reads some events again; after a stop in order it does not.

use std::collections::BTreeSet;
use std::time::Duration;

use headwater_node::{Cursor, CursorOf, Cursors, Keep};
use kafka_protocol::ResponseError;
use tokio::time::Instant;

use crate::kafka::renumber::{of_topic, other_number, renumber};

/// 864,000 a day: below a megabyte, with what a group may write at first.
const BYTES_PER_SECOND: u64 = 10;

/// Bytes that may be written at once after a silence.
const BYTES_MAX: i64 = 16 << 10;

/// What a new group may write before it has saved for it: some cursors, so that they survive a crash
/// soon, and little, because names of groups cost nothing.
const BYTES_AT_FIRST: i64 = 1 << 10;

/// What a group may write before it has saved for it when a member leaves, so that the next one goes
/// on where that one was, whatever happens to the server.
const BORROWED_MAX: i64 = 4 << 10;

/// What was told waits so long for more.
const PAUSE: Duration = Duration::from_secs(5);

/// So many times only what changed is written, then all.
const PARTIAL_MAX: u32 = 64;

/// Cursors of one group, and bytes of its notes: what is kept is kept for good.
const CURSORS_MAX: usize = 2_000;
const NOTES_BYTES_MAX: usize = 64 << 10;
const NOTE_BYTES_MAX: usize = 4 << 10;

/// The cursors of one group.
#[derive(Debug)]
pub(crate) struct GroupCursors {
    /// Nothing before they were read from `_system`.
    all: Option<Cursors>,
    /// Those that are not kept yet.
    changed: BTreeSet<CursorOf>,
    /// When the oldest of these is to be kept.
    due: Option<Instant>,
    /// How often only what changed was written since all was; nothing if it never was.
    partial: Option<u32>,
    budget: i64,
    budget_at: Instant,
    /// Whether a member has left with what is not kept yet.
    has_left: bool,
}

impl GroupCursors {
    pub(crate) fn new(now: Instant) -> GroupCursors {
        GroupCursors {
            all: None,
            changed: BTreeSet::new(),
            due: None,
            partial: None,
            budget: BYTES_AT_FIRST,
            budget_at: now,
            has_left: false,
        }
    }

    /// The cursors, once they are loaded.
    pub(crate) fn all(&self) -> Option<&Cursors> {
        self.all.as_ref()
    }

    /// Takes what `_system` has of the group, unless that was done before.
    pub(crate) fn load(&mut self, kept: Cursors) {
        self.all.get_or_insert(kept);
    }

    /// Whether everything is kept.
    pub(crate) fn is_kept(&self) -> bool {
        self.changed.is_empty()
    }

    /// Leaves out cursors of which nobody will ask any more.
    pub(crate) fn retain(&mut self, is_asked_for: impl Fn(&CursorOf) -> bool) {
        if let Some(all) = &mut self.all {
            all.retain(|of, _| is_asked_for(of));
            self.changed.retain(is_asked_for);
        }
    }

    /// Moves a cursor. If its topic has another number of partitions by now, the others in it become
    /// cursors of that number.
    pub(crate) fn set(
        &mut self,
        of: CursorOf,
        cursor: Cursor,
        now: Instant,
    ) -> Result<(), ResponseError> {
        let all = self
            .all
            .as_mut()
            .ok_or(ResponseError::CoordinatorLoadInProgress)?;
        let notes: usize = match cursor.note.is_empty() {
            true => 0, // the usual, which needs no walk
            false => all.values().map(|cursor| cursor.note.len()).sum(),
        };
        let (old, new) = match other_number(all, &of) {
            // At most so many for those that there are: a few hundred.
            Some(_) => (of_topic(all, &of).count(), of.parts.count() as usize),
            None => (0, usize::from(!all.contains_key(&of))),
        };
        let too_many = new > old && all.len() - old + new > CURSORS_MAX;
        let too_long = cursor.note.len() > NOTE_BYTES_MAX;
        if too_many || too_long || notes + cursor.note.len() > NOTES_BYTES_MAX {
            return Err(ResponseError::OffsetMetadataTooLarge);
        }
        if renumber(all, &of) {
            self.changed.retain(|changed| all.contains_key(changed));
            self.partial = None; // those of before must not count any more
        }
        if all.get(&of) != Some(&cursor) {
            all.insert(of.clone(), cursor);
            self.changed.insert(of);
            self.due.get_or_insert(now + PAUSE);
        }
        Ok(())
    }

    /// What changed is to be kept now, as far as may be borrowed for it: a member has left.
    pub(crate) fn hurry(&mut self, now: Instant) {
        if !self.changed.is_empty() {
            self.due = Some(now);
            self.has_left = true;
        }
    }

    /// What is to be kept by now, if the rate allows; `all` does not ask for either.
    pub(crate) fn take(
        &mut self,
        reader: &str,
        members: usize,
        now: Instant,
        all: bool,
    ) -> Option<Keep> {
        let cursors = self.all.as_ref()?;
        if self.changed.is_empty() || !(all || self.due.is_some_and(|due| now >= due)) {
            return None;
        }
        let whole = self.partial.is_none_or(|partial| partial >= PARTIAL_MAX);
        let chosen = |of: &CursorOf| whole || self.changed.contains(of);
        let chosen = cursors.iter().filter(|(of, _)| chosen(of));
        let keep = Keep {
            reader: reader.to_owned(),
            cursors: chosen
                .map(|(of, cursor)| (of.clone(), cursor.clone()))
                .collect(),
            whole,
        };
        let bytes = i64::try_from(keep.bytes()).unwrap_or(i64::MAX);
        let since = now.saturating_duration_since(self.budget_at).as_millis() as u64;
        let rate = BYTES_PER_SECOND * members.max(1) as u64;
        let earned = since * rate / 1_000;
        let budget = self.budget.saturating_add_unsigned(earned).min(BYTES_MAX);
        // What is larger than all that may be saved is written when as much was.
        let borrowed = if self.has_left { BORROWED_MAX } else { 0 };
        let missing = bytes.min(BYTES_MAX).saturating_sub(budget + borrowed);
        if !all && missing > 0 {
            let wait = Duration::from_millis((missing.unsigned_abs() * 1_000).div_ceil(rate));
            self.due = Some(now + wait.min(PAUSE)); // sooner, because more members may come
            return None;
        }
        (self.budget, self.budget_at) = (budget.saturating_sub(bytes), now);
        self.partial = Some(if whole {
            0
        } else {
            self.partial.unwrap_or(0) + 1
        });
        self.changed.clear();
        self.due = None;
        self.has_left = false;
        Some(keep)
    }

    /// Takes back what could not be kept.
    pub(crate) fn not_kept(&mut self, keep: &Keep, now: Instant) {
        self.changed.extend(keep.cursors.keys().cloned());
        self.partial = None;
        self.due = Some(now + PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use headwater_node::env::SystemEnv;
    use headwater_node::{DatabaseId, DatabaseName, MemoryStorages, Node, Options, Parts};

    fn of(part: u32) -> CursorOf {
        CursorOf {
            database: DatabaseId(uuid::Uuid::nil()),
            category: Some("account".to_owned()),
            parts: Parts::default(),
            part,
        }
    }

    fn cursor(next: u64) -> Cursor {
        Cursor {
            next,
            note: String::new(),
        }
    }

    /// What a commit takes in the files of a log beside its appends, at most: a frame starts and ends
    /// on a multiple of 64 bytes, with a header of 64 and an ending of 16 (docs/FORMAT.md).
    const FRAME: u64 = 64 + 16 + 63;

    async fn in_memory() -> (Node, tempfile::TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let options = Options {
            storages: Arc::new(MemoryStorages::default()),
            ..Options::default()
        };
        let env = Arc::new(SystemEnv);
        let node = Node::open(directory.path().to_owned(), env, options);
        (node.await.unwrap(), directory)
    }

    /// Appends and commits that `_system` has, and bytes of them.
    async fn system(node: &Node) -> (u64, u64) {
        let system = node.database(&DatabaseName::system()).await.unwrap();
        let log = system.figures().await.unwrap().log;
        (log.commits, log.bytes)
    }

    /// A member says every five seconds how far it is in all of its partitions, for a day of a clock
    /// that is only counted: how often that is written to `_system`, and the bytes that it takes there.
    async fn day(node: &Node, group: &str, partitions: u32) -> (u64, u64) {
        let before = system(node).await;
        let begun = Instant::now();
        let mut cursors = GroupCursors::new(begun);
        cursors.load(Cursors::new());
        for second in (0..86_400).step_by(5) {
            let now = begun + Duration::from_secs(second);
            for part in 0..partitions {
                let next = 10_000_000 + 1_000 * second + u64::from(part);
                cursors.set(of(part), cursor(next), now).unwrap();
            }
            if let Some(keep) = cursors.take(group, 1, now, false) {
                node.keep_cursors(&[keep]).await.unwrap();
            }
        }
        let after = system(node).await;
        let commits = after.0 - before.0;
        (commits, after.1 - before.1 + commits * FRAME)
    }

    #[tokio::test]
    async fn a_day_of_reading_takes_less_than_a_megabyte_of_system() {
        let (node, _directory) = in_memory().await;
        let long = "w".repeat(255);
        for (group, partitions, least) in [
            ("workers", 1, 2_000),
            ("workers", 8, 1_000),
            ("workers", 64, 100),
            (&*long, 8, 500),
        ] {
            let (times, bytes) = day(&node, group, partitions).await;
            assert!(bytes < 1_000_000, "{partitions} partitions: {bytes} bytes");
            assert!(times > least, "{partitions} partitions: only {times} times");
        }
        node.shutdown().await;
    }

    #[test]
    fn only_what_changed_is_written_and_all_of_it_from_time_to_time() {
        let now = Instant::now();
        let mut cursors = GroupCursors::new(now);
        cursors.load(Cursors::from([(of(0), cursor(1)), (of(1), cursor(1))]));
        assert!(
            cursors.take("workers", 1, now, true).is_none(),
            "nothing changed"
        );
        cursors.set(of(0), cursor(2), now).unwrap();
        assert!(cursors.take("workers", 1, now, false).is_none(), "not yet");
        let first = cursors.take("workers", 1, now, true).unwrap();
        assert!(first.whole && first.cursors.len() == 2);
        for next in 0..u64::from(PARTIAL_MAX) {
            cursors.set(of(1), cursor(10 + next), now).unwrap();
            let keep = cursors.take("workers", 1, now, true).unwrap();
            assert!(!keep.whole && keep.cursors.len() == 1);
        }
        cursors.set(of(1), cursor(99), now).unwrap();
        let keep = cursors.take("workers", 1, now, true).unwrap();
        assert!(keep.whole);
        cursors.not_kept(&keep, now);
        assert!(
            cursors
                .take("workers", 1, now, true)
                .is_some_and(|again| again.whole)
        );
    }

    #[test]
    fn what_the_rate_does_not_allow_is_looked_at_when_it_does() {
        let begun = Instant::now();
        let mut cursors = GroupCursors::new(begun);
        cursors.load(Cursors::new());
        let mut now = begun;
        while cursors.take("workers", 1, now, false).is_some() || cursors.is_kept() {
            now += PAUSE;
            cursors
                .set(of(0), cursor(now.duration_since(begun).as_secs()), begun)
                .unwrap();
        }
        let due = cursors.due.unwrap();
        assert!(due > now && due <= now + PAUSE, "not at each tick");
        let before = due - Duration::from_millis(1);
        assert!(cursors.take("workers", 1, before, false).is_none());
        assert_eq!(cursors.due, Some(due), "nothing was looked at");
        let mut looks = 0;
        while cursors
            .take("workers", 1, cursors.due.unwrap(), false)
            .is_none()
        {
            looks += 1;
        }
        assert!(looks < 5, "{looks} looks");
        assert!(cursors.is_kept());
    }

    #[test]
    fn what_a_member_leaves_behind_is_kept_at_once_and_paid_back() {
        let begun = Instant::now();
        let mut cursors = GroupCursors::new(begun);
        cursors.load(Cursors::new());
        let mut told = 0;
        let mut tell = |cursors: &mut GroupCursors| {
            told += 1;
            cursors.set(of(0), cursor(told), begun).unwrap();
        };
        let later = begun + PAUSE;
        tell(&mut cursors);
        while cursors.take("workers", 1, later, false).is_some() {
            tell(&mut cursors);
        }
        cursors.hurry(later);
        let keep = cursors.take("workers", 1, later, false);
        assert!(keep.is_some(), "a member has left");
        // One that leaves all the time writes no more than the rate, over time.
        let (seconds, mut bytes) = (10_000, 0);
        for second in 0..seconds {
            let now = later + Duration::from_secs(second);
            tell(&mut cursors);
            cursors.hurry(now);
            let keep = cursors.take("workers", 1, now, false);
            bytes += keep.map_or(0, |keep| keep.bytes());
        }
        let allowed = BORROWED_MAX as usize + (BYTES_PER_SECOND * seconds) as usize;
        assert!(bytes <= allowed, "{bytes} of {allowed}");
        assert!(bytes > allowed / 2, "{bytes} of {allowed}");
    }

    #[test]
    fn partitions_that_take_the_place_of_others_do_not_count_beside_them() {
        let now = Instant::now();
        let of = |category: &str, count, part| CursorOf {
            category: Some(category.to_owned()),
            parts: Parts::new(count).unwrap(),
            ..of(part)
        };
        let in_account = (0..16).map(|part| of("account", 16, part));
        let others = (16..CURSORS_MAX).map(|other| of(&format!("other-{other}"), 1, 0));
        let mut cursors = GroupCursors::new(now);
        cursors.load(in_account.chain(others).map(|of| (of, cursor(7))).collect());
        let count = |cursors: &GroupCursors| cursors.all().unwrap().len();
        assert_eq!(count(&cursors), CURSORS_MAX);

        let more = cursors.set(of("account", 17, 0), cursor(8), now);
        assert_eq!(more, Err(ResponseError::OffsetMetadataTooLarge));
        assert_eq!(count(&cursors), CURSORS_MAX, "it is as it was");
        cursors.set(of("account", 8, 3), cursor(8), now).unwrap();
        assert_eq!(count(&cursors), CURSORS_MAX - 8);
        cursors.set(of("account", 16, 3), cursor(9), now).unwrap();
        assert_eq!(count(&cursors), CURSORS_MAX);
    }

    #[test]
    fn notes_are_bounded() {
        let now = Instant::now();
        let mut cursors = GroupCursors::new(now);
        cursors.load(Cursors::new());
        let note = |bytes| Cursor {
            next: 1,
            note: "n".repeat(bytes),
        };
        assert!(cursors.set(of(0), note(NOTE_BYTES_MAX), now).is_ok());
        assert!(cursors.set(of(1), note(NOTE_BYTES_MAX + 1), now).is_err());
        assert!((0..100).any(|part| cursors.set(of(part), note(NOTE_BYTES_MAX), now).is_err()));
    }
}
