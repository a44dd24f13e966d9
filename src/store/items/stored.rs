//! An item as it is stored, and how its row is read.

use rusqlite::{Row, Transaction};
use serde::{Deserialize, Serialize};

use crate::model::{Document, Fingerprint, ItemId, Key, Known, SourceId, StoryId, Timestamp};
use crate::store::StoreError;
use crate::store::query::Query;
use crate::store::row::from_json;

/// Why an item may not be mailed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withheld {
    /// It stood there at the source's first poll.
    Baseline,
    /// It came with far more others than ever: an admin's word is awaited.
    Flood,
}

impl Withheld {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Flood => "flood",
        }
    }
}

/// An item as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// Row.
    pub id: ItemId,
    /// Of which source.
    pub source: SourceId,
    pub source_name: String,
    /// Rank of the source.
    pub rank: u8,
    /// Who it is within the source.
    pub key: Key,
    pub story: StoryId,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When it last changed in substance.
    pub updated: Option<Timestamp>,
    /// Editorial date.
    pub published: Option<Timestamp>,
    /// The date is a guess.
    pub published_is_guess: bool,
    /// The source's own id.
    pub guid: Option<String>,
    /// Where to read it.
    pub url: Option<String>,
    pub title: String,
    /// Lead.
    pub summary: String,
    /// All text.
    pub text: String,
    /// Authors, categories, documents, language.
    pub details: Details,
    /// It may not be mailed.
    pub withheld: bool,
}

/// What is kept of an item but never searched.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<Document>,
    /// BCP 47 tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

pub(super) const STORED_COLUMNS: &str = "
    items.id, items.source, sources.name as source_name, sources.rank, items.key, items.story,
    items.first_seen, items.updated, items.published, items.published_is_guess, items.guid,
    items.url, items.title, items.summary, items.text, items.details, items.withheld
    from items join sources on sources.id = items.source";

pub(super) fn read_stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    Ok(Stored {
        id: row.get("id")?,
        source: row.get("source")?,
        source_name: row.get("source_name")?,
        rank: row.get("rank")?,
        key: Key(row.get("key")?),
        story: row.get("story")?,
        first_seen: row.get("first_seen")?,
        updated: row.get("updated")?,
        published: row.get("published")?,
        published_is_guess: row.get("published_is_guess")?,
        guid: row.get("guid")?,
        url: row.get("url")?,
        title: row.get("title")?,
        summary: row.get("summary")?,
        text: row.get("text")?,
        details: from_json(&row.get::<_, String>("details")?)?,
        withheld: row.get::<_, Option<String>>("withheld")?.is_some(),
    })
}

/// Returns one item.
pub fn get(tx: &Transaction<'_>, id: ItemId) -> Result<Option<Stored>, StoreError> {
    let sql = format!("select {STORED_COLUMNS} where items.id = ?1");
    tx.one(&sql, [id], read_stored)
}

pub(super) fn read_known(row: &Row<'_>) -> rusqlite::Result<Known> {
    Ok(Known {
        id: row.get(0)?,
        key: Key(row.get(1)?),
        fingerprint: Fingerprint(row.get(2)?),
        raw_hash: row.get(3)?,
        story: row.get(4)?,
        changes: row.get(5)?,
    })
}
