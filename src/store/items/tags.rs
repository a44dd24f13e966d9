//! The topics of an item, each with its evidence.

use rusqlite::Transaction;
use serde::{Deserialize, Serialize};

use super::retagging::set_tagged_by;
use super::{correction, corrections};
use crate::model::{Correction, Evidence, Field, ItemId, StoryId, Tagging, TopicId};
use crate::store::StoreError;
use crate::store::query::Query;
use crate::store::row::{from_json, to_json};

/// Replaces the taggings of an item, and notes which version of the rules decided.
/// The editor's corrections are kept whatever is given.
pub fn set_tags(
    tx: &Transaction<'_>,
    id: ItemId,
    taggings: &[Tagging],
    version: &str,
) -> Result<(), StoreError> {
    const CLEAR_TAGS: &str = "delete from tags where item = ?1";
    tx.run(CLEAR_TAGS, [id])?;
    let corrections = corrections(tx, id)?;
    if corrections.is_empty() {
        return add_tags(tx, id, taggings, version);
    }
    add_tags(tx, id, &Correction::apply(&corrections, taggings.to_vec()), version)
}

/// Replaces the tagging of one topic, or takes it away; the others stay. What
/// the editor said of the topic is kept whatever is given.
pub fn set_tag(
    tx: &Transaction<'_>,
    id: ItemId,
    topic: &TopicId,
    tagging: Option<&Tagging>,
    version: &str,
) -> Result<(), StoreError> {
    const CLEAR_TAG: &str = "delete from tags where item = ?1 and topic = ?2";
    tx.run(CLEAR_TAG, (id, topic))?;
    let corrected = correction(tx, id, topic)?;
    let found = tagging.cloned().into_iter().collect();
    for tagging in Correction::apply(corrected.as_slice(), found) {
        insert(tx, id, &tagging, version)?;
    }
    Ok(())
}

/// Adds the taggings of an item that has none.
pub fn add_tags(
    tx: &Transaction<'_>,
    id: ItemId,
    taggings: &[Tagging],
    version: &str,
) -> Result<(), StoreError> {
    for tagging in taggings {
        insert(tx, id, tagging, version)?;
    }
    set_tagged_by(tx, id, version)
}

pub(super) fn insert(
    tx: &Transaction<'_>,
    id: ItemId,
    tagging: &Tagging,
    version: &str,
) -> Result<(), StoreError> {
    const INSERT: &str =
        "insert into tags (item, topic, score, evidence, version) values (?1, ?2, ?3, ?4, ?5)";
    let lines: Vec<EvidenceLine> = tagging.evidence.iter().map(EvidenceLine::from).collect();
    let evidence = to_json(&lines)?;
    tx.run(INSERT, (id, &tagging.topic, tagging.score, evidence, version))?;
    Ok(())
}

/// Returns the taggings of an item, most weighty topic first, and the version of the
/// rules that decided.
pub fn tags(tx: &Transaction<'_>, id: ItemId) -> Result<Vec<(Tagging, String)>, StoreError> {
    const TAGS: &str = "select topic, score, evidence, version from tags where item = ?1 order by score desc, topic";
    tx.all(TAGS, [id], |row| {
        let lines: Vec<EvidenceLine> = from_json(&row.get::<_, String>(2)?)?;
        let evidence = lines.into_iter().map(Evidence::from).collect();
        Ok((Tagging { topic: row.get(0)?, score: row.get(1)?, evidence }, row.get(3)?))
    })
}

/// Returns whether any report of a story has a topic.
pub fn has_topic(tx: &Transaction<'_>, story: StoryId) -> Result<bool, StoreError> {
    const HAS_TOPIC: &str =
        "select 1 from items join tags on tags.item = items.id where items.story = ?1";
    tx.exists(HAS_TOPIC, [story])
}

/// Evidence in a column: signal, field, start, end, words, term, weight.
#[derive(Serialize, Deserialize)]
struct EvidenceLine(String, String, usize, usize, String, String, f64);

impl From<&Evidence> for EvidenceLine {
    fn from(e: &Evidence) -> Self {
        let field = e.field.as_str().to_owned();
        Self(e.signal.clone(), field, e.span.0, e.span.1, e.words.clone(), e.term.clone(), e.weight)
    }
}

impl From<EvidenceLine> for Evidence {
    fn from(EvidenceLine(signal, field, start, end, words, term, weight): EvidenceLine) -> Self {
        // An unknown field can only come from a newer program, whose file is refused.
        let field = Field::parse(&field).unwrap_or(Field::Source);
        Self { signal, field, span: (start, end), words, term, weight }
    }
}
