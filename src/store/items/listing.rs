//! Items as people look for them: by topic, source, time and words.

use rusqlite::{Transaction, named_params};

use super::{STORED_COLUMNS, Stored, read_stored};
use crate::model::{ItemId, SourceId, Timestamp, TopicId};
use crate::store::StoreError;
use crate::store::acts::IS_SHOWN;
use crate::store::query::Query;
use crate::store::row::count;

/// Which items a listing wants.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// Only stories with this topic.
    pub topic: Option<TopicId>,
    /// Only stories with any topic.
    pub with_topic: bool,
    /// Only of this source.
    pub source: Option<SourceId>,
    /// Only first seen at or after this.
    pub since: Option<Timestamp>,
    /// Only one item of each story: the authority's.
    pub one_per_story: bool,
    /// Also what the editor took down.
    pub with_hidden: bool,
    /// At most so many.
    pub limit: usize,
    /// Which part of the order; the newest by default.
    pub part: Part,
}

/// The place of an item in the order of lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its editorial time, else when it was first seen.
    pub at: Timestamp,
    /// Its id, which orders items of the same time.
    pub id: ItemId,
}

impl Place {
    /// Returns the place of an item.
    pub fn of(item: &Stored) -> Self {
        Self { at: item.published.unwrap_or(item.first_seen), id: item.id }
    }
}

/// A part of a list. It begins at a place and not after a number of items, so that
/// every part costs the same and none shifts when new items come.
#[derive(Debug, Clone, Copy, Default)]
pub enum Part {
    /// The newest items.
    #[default]
    Newest,
    /// The next ones that are older.
    OlderThan(Place),
    /// The next ones that are newer.
    NewerThan(Place),
}

/// The order of lists, as the index `items_by_moment` has it.
pub(super) const MOMENT: &str = "coalesce(items.published, items.first_seen)";

/// Returns the condition on an item to be among those of a listing. A topic of any report
/// counts for its story, as in a digest: the report that leads may say too little.
pub(super) fn filter() -> String {
    let teller_is_shown = IS_SHOWN.replace("items.id", "teller.id");
    let tagged = format!(
        "select 1 from items teller join tags on tags.item = teller.id
        where teller.story = items.story and (:with_hidden or {teller_is_shown})"
    );
    format!(
        "(:topic is null or exists ({tagged} and tags.topic = :topic))
          and (not :with_topic or exists ({tagged}))
          and (:source is null or items.source = :source)
          and (:since is null or items.first_seen >= :since)
          and (:with_hidden or {IS_SHOWN})"
    )
}

/// Returns how many stories each topic had in each week since, counted from there.
pub fn count_by_week(
    tx: &Transaction<'_>,
    since: Timestamp,
) -> Result<Vec<(TopicId, usize, usize)>, StoreError> {
    const WEEK: i64 = 7 * 24 * 3_600_000;
    let sql = format!(
        "select tags.topic, ({MOMENT} - ?1) / {WEEK} as week, count(distinct items.story)
        from items join tags on tags.item = items.id
        where {MOMENT} >= ?1 and {IS_SHOWN} group by tags.topic, week"
    );
    tx.all(&sql, [since], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
}

/// Returns the items of a listing, newest first.
pub fn list(tx: &Transaction<'_>, listing: &Listing) -> Result<Vec<Stored>, StoreError> {
    // The first comparison is the one that the index `items_by_moment` serves.
    let (place, bound, order) = match listing.part {
        Part::Newest => (None, ":at is null and :id is null", "desc"),
        Part::OlderThan(place) => {
            (Some(place), "{MOMENT} <= :at and ({MOMENT} < :at or items.id < :id)", "desc")
        }
        Part::NewerThan(place) => {
            (Some(place), "{MOMENT} >= :at and ({MOMENT} > :at or items.id > :id)", "asc")
        }
    };
    let bound = bound.replace("{MOMENT}", MOMENT);
    let filter = filter();
    let peer_is_shown = IS_SHOWN.replace("items.id", "peer.id");
    let sql = format!(
        "select {STORED_COLUMNS}
        where {filter}
          and (not :one_per_story or items.id = (
              select peer.id from items peer join sources s on s.id = peer.source
              where peer.story = items.story and (:with_hidden or {peer_is_shown}) order by s.rank, peer.first_seen, peer.id limit 1))
          and {bound}
        order by {MOMENT} {order}, items.id {order}
        limit :limit"
    );
    let mut found = tx.all(
        &sql,
        named_params! {
            ":topic": listing.topic,
            ":with_topic": listing.with_topic,
            ":source": listing.source,
            ":since": listing.since,
            ":one_per_story": listing.one_per_story,
            ":with_hidden": listing.with_hidden,
            ":limit": count(listing.limit),
            ":at": place.map(|place| place.at),
            ":id": place.map(|place| place.id),
        },
        read_stored,
    )?;
    if matches!(listing.part, Part::NewerThan(_)) {
        found.reverse();
    }
    Ok(found)
}
