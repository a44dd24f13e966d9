//! From a document to verdicts, cleaned items and their topics. CPU work, off
//! the async threads; no item is written here.

use super::ask::{Answer, Failure, Said};
use super::manners::Manners;
use super::{Due, detail, size};
use crate::dedup::{self, Traces};
use crate::model::{
    Condition, Item, ItemId, Key, Known, RawItem, Rhythm, SourceId, Tagging, Timestamp, Verdict,
};
use crate::normalize;
use crate::pipeline::{Plan, SourcePlan};
use crate::source::SourceError;
use crate::store::{StoreError, Transaction, items};
use crate::text::clean_line;
use crate::topic::Subject;

use std::collections::HashSet;
use std::sync::Arc;

/// What an answer comes to.
pub(super) struct Reading {
    pub(super) answer: Answer,
    pub(super) read: Read,
}

/// The part of it that was read.
#[derive(Default)]
pub(super) struct Read {
    /// New items, in document order.
    pub(super) new: Vec<NewItem>,
    /// Items that say something else.
    pub(super) changed: Vec<(ItemId, Item, Vec<Tagging>)>,
    /// Items whose raw fields changed, but not what they say.
    pub(super) touched: Vec<(ItemId, i64)>,
    /// How many items were known.
    pub(super) known: usize,
    /// How many items there were.
    pub(super) total: usize,
    /// The document ended early.
    pub(super) incomplete: bool,
    /// What the operator should know.
    pub(super) notes: Vec<String>,
    /// What the document asks of the schedule.
    pub(super) rhythm: Rhythm,
}

/// A new item with all that is stored of it.
pub(super) struct NewItem {
    pub(super) item: Item,
    pub(super) taggings: Vec<Tagging>,
    pub(super) traces: Traces,
}

/// A raw item under the names it may be known by.
struct Named {
    raw: RawItem,
    key: Key,
    raw_hash: i64,
    fallbacks: Vec<Key>,
}

/// A raw item, and what is stored of it.
pub(super) struct Found {
    pub(super) raw: RawItem,
    key: Key,
    raw_hash: i64,
    known: Option<Known>,
    /// Its own page was wanted but could not be read.
    pub(super) lacks_page: bool,
}

impl Found {
    /// Not stored yet.
    pub(super) const fn is_new(&self) -> bool {
        self.known.is_none()
    }

    /// Stored, and the source says something else of it now.
    pub(super) fn has_changed(&self) -> bool {
        self.known.as_ref().is_some_and(|known| known.raw_hash != self.raw_hash)
    }
}

/// Reads the document of an answer, if there is one.
pub(super) async fn read(
    manners: &Manners<'_>,
    plan: &Arc<Plan>,
    due: &Due,
    mut answer: Answer,
) -> Reading {
    let response = match std::mem::replace(&mut answer.said, Said::Read) {
        Said::Document(response) => response,
        said => {
            answer.said = said;
            return Reading { answer, read: Read::default() };
        }
    };
    let source = Arc::clone(&due.plan);
    let extracted = tokio::task::spawn_blocking(move || extract(&source, &response)).await;
    let (named, mut read) = match extracted {
        Ok(Ok(extracted)) => extracted,
        Ok(Err(error)) => return failed(answer, &error),
        Err(panic) => {
            // A parser that panics on hostile bytes is that source's error, no one else's.
            let failure = Failure::new(Condition::Failing, format!("the parser gave up: {panic}"));
            return nothing(answer, failure);
        }
    };
    if read.incomplete {
        // What its rest held was not seen: these validators would hide it behind a 304.
        answer.cursor = super::ask::earned(due);
    }
    match judge(manners, plan, &due.plan, named, &mut read).await {
        Ok(()) => Reading { answer, read },
        Err(message) => nothing(answer, Failure::new(Condition::Failing, message)),
    }
}

fn failed(answer: Answer, error: &SourceError) -> Reading {
    let condition = match error {
        SourceError::ContainerMissing { .. } | SourceError::SelectorEmpty { .. } => {
            Condition::EmptySelector
        }
        SourceError::Wall { .. } => Condition::Blocked,
        _ => Condition::Failing,
    };
    nothing(answer, Failure::new(condition, error.to_string()))
}

fn nothing(mut answer: Answer, failure: Failure) -> Reading {
    answer.said = Said::Nothing(failure);
    Reading { answer, read: Read::default() }
}

fn extract(
    source: &SourcePlan,
    response: &crate::model::Response,
) -> Result<(Vec<Named>, Read), SourceError> {
    let settings = &source.configured.settings;
    let extraction = source.configured.source.extract(response)?;
    let mut notes = extraction.notes;
    if response.truncated {
        notes
            .push("the document is longer than `fetch.max_bytes`: its end was not read".to_owned());
    }
    let keyed = normalize::keys(&extraction.items, settings);
    notes.extend(keyed.notes);
    let mut listed = HashSet::new();
    let named: Vec<Named> = extraction
        .items
        .into_iter()
        .zip(keyed.keys)
        .zip(keyed.fallbacks)
        // An item listed twice counts as it stands first: else the two would
        // correct each other at each poll.
        .filter(|((_, key), _)| listed.insert(key.clone()))
        .map(|((raw, key), fallbacks)| Named {
            raw_hash: normalize::raw_hash(&raw),
            raw,
            key,
            fallbacks,
        })
        .collect();
    let read = Read {
        total: named.len(),
        incomplete: extraction.incomplete,
        notes,
        rhythm: extraction.rhythm,
        ..Read::default()
    };
    Ok((named, read))
}

/// Splits the items into new, changed and known ones. Known ones whose raw
/// fields are as they were cost a look-up and nothing else.
async fn judge(
    manners: &Manners<'_>,
    plan: &Arc<Plan>,
    source: &Arc<SourcePlan>,
    named: Vec<Named>,
    read: &mut Read,
) -> Result<(), String> {
    let id = source.configured.settings.id.clone();
    let look_up = manners.ctx.store.read(move |tx| look_up(tx, &id, named));
    let mut found = look_up.await.map_err(|error| error.to_string())?;
    detail::fill(manners, source, &mut found, &mut read.notes).await;

    let now = manners.ctx.clock.now();
    let (plan, decider) = (Arc::clone(plan), Arc::clone(source));
    let mut judged = std::mem::take(read);
    let judged = tokio::task::spawn_blocking(move || {
        for found in found {
            decide(&plan, &decider, found, now, &mut judged);
        }
        judged
    })
    .await
    .map_err(|panic| format!("an item could not be read: {panic}"))?;
    *read = judged;
    size::fill(manners, source, read).await;
    Ok(())
}

/// Finds each item among the stored ones: by its key, else by a further name
/// of its that is the key or a name of a stored item. Keys first, for all: a
/// name must not lead to an item that stands in the same document itself.
fn look_up(
    tx: &Transaction<'_>,
    source: &SourceId,
    named: Vec<Named>,
) -> Result<Vec<Found>, StoreError> {
    let mut taken = HashSet::new();
    let mut by_key = Vec::with_capacity(named.len());
    for named in &named {
        let known = items::known(tx, source, &named.key)?;
        taken.extend(known.as_ref().map(|known| known.id));
        by_key.push(known);
    }
    let mut found = Vec::with_capacity(named.len());
    for (named, mut known) in named.into_iter().zip(by_key) {
        let Named { raw, key, raw_hash, fallbacks } = named;
        if known.is_none() {
            known =
                by_name(tx, source, &raw, &key, &fallbacks)?.filter(|known| taken.insert(known.id));
        }
        found.push(Found { raw, key, raw_hash, known, lacks_page: false });
    }
    Ok(found)
}

fn by_name(
    tx: &Transaction<'_>,
    source: &SourceId,
    raw: &RawItem,
    key: &Key,
    fallbacks: &[Key],
) -> Result<Option<Known>, StoreError> {
    for name in fallbacks {
        if let Some(known) = items::known(tx, source, name)? {
            return Ok(Some(known));
        }
    }
    let marks = dedup::marks(raw.title.as_deref().unwrap_or_default());
    for name in std::iter::once(key).chain(fallbacks) {
        if let Some((known, title)) = items::known_as(tx, source, &name.0)? {
            // The letter of February where January's stood is another item.
            let other = dedup::told_apart(&marks, &dedup::marks(&title));
            return Ok(Some(known).filter(|_| !other));
        }
    }
    Ok(None)
}

fn decide(plan: &Plan, source: &SourcePlan, found: Found, now: Timestamp, read: &mut Read) {
    let settings = &source.configured.settings;
    let Found { raw, key, raw_hash, known, lacks_page } = found;
    if let Some(known) = &known {
        read.known += 1;
        // Without its page an item would seem to have lost its text.
        if known.raw_hash == raw_hash || lacks_page {
            return;
        }
    }
    let Some(item) = normalize::item(&raw, key, raw_hash, settings, now) else {
        read.notes.push(format!(
            "an item without anything to show was left out (`{}`)",
            clean_line(raw.link.as_deref().unwrap_or_default(), 100)
        ));
        return;
    };
    let verdict =
        known.as_ref().map_or(Verdict::New, |known| dedup::verdict(known, &item.fingerprint));
    match verdict {
        Verdict::New => {
            let taggings = tag(plan, source, &item);
            let traces = dedup::traces(&item);
            read.new.push(NewItem { item, taggings, traces });
        }
        Verdict::Changed(id) => {
            let taggings = tag(plan, source, &item);
            read.changed.push((id, item, taggings));
        }
        Verdict::Same(id) | Verdict::Restless(id) => read.touched.push((id, item.raw_hash)),
    }
}

fn tag(plan: &Plan, source: &SourcePlan, item: &Item) -> Vec<Tagging> {
    let settings = &source.configured.settings;
    plan.tagger.tag(&Subject {
        title: &item.title,
        text: &item.text,
        categories: &item.categories,
        source: &settings.id,
        source_topics: &settings.topics,
    })
}
