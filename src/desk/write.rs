//! An item that the editor writes by hand. It is recognised, tagged and mailed like
//! any other.

use std::sync::Arc;

use super::MAX_REASON;
use crate::model::{Act, ActKind, ActOn, Correction, ItemId, StoryId, TopicId};
use crate::pipeline::{self, Context, PipelineError, Plan};
use crate::store::{acts, items};
use crate::text::{clean_block, clean_line};

/// Longest text, in characters.
const MAX_TEXT: usize = 20_000;

/// What the editor wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    pub title: String,
    /// Where to read it.
    pub url: Option<String>,
    pub text: String,
    /// Topics beside those that its words give it.
    pub topics: Vec<TopicId>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    Stored {
        /// Its id.
        item: ItemId,
        /// Its story: another item's if that tells the same news.
        story: StoryId,
        /// The topics it has; without one no digest tells it.
        topics: Vec<TopicId>,
    },
    /// This item has its address already.
    Known(ItemId),
    /// Nothing in it could be shown.
    Empty,
}

/// Stores what the editor wrote as an item of the source `redaktion`.
pub async fn write(
    ctx: &Context,
    plan: &Arc<Plan>,
    draft: Draft,
    reason: &str,
) -> Result<Written, PipelineError> {
    let (now, reason) = (ctx.clock.now(), clean_line(reason, MAX_REASON));
    let Draft { title, url, text, topics } = draft;
    let text = clean_block(&text, MAX_TEXT);
    let prepared = pipeline::by_hand(plan, &title, url.as_deref(), &text, now);
    let Some(prepared) = prepared else { return Ok(Written::Empty) };
    let plan = Arc::clone(plan);
    let written = ctx
        .store
        .write(move |tx| {
            if let Some(known) = prepared.known(tx)? {
                return Ok(Written::Known(known));
            }
            let Some(item) = prepared.store(tx, &plan, now)? else { return Ok(Written::Empty) };
            let correction =
                |topic: TopicId| Correction { topic, has: true, reason: reason.clone(), at: now };
            let corrections: Vec<Correction> = topics.into_iter().map(correction).collect();
            if !corrections.is_empty() {
                pipeline::correct_within(tx, &plan, item, &corrections)?;
            }
            let (on, words) = (ActOn::Item(item), String::new());
            acts::begin(tx, &Act { on, kind: ActKind::Add, words, reason, at: now, ended: None })?;
            let topics = items::tags(tx, item)?.into_iter().map(|(tagging, _)| tagging.topic);
            let topics = topics.collect();
            let story = items::get(tx, item)?.map_or(StoryId(item.0), |stored| stored.story);
            Ok(Written::Stored { item, story, topics })
        })
        .await?;
    Ok(written)
}
