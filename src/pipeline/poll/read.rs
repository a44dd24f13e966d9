//! From a document to verdicts, cleaned items and their topics. CPU work, off
//! the async threads; nothing is written here.

use super::Due;
use super::ask::{Answer, Failure, Said};
use crate::dedup::{self, Traces};
use crate::model::{
    Condition, Item, ItemId, Key, Known, RawItem, Rhythm, SourceId, SourceSettings, Tagging,
    Timestamp, Verdict,
};
use crate::normalize;
use crate::pipeline::{Context, Plan, SourcePlan};
use crate::source::SourceError;
use crate::store::{Transaction, items};
use crate::text::{clean_line, fold, hash64};
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
    /// By which it is known again should the source change its id.
    pub(super) names: Vec<i64>,
}

/// A raw item under the names it may be known by.
struct Named {
    raw: RawItem,
    key: Key,
    raw_hash: i64,
    fallbacks: Vec<Key>,
    names: Vec<i64>,
}

/// Reads the document of an answer, if there is one.
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
    match judge(ctx, plan, &due.plan, named, &mut read).await {
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
    let named: Vec<Named> = extraction
        .items
        .into_iter()
        .zip(keyed.keys)
        .zip(keyed.fallbacks)
        .map(|((raw, key), fallbacks)| Named {
            raw_hash: normalize::raw_hash(&raw),
            names: names(settings, &raw, &key, &fallbacks),
            fallbacks,
            raw,
            key,
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

/// Names that do not depend on the source's own id: its page together with its
/// title. The page alone would take next month's letter for this month's.
fn names(settings: &SourceSettings, raw: &RawItem, key: &Key, fallbacks: &[Key]) -> Vec<i64> {
    let title = fold(raw.title.as_deref().unwrap_or_default());
    if title.trim().is_empty() {
        return Vec::new();
    }
    std::iter::once(key)
        .chain(fallbacks)
        .filter(|name| !name.0.starts_with("guid:") && !name.0.starts_with("content:"))
        .map(|name| {
            let whole = format!("{}\0{}\0{}", settings.id, name.0, title.trim());
            i64::from_be_bytes(hash64(whole.as_bytes()).to_be_bytes())
        })
        .collect()
}

/// Splits the items into new, changed and known ones. Known ones whose raw
/// fields are as they were cost a look-up and nothing else.
async fn judge(
    ctx: &Context,
    plan: &Arc<Plan>,
    source: &Arc<SourcePlan>,
    named: Vec<Named>,
    read: &mut Read,
) -> Result<(), String> {
    let id = source.configured.settings.id.clone();
    let (named, known) = ctx
        .store
        .read(move |tx| {
            let mut known = Vec::with_capacity(named.len());
            for named in &named {
                known.push(look_up(tx, &id, named)?);
            }
            Ok((named, known))
        })
        .await
        .map_err(|error| error.to_string())?;

    let now = ctx.clock.now();
    let (plan, source) = (Arc::clone(plan), Arc::clone(source));
    let mut judged = std::mem::take(read);
    let judged = tokio::task::spawn_blocking(move || {
        for (named, known) in named.into_iter().zip(known) {
            decide(&plan, &source, named, known.as_ref(), now, &mut judged);
        }
        judged
    })
    .await
    .map_err(|panic| format!("an item could not be read: {panic}"))?;
    *read = judged;
    Ok(())
}

fn look_up(
    tx: &Transaction<'_>,
    source: &SourceId,
    named: &Named,
) -> Result<Option<Known>, crate::store::StoreError> {
    for key in std::iter::once(&named.key).chain(&named.fallbacks) {
        if let Some(known) = items::known(tx, source, key)? {
            return Ok(Some(known));
        }
    }
    for name in &named.names {
        if let Some(known) = items::named(tx, *name)? {
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
            read.new.push(NewItem { item, taggings, traces, names: named.names });
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
