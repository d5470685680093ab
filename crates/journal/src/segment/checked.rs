//! What was checked once and need not be checked again: a bit each.

use std::sync::atomic::{AtomicU64, Ordering};

/// A bit for each of so many things, none set at first.
pub(crate) struct Checked {
    words: Box<[AtomicU64]>,
}

impl Checked {
    pub(crate) fn new(count: u64) -> Checked {
        let words = count.div_ceil(u64::from(u64::BITS));
        Checked {
            words: (0..words).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Whether it was set. What is beyond the last one never is.
    pub(crate) fn has(&self, number: u64) -> bool {
        let (word, bit) = place(number);
        let word = self.words.get(word);
        word.is_some_and(|word| word.load(Ordering::Acquire) & bit != 0)
    }

    pub(crate) fn set(&self, number: u64) {
        let (word, bit) = place(number);
        if let Some(word) = self.words.get(word) {
            word.fetch_or(bit, Ordering::AcqRel);
        }
    }
}

fn place(number: u64) -> (usize, u64) {
    let word = number / u64::from(u64::BITS);
    let bit = 1 << (number % u64::from(u64::BITS));
    (usize::try_from(word).unwrap_or(usize::MAX), bit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_set_alone_and_those_beyond_the_last_never() {
        let checked = Checked::new(70);
        assert!((0..300).all(|number| !checked.has(number)));
        for number in [0, 63, 64, 69, 128, u64::MAX] {
            checked.set(number);
        }
        let set: Vec<u64> = (0..300).filter(|number| checked.has(*number)).collect();
        assert_eq!(set, [0, 63, 64, 69]);
        assert!(!checked.has(u64::MAX));
    }
}
