//! From a document to verdicts, cleaned items and their topics. CPU work, off
//! the async threads; no item is written here.

use super::client::{PoliteClient, on_a_core};
use super::reading::{Found, LEFT_OUT, NewItem, READ_BY, Reading, passing};
use super::recall::{self, Recalled};
use super::{only, rekey};
use crate::agenda;
use crate::answer::Failure;
use crate::answer::caching;
use crate::dedup::{self};
use crate::model::{
    Budget, Cursor, Extraction, Item, ItemId, Known, RawItem, Response, SourceId, SourceSettings,
    Tagging, Timestamp, Verdict,
};
use crate::normalize::{self, Keyed};
use crate::pipeline::{Plan, SourcePlan};
use crate::source::extract_all;
use crate::store::items::Remembered;
use crate::store::{Store, StoreError, Transaction, items};
use crate::text::clean_line;
use crate::topic::Subject;

use std::collections::HashSet;
use std::sync::Arc;

/// Reads a document and decides about its items: one job for one blocking
/// thread, since each change of threads costs as much as an item. If some items
/// need more than the document says, all come back undecided.
pub(super) async fn read(
    client: &PoliteClient,
    source: &Arc<SourcePlan>,
    cursor: Cursor,
    (answers, more): (Vec<Response>, Vec<RawItem>),
    needs_more: fn(&SourceSettings, &Found) -> bool,
) -> Result<(Reading, Vec<Found>), Failure> {
    let (store, now) = (client.ctx.store.clone(), client.ctx.clock.now());
    let (plan, source) = (Arc::clone(&client.plan), Arc::clone(source));
    on_a_core(client, move || {
        read_documents(&store, &plan, &source, cursor, (answers, more), now, needs_more)
    })
    .await
}

/// Decides about all these items, off the async threads.
pub(super) async fn all(
    client: &PoliteClient,
    source: &Arc<SourcePlan>,
    found: Vec<Found>,
    mut reading: Reading,
) -> Result<Reading, Failure> {
    let now = client.ctx.clock.now();
    let (plan, source) = (Arc::clone(&client.plan), Arc::clone(source));
    let job = move || {
        for item in found {
            decide(&plan, &source, item, now, &mut reading);
        }
        Ok(reading)
    };
    on_a_core(client, job).await
}

/// Splits the items into new, changed and known ones. Known ones whose raw
/// fields are as they were cost a look-up and nothing else.
fn read_documents(
    store: &Store,
    plan: &Plan,
    source: &SourcePlan,
    cursor: Cursor,
    (answers, more): (Vec<Response>, Vec<RawItem>),
    now: Timestamp,
    needs_more: fn(&SourceSettings, &Found) -> bool,
) -> Result<(Reading, Vec<Found>), Failure> {
    let Some(response) = answers.first() else { return Ok(Default::default()) };
    // An index may stay the same while what it leads to changes.
    let is_one = answers.len() == 1;
    let caching::Remembered { next, is_known } = caching::remember(&cursor, response);
    if is_known && is_one {
        return Ok((Reading::unchanged(next), Vec::new()));
    }
    let next = if is_one { next } else { caching::forget(&next) };
    let extracted = extract_all(source.configured.source.as_ref(), &answers).map(|mut whole| {
        whole.items.extend(more);
        whole
    });
    let memory = memory(store, source).map_err(|error| passing(&error))?;
    let Recalled { extraction, is_healed } = recall::list(source, &memory, response, extracted)?;
    let Extraction { items, mut notes, incomplete, rhythm, read_by, confirmations } = extraction;
    if response.truncated {
        notes
            .push("the document is longer than `fetch.max_bytes`: its end was not read".to_owned());
    }
    let is_delta = caching::is_delta(response) || source.configured.source.gives_changes();
    // Hundreds of kilobytes, and no longer needed.
    drop(answers);
    // The rest of an incomplete document was not seen: its validators would hide
    // it behind a 304.
    let mut cursor = if incomplete { cursor } else { next };
    let settings = &rekey::in_use(&source.configured.settings, &cursor);
    let mut found =
        find(store, settings, &memory, items, &mut notes).map_err(|error| passing(&error))?;
    let rekeyed = rekey::rekey(store, settings, &mut found, &mut cursor, &mut notes, now)
        .map_err(|error| passing(&error))?;
    let total = found.len();
    cursor.values.insert(READ_BY.to_owned(), read_by.as_str().to_owned());
    let left_out = only::retain(source, &mut found);
    cursor.values.insert(LEFT_OUT.to_owned(), left_out.to_string());
    if left_out > 0 {
        notes.push(format!("{left_out} of {total} items hold none of the terms of `only`"));
    }
    let mut reading = Reading {
        cursor,
        rekeyed,
        total,
        is_delta,
        is_healed,
        notes,
        rhythm,
        confirmations,
        ..Reading::default()
    };
    if found.iter().any(|item| needs_more(settings, item)) {
        return Ok((reading, found));
    }
    for item in found {
        decide(plan, source, item, now, &mut reading);
    }
    Ok((reading, Vec::new()))
}

/// Returns the newest items of a source whose list may be rebuilt; none of a feed's.
fn memory(store: &Store, source: &SourcePlan) -> Result<Vec<Remembered>, StoreError> {
    if !source.configured.source.finds_lists() {
        return Ok(Vec::new());
    }
    store.read_here(|tx| items::remembered(tx, &source.configured.settings.id, recall::MEMORY))
}

/// Returns the items of a document, each with what is stored of it.
fn find(
    store: &Store,
    settings: &SourceSettings,
    memory: &[Remembered],
    items: Vec<RawItem>,
    notes: &mut Vec<String>,
) -> Result<Vec<Found>, StoreError> {
    let (keys, known, renamed) = {
        let keyed = normalize::keys(&items, settings);
        notes.extend_from_slice(&keyed.notes);
        let mut known = look_up(store, settings, &items, &keyed)?;
        let renamed = recall::identify(settings, memory, &items, &mut known);
        if !renamed.is_empty() {
            let count = renamed.len();
            notes.push(format!("{count} items were known again under another address or title"));
        }
        (keyed.keys, known, renamed)
    };
    let mut listed = HashSet::new();
    let found = items.into_iter().zip(keys).zip(known).enumerate();
    Ok(found
        // An item listed twice counts as it stands first: else the two would
        // correct each other at each poll.
        .filter(|(_, ((_, key), _))| listed.insert(key.clone()))
        .map(|(index, ((raw, key), known))| {
            let raw_hash = normalize::raw_hash(&raw);
            let is_renamed = renamed.contains(&index);
            Found { raw, key, raw_hash, known, is_renamed, lacks_page: false }
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

fn decide(plan: &Plan, source: &SourcePlan, found: Found, now: Timestamp, reading: &mut Reading) {
    let settings = &source.configured.settings;
    let Found { raw, key, raw_hash, known, is_renamed, lacks_page } = found;
    if let Some(known) = &known {
        reading.known += 1;
        if is_renamed {
            reading.renamed.push((known.id, key.clone(), raw.link.clone()));
        }
        // Without its page an item would seem to have lost its text.
        if known.raw_hash == raw_hash || lacks_page {
            return;
        }
    }
    let Some(item) = normalize::item(&raw, key, raw_hash, settings, now) else {
        reading.notes.push(format!(
            "an item without anything to show was left out (`{}`)",
            clean_line(raw.link.as_deref().unwrap_or_default(), 100)
        ));
        return;
    };
    let verdict =
        known.as_ref().map_or(Verdict::New, |known| dedup::verdict(known, &item.fingerprint));
    match verdict {
        Verdict::New => {
            reading.new.push(new_item(plan, settings, item, now, &mut reading.notes));
        }
        Verdict::Changed(id) => {
            let item = with_dates(item, settings, now, &mut reading.notes);
            let taggings = tag(plan, settings, &item);
            reading.changed.push((id, item, taggings));
        }
        Verdict::Same(id) | Verdict::Restless(id) => reading.touched.push((id, item.raw_hash)),
    }
}

/// Finds out all that is stored of a new item.
pub(super) fn new_item(
    plan: &Plan,
    settings: &SourceSettings,
    item: Item,
    now: Timestamp,
    notes: &mut Vec<String>,
) -> NewItem {
    let item = with_dates(item, settings, now, notes);
    let taggings = tag(plan, settings, &item);
    let traces = dedup::traces(&item);
    NewItem { item, taggings, traces }
}

/// Reads the actionable dates of an item; a text that costs too much has none, which is noted.
fn with_dates(
    item: Item,
    settings: &SourceSettings,
    now: Timestamp,
    notes: &mut Vec<String>,
) -> Item {
    let published = item.published.unwrap_or(now).utc().with_timezone(&settings.timezone);
    let budget = Budget::for_document(item.title.len() + item.text.len());
    match agenda::dates(&item.title, &item.text, published.date_naive(), &budget) {
        Ok(dates) => Item { dates, ..item },
        Err(error) => {
            let title = clean_line(&item.title, 100);
            notes.push(format!("the dates of „{title}“ were not read: {error}"));
            item
        }
    }
}

fn tag(plan: &Plan, settings: &SourceSettings, item: &Item) -> Vec<Tagging> {
    plan.tagger.tag(&Subject {
        title: &item.title,
        text: &item.text,
        categories: &item.categories,
        source: &settings.id,
        source_topics: &settings.topics,
    })
}
