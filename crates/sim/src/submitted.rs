//! Appends, what was told of them, and whether that fits the log that was found.

use std::ptr;

use headwater_event::{Append, Error, Event, Outcome, Position};
use headwater_journal::{Journal, Ticket};

use crate::model::{Model, Verdict, is_written};

/// An append and what came of it.
pub(crate) struct Submitted {
    pub(crate) append: Append,
    ticket: Option<Ticket>,
    pub(crate) told: Option<Result<Outcome, Error>>,
}

impl Submitted {
    /// One that nobody was told of yet.
    pub(crate) fn new(append: Append, ticket: Ticket) -> Submitted {
        Submitted {
            append,
            ticket: Some(ticket),
            told: None,
        }
    }

    /// Its caller hears what became of it, if that is known.
    pub(crate) fn hear(&mut self) {
        if let Some(told) = self.ticket.as_mut().and_then(Ticket::try_outcome) {
            self.ticket = None;
            self.told = Some(told);
        }
    }

    /// Whether it may be in the log, and its caller does not know.
    pub(crate) fn is_unclear(&self) -> bool {
        match &self.told {
            Some(Ok(_)) => false,
            Some(Err(error)) => !error.has_no_side_effects(),
            None => true,
        }
    }
}

/// The model after these appends, if what was told of them fits together and makes the log. Where an
/// append without a clear outcome was sent again and is there once, either sending may have written
/// it: what was told of others in between can say which.
pub(crate) fn explain(
    submitted: &[&Submitted],
    mut model: Model,
    log: &[Event],
    journal: &Journal,
) -> Result<Model, String> {
    for (at, one) in submitted.iter().enumerate() {
        let later = &submitted[at + 1..];
        let verdict = model.decide(&one.append);
        let first = model.head().next();
        let fits = verdict == Verdict::Appended(first);
        let there = fits && stands_at(log, journal, first, &one.append) && !claimed(later, first);
        let written = match &one.told {
            Some(Ok(outcome)) if Verdict::of(outcome) == verdict => fits,
            Some(Ok(outcome)) => {
                return Err(format!("{outcome:?}, not {verdict:?}: {:?}", one.append));
            }
            Some(Err(error)) if error.has_no_side_effects() => {
                let by_another = |it: &&Submitted| it.is_unclear() && it.append == one.append;
                if there && !later.iter().any(by_another) {
                    return Err(format!("it was refused and is there: {error}"));
                }
                false
            }
            Some(Err(_)) | None => there,
        };
        if !written {
            continue;
        }
        let is_sent_again =
            one.is_unclear() && later.iter().any(|again| again.append == one.append);
        let without = is_sent_again.then(|| model.clone());
        let from = first.0 as usize - 1;
        let events = log.get(from..from + one.append.events.len());
        model.apply(&one.append, events.ok_or("an append is not there whole")?);
        if let Some(without) = without {
            // It may stand at several places of the order, and was written at this one.
            let others = later.iter().copied().filter(|it| !ptr::eq(*it, *one));
            let others: Vec<&Submitted> = others.collect();
            return explain(&others, model, log, journal)
                .or_else(|why| explain(later, without, log, journal).map_err(|_| why));
        }
    }
    model.check(log)?;
    Ok(model)
}

/// Whether the log holds the append there, and not another one that begins with its events.
fn stands_at(log: &[Event], journal: &Journal, first: Position, append: &Append) -> bool {
    let before = first.0 as usize - 1;
    let after = before + append.events.len();
    let is_written = |events: &[Event]| {
        let mut pairs = append.events.iter().zip(events);
        pairs.all(|(new, event)| is_written(new, event))
    };
    let end_at = |position: usize| {
        let end = journal.chain_at(Position(position as u64));
        end.expect("it is there").0.0 as usize
    };
    log.get(before..after).is_some_and(is_written)
        && end_at(after) == after
        && end_at(after - 1) == before
}

/// Whether one of these was told that it is what was written there: the same append, tried again.
fn claimed(later: &[&Submitted], first: Position) -> bool {
    let is_it = |told: &Outcome| Verdict::of(told) == Verdict::Appended(first);
    later
        .iter()
        .any(|one| matches!(&one.told, Some(Ok(told)) if is_it(told)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use headwater_event::LogId;
    use headwater_journal::MemoryStorage;
    use uuid::Uuid;

    use super::*;
    use crate::world::{options, read_all};
    use crate::{Random, SimEnv, Workload};

    #[test]
    fn an_append_that_is_unclear_is_in_the_log_once_at_most() {
        let storage = Arc::new(MemoryStorage::new(LogId(Uuid::from_u128(1))));
        let opened = Journal::open_stepped(storage, Arc::new(SimEnv::default()), options());
        let (journal, writer) = opened.expect("it opens");
        let mut append = Workload::default().append(&mut Random::new(1), Position::ZERO);
        append.condition = Default::default();
        append.events.iter_mut().for_each(|event| event.id = None);
        let submit = || {
            let ticket = journal.submit(append.clone(), None).expect("it is queued");
            writer.run_once();
            Submitted::new(append.clone(), ticket)
        };
        let (first, again) = (submit(), submit());
        let log = read_all(&journal);
        let explained = |order: &[&Submitted], log| explain(order, Model::default(), log, &journal);
        assert!(
            explained(&[&first, &first], &log).is_err(),
            "it is there twice"
        );
        explained(&[&first, &again], &log).expect("two were sent");
        let once = &log[..append.events.len()];
        explained(&[&first, &first], once).expect("it is there once");
    }
}
