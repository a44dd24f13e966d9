//! The editor's acts on items and on the next digest of a series.
//!
//! Each is one transaction and leaves a row that says when, what and why, and
//! never who. What an act does is decided where items are read: digests, pages and
//! feeds ask the acts in force (`store::acts`).

mod pending;
mod write;

pub use pending::{Pending, PendingEntry, pending};
pub use write::{Draft, Written, write};

use std::sync::Arc;
use std::time::Duration;

use crate::model::{Act, ActKind, ActOn, Correction, ItemId, SeriesId, Timestamp};
use crate::pipeline::{self, Context, Corrected, PipelineError, Plan};
use crate::store::{StoreError, Transaction, acts, items};
use crate::text::{clean_block, clean_line};

/// A reason is kept up to this length, in characters.
pub const MAX_REASON: usize = 200;
/// A note or an introduction is kept up to this length, in characters.
const MAX_WORDS: usize = 2000;

/// An item that is shown again may be mailed if it came at most so long before it was
/// taken down: until then a digest may have passed it over.
const PASSED_OVER: Duration = Duration::from_hours(7 * 24);

/// What is done to an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Takes it down everywhere.
    Hide,
    /// Shows it again.
    Show,
    /// Puts it on top of its topic.
    Pin,
    /// Leaves its place to its rank and date.
    Unpin,
    /// Puts a sentence of the editor's under it.
    Note(String),
    /// Takes that sentence away.
    Unnote,
}

/// What came of an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is done, to these items.
    Done(Vec<ItemId>),
    /// There was nothing to undo.
    Nothing,
    /// There is no such item.
    NoItem,
}

/// Does one thing to an item, or to every item of its story.
pub async fn act(
    ctx: &Context,
    id: ItemId,
    deed: Deed,
    whole_story: bool,
    reason: &str,
) -> Result<Outcome, PipelineError> {
    let (now, reason) = (ctx.clock.now(), clean_line(reason, MAX_REASON));
    let done = ctx
        .store
        .write(move |tx| {
            let Some(item) = items::get(tx, id)? else { return Ok(Outcome::NoItem) };
            let all = if whole_story { items::ids_of_story(tx, item.story)? } else { vec![id] };
            let mut done = Vec::new();
            for id in all {
                if perform(tx, id, &deed, &reason, now)? {
                    done.push(id);
                }
            }
            Ok(if done.is_empty() { Outcome::Nothing } else { Outcome::Done(done) })
        })
        .await?;
    Ok(done)
}

/// Does it within a transaction. Returns whether anything was done.
fn perform(
    tx: &Transaction<'_>,
    id: ItemId,
    deed: &Deed,
    reason: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let on = ActOn::Item(id);
    let (kind, words) = match deed {
        Deed::Show => return show(tx, id, reason, now),
        Deed::Unpin => return acts::end(tx, &on, ActKind::Pin, reason, now),
        Deed::Unnote => return acts::end(tx, &on, ActKind::Note, reason, now),
        Deed::Hide => (ActKind::Hide, String::new()),
        Deed::Pin => (ActKind::Pin, String::new()),
        Deed::Note(words) => (ActKind::Note, clean_line(words, MAX_WORDS)),
    };
    acts::begin(tx, &Act { on, kind, words, reason: reason.to_owned(), at: now, ended: None })?;
    Ok(true)
}

fn show(
    tx: &Transaction<'_>,
    id: ItemId,
    reason: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(since) = acts::hidden_since(tx, id)? else { return Ok(false) };
    acts::end(tx, &ActOn::Item(id), ActKind::Hide, reason, now)?;
    items::receive_again(tx, id, since.before(PASSED_OVER), now)?;
    Ok(true)
}

/// Puts words above the next digest of a series; empty ones take them away. Returns
/// whether anything was done.
pub async fn introduce(
    ctx: &Context,
    series: &SeriesId,
    words: &str,
    reason: &str,
) -> Result<bool, PipelineError> {
    let (on, now) = (ActOn::Series(series.clone()), ctx.clock.now());
    let (words, reason) = (clean_block(words, MAX_WORDS), clean_line(reason, MAX_REASON));
    let done = ctx
        .store
        .write(move |tx| {
            if words.is_empty() {
                return acts::end(tx, &on, ActKind::Intro, &reason, now);
            }
            let act = Act { on, kind: ActKind::Intro, words, reason, at: now, ended: None };
            acts::begin(tx, &act).map(|()| true)
        })
        .await?;
    Ok(done)
}

/// Corrects the topics of an item, or takes all corrections back if there are none
/// given. Returns nothing if there is no such item.
pub async fn tag(
    ctx: &Context,
    plan: &Arc<Plan>,
    id: ItemId,
    corrections: Vec<Correction>,
    reason: &str,
) -> Result<Option<Corrected>, PipelineError> {
    let (now, reason, plan) = (ctx.clock.now(), clean_line(reason, MAX_REASON), Arc::clone(plan));
    let corrected = ctx
        .store
        .write(move |tx| {
            let corrected = pipeline::correct_within(tx, &plan, id, &corrections)?;
            if corrected.is_some() {
                record(tx, id, &corrections, reason, now)?;
            }
            Ok(corrected)
        })
        .await?;
    Ok(corrected)
}

fn record(
    tx: &Transaction<'_>,
    id: ItemId,
    corrections: &[Correction],
    reason: String,
    now: Timestamp,
) -> Result<(), StoreError> {
    let on = ActOn::Item(id);
    if corrections.is_empty() {
        acts::end(tx, &on, ActKind::Tag, &reason, now)?;
        return Ok(());
    }
    let signed = |c: &Correction| format!("{}{}", if c.has { '+' } else { '-' }, c.topic);
    let words = corrections.iter().map(signed).collect::<Vec<_>>().join(" ");
    acts::begin(tx, &Act { on, kind: ActKind::Tag, words, reason, at: now, ended: None })
}
