//! What the next digest of a series will hold.

use std::collections::HashSet;
use std::sync::Arc;

use crate::model::{Entry, ItemId, SeriesId};
use crate::pipeline::{self, Context, NearMiss, PipelineError, Plan};

/// The next digest of a series as of now, before any reader's choice.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    /// Its entries by topic, in their order.
    pub entries: Vec<PendingEntry>,
    /// The editor's words above it.
    pub intro: Option<String>,
    /// Names of sources that cannot be read.
    pub silent_sources: Vec<String>,
    /// What fell short of every topic, the nearest first.
    pub near: Vec<NearMiss>,
}

/// An entry of the next digest.
#[derive(Debug, Clone, PartialEq)]
pub struct PendingEntry {
    /// Its number, `2.1` for the first of the second topic.
    pub number: String,
    /// Title of the topic under which it stands.
    pub section: String,
    pub entry: Entry,
    /// It is left out of the mail to someone who chose no topics, and stands on the
    /// digest's page.
    pub is_cut: bool,
}

/// Returns the next digest as of now; none if there is nothing to tell.
pub async fn pending(
    ctx: &Context,
    plan: &Arc<Plan>,
    series: &SeriesId,
) -> Result<Option<Pending>, PipelineError> {
    let Some(upcoming) = pipeline::upcoming(ctx, plan, series).await? else { return Ok(None) };
    let mailed: HashSet<ItemId> = upcoming
        .mailed
        .iter()
        .flat_map(|digest| &digest.sections)
        .flat_map(|section| &section.entries)
        .map(|entry| entry.item)
        .collect();
    let digest = upcoming.whole;
    let mut entries = Vec::new();
    for (at, section) in digest.sections.into_iter().enumerate() {
        for (place, entry) in section.entries.into_iter().enumerate() {
            entries.push(PendingEntry {
                number: format!("{}.{}", at + 1, place + 1),
                section: section.title.clone(),
                is_cut: !mailed.contains(&entry.item),
                entry,
            });
        }
    }
    let near = upcoming.near;
    Ok(Some(Pending { entries, intro: digest.intro, silent_sources: digest.silent_sources, near }))
}
