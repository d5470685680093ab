//! How PostgreSQL chooses among overloads ("Operator Type Resolution" and "Function Type
//! Resolution" of its documentation), for the types of the language.

use super::casts::{CastContext, resolve_cast};
use super::table::Signature;
use crate::Type;

/// What a choice came to.
pub(super) enum Choice {
    One(&'static Signature),
    None,
    /// Several fit and none better.
    Ambiguous,
}

/// Chooses the overload for argument types; `None` is a literal of unknown type.
pub(super) fn choose(
    overloads: &[&'static Signature],
    args: &[Option<Type>],
    is_operator: bool,
) -> Choice {
    let mut candidates = Vec::new();
    for signature in overloads {
        if fits(signature, args) {
            candidates.push(*signature);
        }
    }
    if let Some(exact) = candidates
        .iter()
        .find(|candidate| exact_matches(candidate, args) == args.len())
    {
        return Choice::One(exact);
    }
    // An operator with one unknown side is first looked for with the same type on both.
    if let ([Some(known), None] | [None, Some(known)], true) = (args, is_operator)
        && let Some(same) = candidates
            .iter()
            .find(|c| c.args.iter().all(|ty| ty == known))
    {
        return Choice::One(same);
    }
    keep_best(&mut candidates, |candidate| exact_matches(candidate, args));
    keep_best(&mut candidates, |candidate| {
        preferred_matches(candidate, args)
    });
    if candidates.len() > 1 {
        by_unknown(&mut candidates, args);
    }
    match candidates[..] {
        [] => Choice::None,
        [one] => Choice::One(one),
        _ => Choice::Ambiguous,
    }
}

fn fits(signature: &Signature, args: &[Option<Type>]) -> bool {
    if signature.args.len() != args.len() {
        return false;
    }
    for (wanted, found) in signature.args.iter().zip(args) {
        if let Some(found) = found
            && found != wanted
            && !is_implicit(*found, *wanted)
        {
            return false;
        }
    }
    true
}

/// Whether PostgreSQL converts by itself.
pub(crate) fn is_implicit(from: Type, to: Type) -> bool {
    matches!(resolve_cast(from, to), Ok(Some(cast)) if cast.context == CastContext::Implicit)
}

fn exact_matches(signature: &Signature, args: &[Option<Type>]) -> usize {
    signature
        .args
        .iter()
        .zip(args)
        .filter(|(wanted, found)| Some(**wanted) == **found)
        .count()
}

/// Arguments that match exactly, or would be converted to the preferred type of their category.
fn preferred_matches(signature: &Signature, args: &[Option<Type>]) -> usize {
    signature
        .args
        .iter()
        .zip(args)
        .filter(|(wanted, found)| {
            found.is_some_and(|found| {
                found == **wanted
                    || (found.category() == wanted.category() && wanted.is_preferred())
            })
        })
        .count()
}

fn keep_best(candidates: &mut Vec<&'static Signature>, score: impl Fn(&Signature) -> usize) {
    let best = candidates
        .iter()
        .map(|candidate| score(candidate))
        .max()
        .unwrap_or(0);
    candidates.retain(|candidate| score(candidate) == best);
}

/// Decides by what an unknown literal could be: text where any candidate takes text, else the
/// one category all take, and in it the preferred type; failing that, the type all others have.
fn by_unknown(candidates: &mut Vec<&'static Signature>, args: &[Option<Type>]) {
    let before = candidates.clone();
    let mut resolved = true;
    for at in (0..args.len()).filter(|at| args[*at].is_none()) {
        let mut categories: Vec<char> = before.iter().map(|c| c.args[at].category()).collect();
        categories.sort_unstable();
        categories.dedup();
        let wanted = match categories[..] {
            [only] => only,
            _ if categories.contains(&'S') => 'S',
            _ => {
                resolved = false;
                break;
            }
        };
        candidates.retain(|candidate| candidate.args[at].category() == wanted);
        if candidates
            .iter()
            .any(|candidate| candidate.args[at].is_preferred())
        {
            candidates.retain(|candidate| candidate.args[at].is_preferred());
        }
    }
    if resolved && candidates.len() == 1 {
        return;
    }
    let mut known = args.iter().flatten();
    let Some(first) = known.next().filter(|first| known.all(|ty| ty == *first)) else {
        return;
    };
    let as_known: Vec<_> = before
        .into_iter()
        .filter(|c| {
            c.args
                .iter()
                .zip(args)
                .all(|(wanted, found)| found.is_some() || wanted == first)
        })
        .collect();
    if as_known.len() == 1 {
        *candidates = as_known;
    }
}
