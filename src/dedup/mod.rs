//! `Item` + `Known` → `Verdict`, and the story an item belongs to.
//!
//! Who an item is within its source is `normalize`'s (layer A: its key). Here
//! is what follows for the same item seen again, and which items of *several*
//! sources tell one story:
//!
//! - layer B, identity: a shared alias (canonical URL, id of a shared CMS,
//!   number of a press release);
//! - layer C, reuse: the shorter lead is largely contained in the longer one.
//!   B and C make one entry in a digest;
//! - layer D, the same matter in own words: rare names, numbers, links in
//!   common. D only groups, it never makes one entry of two.
//!
//! Titles never join: reports of one event differ in all but a tenth of their
//! letters, and two issues of a newsletter agree in four fifths. Titles only
//! part (`serial`). Items of one source are different unless a copy says the
//! same to the word: a source that reports twice means it twice.
//!
//! `change` says whether the same item seen again says something new.
//!
//! This module decides; who the candidates are is looked up in `store::stories`.

mod align;
mod change;
mod documents;
mod fact;
mod partition;
mod reading;
mod recognise;
mod rekey;
mod serial;
mod similar;
mod stem;
mod story;
mod traces;
mod typo;

#[cfg(test)]
mod tests;

pub use align::Refuted;
pub use change::{Said, change, with_more};
pub use partition::partition;
pub use recognise::{Appearance, recognise};
pub use rekey::{Content, Listed, Recognised, letters, rekey};
pub use serial::{Marks, marks, told_apart};
pub use similar::{BANDS, Overlap, says_something_else, title_likeness};
pub use story::{
    Candidate, Guard, Judgement, MEMORY, Member, Rare, StoryDecision, Subject, Tie, WINDOW, judge,
    story,
};
pub use traces::{Class, Token, Told, Traces, traces};

use crate::model::{Fingerprint, Known, Verdict};

/// Changes after which an item is no longer rewritten: a clock or a counter
/// stands in its text.
pub const MOST_CHANGES: u32 = 24;

/// Returns what a poll says of an item that is already known. A fingerprint of another
/// version than the stored one counts as a change: the caller only asks when
/// the raw item has changed, so something did.
pub fn verdict(known: &Known, fingerprint: &Fingerprint) -> Verdict {
    if known.fingerprint == *fingerprint {
        Verdict::Same(known.id)
    } else if known.changes >= MOST_CHANGES {
        Verdict::Restless(known.id)
    } else {
        Verdict::Changed(known.id)
    }
}
