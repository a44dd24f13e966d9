//! From a document to verdicts, cleaned items and their topics. CPU work, off
//! the async threads; nothing is written here.

use super::Due;
use super::ask::{Answer, Failure, Said};
use crate::dedup::{self, Traces};
use crate::fetch::caching;
use crate::model::{
    Condition, Item, ItemId, Key, Known, RawItem, Rhythm, SourceId, Tagging, Timestamp, Verdict,
};
use crate::normalize;
use crate::pipeline::{Context, Plan, SourcePlan};
use crate::source::SourceError;
use crate::store::{Store, StoreError, Transaction, items};
use crate::text::clean_line;
use crate::topic::Subject;

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

/// Reads the document of an answer, if there is one: one job for one blocking
/// thread, since each change of threads costs as much as an item.
pub(super) async fn read(
    ctx: &Context,
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
    let (store, plan, source) = (ctx.store.clone(), Arc::clone(plan), Arc::clone(&due.plan));
    let (cursor, now) = (answer.cursor.clone(), ctx.clock.now());
    let job = move || {
        let remembered = caching::remember(&cursor, &response);
        if remembered.is_known {
            return Ok((remembered, Read::default()));
        }
        let (named, mut read) = extract(&source, &response)?;
        // Hundreds of kilobytes, and no longer needed.
        drop(response);
        judge(&store, &plan, &source, named, &mut read, now)?;
        Ok((remembered, read))
    };
    // The permit is never refused: the semaphore is not closed.
    let _turn = ctx.lanes.turn().await;
    match tokio::task::spawn_blocking(job).await {
        Ok(Ok((remembered, read))) => {
            if remembered.is_known {
                answer.said = Said::Unchanged;
            }
            answer.cursor = remembered.next;
            Reading { answer, read }
        }
        Ok(Err(ReadError::Source(error))) => failed(answer, &error),
        Ok(Err(ReadError::Store(error))) => {
            nothing(answer, Failure::new(Condition::Failing, error.to_string()))
        }
        Err(panic) => {
            // A parser that panics on hostile bytes is that source's error, no one else's.
            let failure = Failure::new(Condition::Failing, format!("the parser gave up: {panic}"));
            nothing(answer, failure)
        }
    }
}

/// Why a document could not be read.
enum ReadError {
    Source(SourceError),
    Store(StoreError),
}

impl From<SourceError> for ReadError {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

impl From<StoreError> for ReadError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
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
    let named: Vec<Named> = extraction
        .items
        .into_iter()
        .zip(keyed.keys.into_iter().zip(keyed.fallbacks))
        .map(|(raw, (key, fallbacks))| Named {
            raw_hash: normalize::raw_hash(&raw),
            fallbacks,
            raw,
            key,
        })
        .collect();
    let read = Read { total: named.len(), notes, rhythm: extraction.rhythm, ..Read::default() };
    Ok((named, read))
}

/// Splits the items into new, changed and known ones. Known ones whose raw
/// fields are as they were cost a look-up and nothing else.
fn judge(
    store: &Store,
    plan: &Plan,
    source: &SourcePlan,
    named: Vec<Named>,
    read: &mut Read,
    now: Timestamp,
) -> Result<(), StoreError> {
    let id = &source.configured.settings.id;
    let known = store.read_here(|tx| {
        if !items::any_of(tx, id)? {
            return Ok(Vec::new());
        }
        named.iter().map(|named| look_up(tx, id, named)).collect::<Result<Vec<_>, StoreError>>()
    })?;
    let known = known.into_iter().chain(std::iter::repeat_with(|| None));
    for (named, known) in named.into_iter().zip(known) {
        decide(plan, source, named, known.as_ref(), now, read);
    }
    Ok(())
}

fn look_up(
    tx: &Transaction<'_>,
    source: &SourceId,
    named: &Named,
) -> Result<Option<Known>, StoreError> {
    for key in std::iter::once(&named.key).chain(&named.fallbacks) {
        if let Some(known) = items::known(tx, source, key)? {
            return Ok(Some(known));
        }
    }
    Ok(None)
}

fn decide(
    plan: &Plan,
    source: &SourcePlan,
    named: Named,
    known: Option<&Known>,
    now: Timestamp,
    read: &mut Read,
) {
    let settings = &source.configured.settings;
    if let Some(known) = known {
        read.known += 1;
        if known.raw_hash == named.raw_hash {
            return;
        }
    }
    let Some(item) = normalize::item(&named.raw, named.key, named.raw_hash, settings, now) else {
        read.notes.push(format!(
            "an item without anything to show was left out (`{}`)",
            clean_line(named.raw.link.as_deref().unwrap_or_default(), 100)
        ));
        return;
    };
    let verdict = known.map_or(Verdict::New, |known| dedup::verdict(known, &item.fingerprint));
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
