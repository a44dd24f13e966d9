//! What nearly made it into the next digest: an editor may know better than the rules.

use std::collections::HashSet;

use super::maker::Maker;
use crate::model::{ItemId, TopicId};
use crate::pipeline::retag::considered;
use crate::store::digests::Progress;
use crate::store::items;
use crate::store::{StoreError, Transaction};
use crate::topic::Outcome;

/// Items without a topic that are looked at, the newest of them.
const LOOKED_AT: usize = 300;
/// Near misses that are shown, the nearest of them.
const SHOWN: usize = 10;

/// An item that no topic has, and the topic that it came nearest to.
#[derive(Debug, Clone, PartialEq)]
pub struct NearMiss {
    /// Which.
    pub item: ItemId,
    pub title: String,
    /// Name of its source.
    pub source: String,
    /// Where to read it.
    pub url: Option<String>,
    pub topic: TopicId,
    /// What it reached.
    pub score: f64,
    /// What it had to reach.
    pub threshold: f64,
}

impl Maker {
    /// Returns what came since the last digest and fell short of every topic, the nearest first.
    pub(super) fn near_misses(
        &self,
        tx: &Transaction<'_>,
        progress: &Progress,
        upto: i64,
    ) -> Result<Vec<NearMiss>, StoreError> {
        let received = items::received(tx, progress.last_receipt, upto, true)?;
        let mut seen = HashSet::new();
        let mut near: Vec<NearMiss> = Vec::new();
        let mut looked_at = 0;
        for item in received.into_iter().rev().map(|received| received.item) {
            if looked_at == LOOKED_AT {
                break;
            }
            if !seen.insert(item.story) || items::has_topic(tx, item.story)? {
                continue;
            }
            looked_at += 1;
            let considered = considered(&self.plan, &item);
            let below = considered.iter().filter(|one| one.outcome == Outcome::BelowThreshold);
            let nearest = below.max_by(|one, other| share(one).total_cmp(&share(other)));
            near.extend(nearest.map(|one| NearMiss {
                item: item.id,
                title: item.title.clone(),
                source: item.source_name.clone(),
                url: item.url.clone(),
                topic: one.topic.clone(),
                score: one.score,
                threshold: one.threshold,
            }));
        }
        near.sort_by(|one, other| {
            (other.score / other.threshold).total_cmp(&(one.score / one.threshold))
        });
        near.truncate(SHOWN);
        Ok(near)
    }
}

fn share(considered: &crate::topic::Considered) -> f64 {
    considered.score / considered.threshold
}
