//! Items as people look for them: by topic, source, time and words.

use rusqlite::{Transaction, named_params};

use super::{STORED_COLUMNS, Stored, read_stored};
use crate::model::{SourceId, Timestamp, TopicId};
use crate::store::StoreError;
use crate::store::query::Query;
use crate::store::row::count;
use crate::text::fold;

/// Which items a listing wants.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// Only with this topic.
    pub topic: Option<TopicId>,
    /// Only of this source.
    pub source: Option<SourceId>,
    /// Only first seen at or after this.
    pub since: Option<Timestamp>,
    /// Only with all of these words in title or lead.
    pub search: Option<String>,
    /// Only one item of each story: the authority's.
    pub one_per_story: bool,
    /// At most so many.
    pub limit: usize,
    /// Skipping so many.
    pub offset: usize,
}

/// Items, newest first.
pub fn list(tx: &Transaction<'_>, listing: &Listing) -> Result<Vec<Stored>, StoreError> {
    let sql = format!(
        "select {STORED_COLUMNS}
        where (:topic is null or exists (select 1 from tags where item = items.id and topic = :topic))
          and (:source is null or items.source = :source)
          and (:since is null or items.first_seen >= :since)
          and (:search is null or items.id in (select rowid from item_words where item_words match :search))
          and (not :one_per_story or items.id = (
              select peer.id from items peer join sources s on s.id = peer.source
              where peer.story = items.story order by s.rank, peer.first_seen, peer.id limit 1))
        order by coalesce(items.published, items.first_seen) desc, items.id desc
        limit :limit offset :offset"
    );
    let search = listing.search.as_deref().and_then(match_expression);
    if listing.search.is_some() && search.is_none() {
        return Ok(Vec::new());
    }
    tx.all(
        &sql,
        named_params! {
            ":topic": listing.topic,
            ":source": listing.source,
            ":since": listing.since,
            ":search": search,
            ":one_per_story": listing.one_per_story,
            ":limit": count(listing.limit),
            ":offset": count(listing.offset),
        },
        read_stored,
    )
}

/// Returns how many items have all of the words in title or lead.
pub fn count_found(tx: &Transaction<'_>, search: &str) -> Result<usize, StoreError> {
    const COUNT_FOUND: &str = "select count(*) from item_words where item_words match ?1";
    let Some(search) = match_expression(search) else { return Ok(0) };
    tx.value(COUNT_FOUND, [search])
}

/// The words of a search as FTS5 takes them: each quoted, the last as a prefix.
/// Nothing if there is no word in it.
fn match_expression(search: &str) -> Option<String> {
    let folded = fold(search);
    let words: Vec<String> = folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(|w| format!("\"{w}\""))
        .collect();
    (!words.is_empty()).then(|| format!("{}*", words.join(" ")))
}
