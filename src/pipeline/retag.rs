//! Stored items get the topics of today's rules, chunk by chunk.
//!
//! Reading and tagging hold no lock; only what differs is written, in short
//! transactions between those of polls and mails. Nothing becomes mailable by
//! it: digests take receipts, and re-tagging writes none. An item whose receipt
//! a digest has passed is not mailed for a topic it gains later; one that still
//! waits for its digest goes by the topics it has then.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Context, PipelineError, Plan};
use crate::model::{Correction, Field, ItemId, Tagging, Timestamp, TopicId};
use crate::store::items::{self, Stored};
use crate::store::{StoreError, Transaction};
use crate::topic::{Considered, Labelled, Subject};

/// Items of one chunk: some tens of milliseconds of work.
const CHUNK: usize = 100;

/// What one chunk came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RetagReport {
    /// The last item that was looked at; none: there was nothing left.
    pub upto: Option<ItemId>,
    /// Items looked at.
    pub items: usize,
    /// Items that gained or lost a topic.
    pub changed: usize,
}

/// How the topics of an item would change under the rules of the config.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicChange {
    /// The item.
    pub id: ItemId,
    pub title: String,
    /// Topics it would have that it has not.
    pub gained: Vec<TopicId>,
    /// Topics it has that it would not have.
    pub lost: Vec<TopicId>,
}

/// What the rules of the config would change on stored items.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TopicDiff {
    /// Items looked at.
    pub items: usize,
    /// Those that would change, the newest first.
    pub changes: Vec<TopicChange>,
}

impl TopicDiff {
    /// Returns for each topic how many items would gain and how many would lose it.
    pub fn per_topic(&self) -> BTreeMap<&TopicId, (usize, usize)> {
        let mut counts: BTreeMap<&TopicId, (usize, usize)> = BTreeMap::new();
        for change in &self.changes {
            change.gained.iter().for_each(|topic| counts.entry(topic).or_default().0 += 1);
            change.lost.iter().for_each(|topic| counts.entry(topic).or_default().1 += 1);
        }
        counts
    }
}

/// Returns how near a stored item comes to each topic of the config, and why.
pub fn considered(plan: &Plan, item: &Stored) -> Vec<Considered> {
    let source = plan.source(&item.source);
    let given = source.map_or(&[][..], |source| &source.configured.settings.topics);
    plan.tagger.explain(&subject(item, given))
}

fn subject<'a>(item: &'a Stored, source_topics: &'a [TopicId]) -> Subject<'a> {
    Subject {
        title: &item.title,
        text: &item.text,
        categories: &item.details.categories,
        source: &item.source,
        source_topics,
    }
}

/// An item as it is stored, with its taggings and the version that looked at it.
struct Tagged {
    item: Stored,
    taggings: Vec<Tagging>,
    corrections: Vec<Correction>,
    version: String,
}

impl Tagged {
    fn load(tx: &Transaction<'_>, item: Stored) -> Result<Self, StoreError> {
        let taggings = items::tags(tx, item.id)?.into_iter().map(|(tagging, _)| tagging).collect();
        let corrections = items::corrections(tx, item.id)?;
        let version = items::tagged_by(tx, item.id)?;
        Ok(Self { item, taggings, corrections, version })
    }

    /// Returns topics by today's rules; none if the text has been let go: what was
    /// decided while it was known still holds.
    fn by_today(&self, plan: &Plan) -> Option<Vec<Tagging>> {
        let item = &self.item;
        let needs_text = |field| matches!(field, Field::Lead | Field::Body | Field::Category);
        let evidence = || self.taggings.iter().flat_map(|tagging| &tagging.evidence);
        if item.text.is_empty() && evidence().any(|evidence| needs_text(evidence.field)) {
            return None;
        }
        let found = plan.tagger.tag(&subject(item, &self.given(plan)));
        Some(Correction::apply(&self.corrections, found))
    }

    /// Returns topics that the source gives. One that has left the config keeps its
    /// history: it gives what it gave.
    fn given(&self, plan: &Plan) -> Vec<TopicId> {
        if let Some(source) = plan.source(&self.item.source) {
            return source.configured.settings.topics.clone();
        }
        let is_given = |tagging: &&Tagging| {
            tagging.evidence.iter().any(|evidence| evidence.field == Field::Source)
        };
        self.taggings.iter().filter(is_given).map(|tagging| tagging.topic.clone()).collect()
    }

    fn change(&self, plan: &Plan) -> Option<TopicChange> {
        let today = self.by_today(plan)?;
        let has = |taggings: &[Tagging], topic: &TopicId| {
            taggings.iter().any(|tagging| tagging.topic == *topic)
        };
        // A topic that left the config is lost once; after that it is history.
        let counts = |topic: &TopicId| {
            self.version != plan.topics_version || plan.topics.iter().any(|(id, _)| id == topic)
        };
        let gained: Vec<TopicId> = today
            .iter()
            .map(|tagging| tagging.topic.clone())
            .filter(|topic| !has(&self.taggings, topic))
            .collect();
        let lost: Vec<TopicId> = self
            .taggings
            .iter()
            .map(|tagging| tagging.topic.clone())
            .filter(|topic| !has(&today, topic) && counts(topic))
            .collect();
        (!gained.is_empty() || !lost.is_empty()).then(|| TopicChange {
            id: self.item.id,
            title: self.item.title.clone(),
            gained,
            lost,
        })
    }
}

/// Returns how many items other rules than those of the config looked at last.
pub async fn untagged(ctx: &Context, plan: &Plan) -> Result<u64, PipelineError> {
    let version = plan.topics_version.clone();
    Ok(ctx.store.read(move |tx| items::count_tagged_otherwise(tx, &version)).await?)
}

/// Tags the next items after `after` that other rules looked at last. To be
/// called again with the report's `upto` until that is none.
pub async fn retag(
    ctx: &Context,
    plan: &Arc<Plan>,
    after: ItemId,
) -> Result<RetagReport, PipelineError> {
    let version = plan.topics_version.clone();
    let chunk = ctx
        .store
        .read(move |tx| {
            let mut chunk = Vec::with_capacity(CHUNK);
            for id in items::tagged_otherwise(tx, &version, after, CHUNK)? {
                if let Some(item) = items::get(tx, id)? {
                    chunk.push(Tagged::load(tx, item)?);
                }
            }
            Ok(chunk)
        })
        .await?;
    let Some(last) = chunk.last() else { return Ok(RetagReport::default()) };
    let (upto, count) = (last.item.id, chunk.len());
    let work = Arc::clone(plan);
    let decided = tokio::task::spawn_blocking(move || {
        chunk
            .into_iter()
            .map(|tagged| {
                let today = tagged.by_today(&work);
                (tagged.change(&work).is_some(), tagged, today)
            })
            .collect::<Vec<_>>()
    })
    .await
    .map_err(|_| StoreError::Busy)?;
    let plan = Arc::clone(plan);
    let changed = ctx
        .store
        .write(move |tx| {
            let mut changed = 0;
            for (differs, tagged, today) in &decided {
                if is_as_read(tx, tagged)? {
                    keep(tx, &plan, tagged, today.as_deref())?;
                    changed += usize::from(*differs);
                }
            }
            Ok(changed)
        })
        .await?;
    Ok(RetagReport { upto: Some(upto), items: count, changed })
}

/// Returns whether no poll has rewritten the item since: then its topics are newer than ours.
fn is_as_read(tx: &Transaction<'_>, tagged: &Tagged) -> Result<bool, StoreError> {
    Ok(items::updated(tx, tagged.item.id)? == Some(tagged.item.updated)
        && items::tagged_by(tx, tagged.item.id)? == tagged.version)
}

fn keep(
    tx: &Transaction<'_>,
    plan: &Plan,
    tagged: &Tagged,
    today: Option<&[Tagging]>,
) -> Result<(), StoreError> {
    let (id, version) = (tagged.item.id, &plan.topics_version);
    if let Some(today) = today {
        // Topics that have left the config are not asked about: they keep their history.
        for (topic, _) in &plan.topics {
            let tagging = today.iter().find(|tagging| tagging.topic == *topic);
            items::set_tag(tx, id, topic, tagging, version)?;
        }
    }
    items::set_tagged_by(tx, id, version)
}

/// Returns what the rules of the config would change on the items first seen since
/// `since`. Changes nothing.
pub async fn topic_diff(
    ctx: &Context,
    plan: &Arc<Plan>,
    since: Timestamp,
) -> Result<TopicDiff, PipelineError> {
    let mut diff = TopicDiff::default();
    let mut after = ItemId(0);
    loop {
        let chunk = ctx
            .store
            .read(move |tx| {
                let chunk = items::since(tx, since, after, CHUNK)?;
                chunk.into_iter().map(|item| Tagged::load(tx, item)).collect::<Result<Vec<_>, _>>()
            })
            .await?;
        let Some(last) = chunk.last() else { break };
        after = last.item.id;
        diff.items += chunk.len();
        let plan = Arc::clone(plan);
        let changes = tokio::task::spawn_blocking(move || {
            chunk.iter().filter_map(|tagged| tagged.change(&plan)).collect::<Vec<_>>()
        })
        .await
        .map_err(|_| StoreError::Busy)?;
        diff.changes.extend(changes);
    }
    diff.changes.reverse();
    Ok(diff)
}

/// What an act of the editor on an item's topics came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corrected {
    /// Topics the item has now.
    pub topics: Vec<TopicId>,
    /// Corrections that hold for it.
    pub corrections: usize,
}

/// Corrects an item's topics, or takes all corrections of it back if there are
/// none given, and tags it again. Returns nothing if there is no such item.
pub fn correct_within(
    tx: &Transaction<'_>,
    plan: &Plan,
    id: ItemId,
    corrections: &[Correction],
) -> Result<Option<Corrected>, StoreError> {
    let Some(item) = items::get(tx, id)? else { return Ok(None) };
    if corrections.is_empty() {
        items::uncorrect(tx, id)?;
    }
    for correction in corrections {
        items::correct(tx, id, correction)?;
    }
    let tagged = Tagged::load(tx, item)?;
    let today = tagged.by_today(plan);
    match &today {
        Some(today) => keep(tx, plan, &tagged, Some(today))?,
        // The text is gone: what was found stays, but for what was corrected.
        None => items::set_tags(tx, id, &tagged.taggings, &tagged.version)?,
    }
    let topics = items::tags(tx, id)?.into_iter().map(|(tagging, _)| tagging.topic);
    Ok(Some(Corrected { topics: topics.collect(), corrections: tagged.corrections.len() }))
}

/// Returns the corrected items of this installation as labelled ones, for training. One
/// whose text was let go after its period teaches nothing.
pub async fn corrected_items(ctx: &Context) -> Result<Vec<Labelled>, PipelineError> {
    let mut labelled = Vec::new();
    let mut after = ItemId(0);
    loop {
        let chunk = ctx
            .store
            .read(move |tx| {
                let chunk = items::corrected(tx, after, CHUNK)?;
                chunk.into_iter().map(|item| Tagged::load(tx, item)).collect::<Result<Vec<_>, _>>()
            })
            .await?;
        let Some(last) = chunk.last() else { return Ok(labelled) };
        after = last.item.id;
        labelled.extend(chunk.into_iter().filter(|tagged| !tagged.item.text.is_empty()).map(
            |tagged| Labelled {
                id: tagged.item.id.to_string(),
                title: tagged.item.title,
                text: tagged.item.text,
                labels: tagged.taggings.iter().map(|tagging| tagging.topic.to_string()).collect(),
                ..Labelled::default()
            },
        ));
    }
}
