//! Candidates for the story of a new item, found by hash in constant work.
//!
//! Every trace of an item (alias, link, band, name) is a row of
//! `story_traces`, with a bounded list of the items that have it. A full list
//! of names or links says that the trace is common: it finds nobody and is no
//! longer written, so that common words cost one small read. The lists become
//! rare again as [`prune`] drops old items from them.

mod placing;

use rusqlite::{Connection, OptionalExtension, params};

use super::StoreError;

use crate::dedup::{Candidate, Rare, Traces};
use crate::model::{ItemId, SourceId, StoryId, Timestamp};

pub use placing::{Placement, place, settle};

pub(super) use placing::renew;

/// Most items of one list. Names of more recent items are not rare.
const LIST: usize = 32;
/// Most candidates that are loaded, the most promising first.
const CANDIDATES: usize = 12;
/// Bytes of one item in a list.
const ENTRY: usize = 8;

/// Kinds of traces; they never meet in one list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Alias = 1,
    Link = 2,
    Band = 3,
    Name = 4,
}

fn key(kind: Kind, value: u64) -> i64 {
    let mixed = (value ^ ((kind as u64) << 61)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).cast_signed()
}

/// Returns one item of a list: 40 bits item, 24 bits of its source's name.
fn entry(item: i64, source: u32) -> [u8; ENTRY] {
    let item = item.cast_unsigned() & 0xff_ffff_ffff;
    (item << 24 | u64::from(source & 0xff_ffff)).to_be_bytes()
}

fn source_bits(source: &SourceId) -> u32 {
    source
        .as_str()
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
        >> 8
}

fn entries(list: &[u8]) -> impl Iterator<Item = (i64, u32)> + '_ {
    list.as_chunks::<ENTRY>().0.iter().map(|entry| {
        let number = u64::from_be_bytes(*entry);
        ((number >> 24).cast_signed(), (number & 0xff_ffff) as u32)
    })
}

/// Makes an item findable. Called once for each new item, in the transaction
/// that inserts it; not again when it changes, for a later edit does not make
/// it another story.
pub fn insert_traces(
    connection: &Connection,
    item: ItemId,
    source: &SourceId,
    traces: &Traces,
) -> Result<(), StoreError> {
    // Not `or replace`: that takes a savepoint, and at each savepoint the index
    // of words writes out what it has gathered.
    const SUBJECT: &str = "insert into story_subjects (item, traces) values (?1, ?2)";
    // `||` keeps the bytes of blobs but calls the result text.
    const TRACE: &str = "insert into story_traces (hash, items) values (?1, ?2) \
        on conflict (hash) do update set items = cast(items || excluded.items as blob) \
        where length(items) < ?3";
    connection.prepare_cached(SUBJECT)?.execute(params![item.0, traces.to_bytes()])?;
    let entry = entry(item.0, source_bits(source));
    let full = i64::try_from(LIST * ENTRY).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(TRACE)?;
    let kinds = [
        (Kind::Alias, &traces.aliases),
        (Kind::Link, &traces.links),
        (Kind::Band, &traces.bands),
        (Kind::Name, &traces.picked),
    ];
    for (kind, values) in kinds {
        for value in values {
            statement.execute(params![key(kind, *value), entry.as_slice(), full])?;
        }
    }
    Ok(())
}

/// One stored item in one list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Hit {
    item: i64,
    source: u32,
    score: u32,
    /// Names are a reason only across sources.
    rare: Option<Rare>,
}

/// Returns the stored items that may tell the story of a new one: at most 12, the most
/// promising first, first seen not before `not_before` (now less `dedup::MEMORY`). The work does
/// not grow with the number of stored items.
pub fn candidates(
    connection: &Connection,
    traces: &Traces,
    source: &SourceId,
    not_before: Timestamp,
) -> Result<Vec<Candidate>, StoreError> {
    let source = source_bits(source);
    let mut hits = hits(connection, traces)?;
    hits.sort_unstable_by_key(|hit| hit.item);
    let mut promising: Vec<(u32, &[Hit])> = hits
        .chunk_by(|one, other| one.item == other.item)
        .filter(|hits| {
            let names = hits.iter().filter(|hit| hit.rare.is_some()).count();
            names < hits.len() || hits.iter().all(|hit| hit.source != source)
        })
        .map(|hits| (hits.iter().map(|hit| hit.score).sum(), hits))
        .collect();
    promising.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    let mut found = Vec::new();
    for (_, hits) in promising.into_iter().take(CANDIDATES) {
        if let Some(candidate) = load(connection, hits)?
            && candidate.received >= not_before
        {
            found.push(candidate);
        }
    }
    Ok(found)
}

/// Looks every trace up.
fn hits(connection: &Connection, traces: &Traces) -> Result<Vec<Hit>, StoreError> {
    const LIST_OF: &str = "select items from story_traces where hash = ?1";
    let mut statement = connection.prepare_cached(LIST_OF)?;
    let mut hits = Vec::with_capacity(64);
    // Where to look, what for, and what a hit weighs.
    let looks = [
        (Kind::Alias, &traces.aliases, 1000),
        (Kind::Alias, &traces.links, 200),
        (Kind::Link, &traces.aliases, 200),
        (Kind::Link, &traces.links, 50),
        (Kind::Band, &traces.bands, 100),
        (Kind::Name, &traces.picked, 32),
    ];
    for (kind, values, score) in looks {
        for value in values {
            let mut rows = statement.query([key(kind, *value)])?;
            let Some(row) = rows.next()? else { continue };
            let list = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
            let items = list.len() / ENTRY;
            if items >= LIST && matches!(kind, Kind::Link | Kind::Name) {
                continue;
            }
            let name = (value >> 32) as u32;
            let rare = (kind == Kind::Name).then_some(Rare { name, items });
            hits.extend(entries(list).map(|(item, source)| Hit { item, source, score, rare }));
        }
    }
    Ok(hits)
}

/// Loads the item of these hits; none if it has been deleted or forgotten.
fn load(connection: &Connection, hits: &[Hit]) -> Result<Option<Candidate>, StoreError> {
    const CANDIDATE: &str = "select items.story, items.source, items.first_seen, \
        story_subjects.traces from story_subjects join items on items.id = story_subjects.item \
        where story_subjects.item = ?1";
    let Some(Hit { item, .. }) = hits.first().copied() else { return Ok(None) };
    let found = connection
        .prepare_cached(CANDIDATE)?
        .query_row([item], |row| {
            let traces = Traces::from_bytes(row.get_ref(3)?.as_blob()?);
            let story = row.get::<_, Option<i64>>(0)?.unwrap_or(item);
            let source: String = row.get(1)?;
            Ok((story, source, row.get::<_, i64>(2)?, traces))
        })
        .optional()?;
    Ok(found.and_then(|(story, source, received, traces)| {
        Some(Candidate {
            item: ItemId(item),
            story: StoryId(story),
            source: SourceId::new(source),
            received: Timestamp(received),
            traces: traces?,
            rare: hits.iter().filter_map(|hit| hit.rare).collect(),
        })
    }))
}

/// Groups two stories; harmless if they are grouped already.
pub fn add_related(
    connection: &Connection,
    story: StoryId,
    other: StoryId,
) -> Result<(), StoreError> {
    const RELATE: &str =
        "insert or ignore into story_relations (story, other) values (?1, ?2), (?2, ?1)";
    if story != other {
        connection.prepare_cached(RELATE)?.execute([story.0, other.0])?;
    }
    Ok(())
}

/// Returns the stories grouped with this one, oldest first.
pub fn related(connection: &Connection, story: StoryId) -> Result<Vec<StoryId>, StoreError> {
    const RELATED: &str = "select other from story_relations where story = ?1 order by other";
    let mut statement = connection.prepare_cached(RELATED)?;
    let related = statement.query_map([story.0], |row| row.get(0))?;
    Ok(related.collect::<rusqlite::Result<_>>()?)
}

/// Forgets the traces of items below `oldest` (the first item of the time that
/// is kept, `dedup::MEMORY`). Items, stories and relations stay. Returns how
/// many items were forgotten. Reads the whole index: for a daily run.
pub fn prune(connection: &Connection, oldest: ItemId) -> Result<usize, StoreError> {
    const OLD_LISTS: &str = "select hash, items from story_traces where items < ?1";
    const EMPTY: &str = "delete from story_traces where hash = ?1";
    const SHORTEN: &str = "update story_traces set items = ?2 where hash = ?1";
    const SUBJECTS: &str = "delete from story_subjects where item < ?1";
    let bound = entry(oldest.0, 0);
    let old: Vec<(i64, Vec<u8>)> = connection
        .prepare_cached(OLD_LISTS)?
        .query_map([bound.as_slice()], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut empty = connection.prepare_cached(EMPTY)?;
    let mut shorten = connection.prepare_cached(SHORTEN)?;
    for (hash, list) in old {
        let kept: Vec<u8> = list
            .as_chunks::<ENTRY>()
            .0
            .iter()
            .filter(|entry| **entry >= bound)
            .flatten()
            .copied()
            .collect();
        if kept.is_empty() {
            empty.execute([hash])?;
        } else {
            shorten.execute(params![hash, kept])?;
        }
    }
    Ok(connection.prepare_cached(SUBJECTS)?.execute([oldest.0])?)
}

#[cfg(test)]
mod tests;
