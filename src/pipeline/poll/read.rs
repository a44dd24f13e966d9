//! From a document to verdicts, cleaned items and their topics. CPU work, off
//! the async threads; no item is written here.

use super::ask::{Answer, Failure, Said};
use super::lanes::Lanes;
use super::manners::{Manners, Place};
use super::{Due, detail, size};
use crate::dedup::{self, Traces};
use crate::fetch::caching::{self, Remembered};
use crate::model::{
    Condition, Cursor, Extraction, Item, ItemId, Key, Known, RawItem, Response, Rhythm, SourceId,
    SourceSettings, Tagging, Timestamp, Verdict,
};
use crate::normalize::{self, Keyed};
use crate::pipeline::{Plan, SourcePlan};
use crate::source::SourceError;
use crate::store::{Store, StoreError, Transaction, items};
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
    /// It holds only what is new.
    pub(super) is_delta: bool,
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

/// A document that was read, as far as one job could.
struct Begun {
    remembered: Remembered,
    read: Read,
    /// All items, if some are judged by their own pages.
    waiting: Vec<Found>,
}

/// Reads the document of an answer, if there is one: one job for one blocking
/// thread, since each change of threads costs as much as an item. The place is
/// kept with a document, so that no more of them are in memory than places,
/// unless more is to be asked: who holds a place waits for no lane.
pub(super) async fn read<'a>(
    manners: &Manners<'a>,
    plan: &Arc<Plan>,
    due: &Due,
    mut answer: Answer,
    mut place: Place<'a>,
) -> (Reading, Place<'a>) {
    let response = match std::mem::replace(&mut answer.said, Said::Read) {
        Said::Document(response) => response,
        said => {
            answer.said = said;
            return (Reading { answer, read: Read::default() }, None);
        }
    };
    let job = {
        let (store, plan, source) =
            (manners.ctx.store.clone(), Arc::clone(plan), Arc::clone(&due.plan));
        let (cursor, now) = (answer.cursor.clone(), manners.ctx.clock.now());
        move || begin(&store, &plan, &source, &cursor, response, now)
    };
    let Begun { remembered, read, waiting } = match in_turn(&manners.ctx.lanes, job).await {
        Ok(begun) => begun,
        Err(error) => return (failed(answer, error), place),
    };
    let mut read = if waiting.is_empty() {
        read
    } else {
        place = None;
        match with_pages(manners, plan, &due.plan, waiting, read).await {
            Ok(read) => read,
            Err(error) => return (failed(answer, error), place),
        }
    };
    if remembered.is_known {
        answer.said = Said::Unchanged;
    }
    // What the rest of an incomplete document held was not seen: its validators
    // would hide it behind a 304.
    if !read.incomplete {
        answer.cursor = remembered.next;
    }
    if size::lacks_any(&read) {
        place = None;
        size::fill(manners, &due.plan, &mut read).await;
    }
    (Reading { answer, read }, place)
}

/// Runs CPU work, as much at once as there are cores.
async fn in_turn<T: Send + 'static>(
    lanes: &Lanes,
    job: impl FnOnce() -> Result<T, ReadError> + Send + 'static,
) -> Result<T, ReadError> {
    // Never refused: the semaphore is not closed.
    let _turn = lanes.turn().await;
    // A parser that panics on hostile bytes is that source's error, no one else's.
    let done = tokio::task::spawn_blocking(job).await;
    done.unwrap_or_else(|panic| Err(ReadError::Panic(panic.to_string())))
}

/// Why a document could not be read.
enum ReadError {
    Source(SourceError),
    Store(StoreError),
    Panic(String),
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

fn failed(mut answer: Answer, error: ReadError) -> Reading {
    let failing = |message| Failure::new(Condition::Failing, message);
    let failure = match error {
        ReadError::Source(error) => unreadable(&error),
        ReadError::Store(error) => failing(error.to_string()),
        ReadError::Panic(panic) => failing(format!("the parser gave up: {panic}")),
    };
    answer.said = Said::Nothing(failure);
    Reading { answer, read: Read::default() }
}

fn unreadable(error: &SourceError) -> Failure {
    let condition = match error {
        SourceError::ContainerMissing { .. } | SourceError::SelectorEmpty { .. } => {
            Condition::EmptySelector
        }
        SourceError::Wall { .. } => Condition::Blocked,
        _ => Condition::Failing,
    };
    Failure::new(condition, error.to_string())
}

/// Splits the items into new, changed and known ones. Known ones whose raw
/// fields are as they were cost a look-up and nothing else.
fn begin(
    store: &Store,
    plan: &Plan,
    source: &SourcePlan,
    cursor: &Cursor,
    response: Box<Response>,
    now: Timestamp,
) -> Result<Begun, ReadError> {
    let remembered = caching::remember(cursor, &response);
    if remembered.is_known {
        return Ok(Begun { remembered, read: Read::default(), waiting: Vec::new() });
    }
    let Extraction { items, mut notes, incomplete, rhythm, .. } =
        source.configured.source.extract(&response)?;
    if response.truncated {
        notes
            .push("the document is longer than `fetch.max_bytes`: its end was not read".to_owned());
    }
    let is_delta = caching::is_delta(&response);
    // Hundreds of kilobytes, and no longer needed.
    drop(response);
    let settings = &source.configured.settings;
    let found = find(store, settings, items, &mut notes)?;
    let total = found.len();
    let mut read = Read { total, incomplete, is_delta, notes, rhythm, ..Read::default() };
    let need_pages =
        settings.detail.is_some() && found.iter().any(|item| item.is_new() || item.has_changed());
    if need_pages {
        return Ok(Begun { remembered, read, waiting: found });
    }
    for item in found {
        decide(plan, source, item, now, &mut read);
    }
    Ok(Begun { remembered, read, waiting: Vec::new() })
}

/// Asks for the items' own pages, and judges the items by them.
async fn with_pages(
    manners: &Manners<'_>,
    plan: &Arc<Plan>,
    source: &Arc<SourcePlan>,
    mut found: Vec<Found>,
    mut read: Read,
) -> Result<Read, ReadError> {
    detail::fill(manners, source, &mut found, &mut read.notes).await;
    let now = manners.ctx.clock.now();
    let (plan, source) = (Arc::clone(plan), Arc::clone(source));
    let job = move || {
        for item in found {
            decide(&plan, &source, item, now, &mut read);
        }
        Ok(read)
    };
    in_turn(&manners.ctx.lanes, job).await
}

/// The items of a document, each with what is stored of it.
fn find(
    store: &Store,
    settings: &SourceSettings,
    items: Vec<RawItem>,
    notes: &mut Vec<String>,
) -> Result<Vec<Found>, StoreError> {
    let (keys, known) = {
        let keyed = normalize::keys(&items, settings);
        notes.extend_from_slice(&keyed.notes);
        let known = look_up(store, settings, &items, &keyed)?;
        (keyed.keys, known)
    };
    let mut listed = HashSet::new();
    let found = items.into_iter().zip(keys).zip(known);
    Ok(found
        // An item listed twice counts as it stands first: else the two would
        // correct each other at each poll.
        .filter(|((_, key), _)| listed.insert(key.clone()))
        .map(|((raw, key), known)| {
            let raw_hash = normalize::raw_hash(&raw);
            Found { raw, key, raw_hash, known, lacks_page: false }
        })
        .collect())
}

/// Finds each item among the stored ones: by its key, else by a further name
/// of its that is the key or a name of a stored item. Keys first, for all: a
/// name must not lead to an item that stands in the same document itself.
fn look_up(
    store: &Store,
    settings: &SourceSettings,
    items: &[RawItem],
    keyed: &Keyed<'_>,
) -> Result<Vec<Option<Known>>, StoreError> {
    let (source, keys) = (&settings.id, &keyed.keys);
    let by_key: Option<Vec<Option<Known>>> = store.read_here(|tx| {
        // A new source has nothing to look for.
        if !items::any_of(tx, source)? {
            return Ok(None);
        }
        keys.iter().map(|key| items::known(tx, source, key)).collect::<Result<_, _>>().map(Some)
    })?;
    let Some(mut known) = by_key else { return Ok(keys.iter().map(|_| None).collect()) };
    if known.iter().all(Option::is_some) {
        return Ok(known);
    }
    let mut taken: HashSet<ItemId> = known.iter().flatten().map(|known| known.id).collect();
    let mut asked = HashSet::new();
    store.read_here(|tx| {
        for (index, raw) in items.iter().enumerate() {
            if known[index].is_none() && asked.insert(&keys[index]) {
                known[index] =
                    by_name(tx, source, raw, keyed, index)?.filter(|known| taken.insert(known.id));
            }
        }
        Ok(known)
    })
}

fn by_name(
    tx: &Transaction<'_>,
    source: &SourceId,
    raw: &RawItem,
    keyed: &Keyed<'_>,
    index: usize,
) -> Result<Option<Known>, StoreError> {
    let fallbacks = keyed.fallbacks(index);
    for name in &fallbacks {
        if let Some(known) = items::known(tx, source, name)?
            && keyed.is_alone(index, name)
        {
            return Ok(Some(known));
        }
    }
    let marks = dedup::marks(raw.title.as_deref().unwrap_or_default());
    let key = &keyed.keys[index];
    for name in std::iter::once(key).chain(&fallbacks) {
        if let Some((known, title)) = items::known_as(tx, source, &name.0)?
            && (name == key || keyed.is_alone(index, name))
        {
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
