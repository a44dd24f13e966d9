//! Items as they would be stored.

use serde_json::{Value, json};

use crate::cli::Output;
use crate::cli::output::json_time;
use crate::model::{Extraction, Item, Tagging, Timestamp};
use crate::normalize;
use crate::pipeline::Plan;
use crate::source::Configured;
use crate::topic::Subject;

/// What one document comes to.
pub(super) struct Shown {
    pub(super) items: Vec<(Item, Vec<Tagging>)>,
    pub(super) notes: Vec<String>,
}

/// Runs a document through normalising and tagging, as a poll would.
pub(super) fn of(
    plan: &Plan,
    configured: &Configured,
    extraction: &Extraction,
    now: Timestamp,
) -> Shown {
    let settings = &configured.settings;
    let keyed = normalize::keys(&extraction.items, settings);
    let notes = extraction.notes.iter().chain(&keyed.notes).cloned().collect();
    let mut items: Vec<(Item, Vec<Tagging>)> = Vec::new();
    let mut listed = std::collections::HashSet::new();
    for (raw, key) in extraction.items.iter().zip(keyed.keys) {
        if !listed.insert(key.clone()) {
            continue;
        }
        let hash = normalize::raw_hash(raw);
        let Some(item) = normalize::item(raw, key, hash, settings, now) else { continue };
        let taggings = plan.tagger.tag(&Subject {
            title: &item.title,
            text: &item.text,
            categories: &item.categories,
            source: &settings.id,
            source_topics: &settings.topics,
        });
        items.push((item, taggings));
    }
    Shown { items, notes }
}

impl Shown {
    /// Returns one object per item.
    pub(super) fn objects(&self) -> Vec<Value> {
        self.items
            .iter()
            .map(|(item, taggings)| {
                let topics: Vec<Value> = taggings
                    .iter()
                    .map(|tagging| json!({"id": tagging.topic, "score": tagging.score}))
                    .collect();
                json!({
                    "key": item.key.0,
                    "title": item.title,
                    "url": item.url,
                    "published": json_time(item.published),
                    "published_is_guess": item.published_is_guess,
                    "guid": item.guid,
                    "summary": item.summary,
                    "documents": item.documents,
                    "topics": topics,
                })
            })
            .collect()
    }

    /// Prints a table for people.
    pub(super) fn print(&self, output: &Output) -> anyhow::Result<()> {
        let rows = self.items.iter().map(|(item, taggings)| {
            let guess = if item.published_is_guess { "?" } else { "" };
            let topics: Vec<&str> = taggings.iter().map(|tagging| tagging.topic.as_str()).collect();
            [
                format!("{}{guess}", output.time(item.published)),
                item.title.clone(),
                topics.join(","),
                item.key.0.clone(),
                item.url.clone().unwrap_or_else(|| "-".to_owned()),
            ]
        });
        output.table(["DATE", "TITLE", "TOPICS", "IDENTITY", "URL"], rows)
    }
}
