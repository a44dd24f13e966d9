//! Further documents of one poll: maps that an index names, the pages of a list.

use std::sync::Arc;

use super::client::{PoliteClient, RequestPermit};
use super::hosts::host_of;
use super::robots;
use crate::answer;
use crate::model::{Cursor, RawItem, Response};
use crate::pipeline::SourcePlan;
use crate::source::MARK;

/// Most documents beside the first, whatever a kind asks for.
const MOST: usize = 50;

/// The documents of a poll.
pub(super) struct Walked {
    /// What was answered; the first document first.
    pub(super) answers: Vec<Response>,
    /// Marks of the kind, under their names in the cursor.
    pub(super) marks: Vec<(String, String)>,
    /// Items of documents that could not be had.
    pub(super) items: Vec<RawItem>,
    /// Why one is missing, and what else the operator should know.
    pub(super) notes: Vec<String>,
}

/// Asks for what the answer leads to.
///
/// Gives `permit` back before it asks: see `RequestPermit`.
pub(super) async fn fetch<'a>(
    client: &'a PoliteClient,
    source: &Arc<SourcePlan>,
    cursor: &Cursor,
    first: Response,
    permit: &mut RequestPermit<'a>,
) -> Walked {
    let mut walked =
        Walked { answers: vec![first], marks: Vec::new(), items: Vec::new(), notes: Vec::new() };
    let Some(mut walk) = source.configured.source.walk(cursor) else { return walked };
    let mut asked = 0;
    let mut next = walk.next(walked.answers.first());
    while let Some(url) = next.filter(|_| asked < MOST) {
        asked += 1;
        *permit = None;
        match one(client, source, &url).await {
            Ok(response) => {
                next = walk.next(Some(&response));
                walked.answers.push(response);
            }
            Err(message) => {
                walked.notes.push(format!("{url} was not read: {message}"));
                next = walk.next(None);
            }
        }
    }
    let end = walk.end();
    walked.notes.extend(end.notes);
    walked.items = end.items;
    walked.marks.extend(end.marks.into_iter().map(|(name, mark)| (format!("{MARK}{name}"), mark)));
    walked
}

async fn one(
    client: &PoliteClient,
    source: &Arc<SourcePlan>,
    url: &str,
) -> Result<Response, String> {
    let asked = async {
        client.check_pause(&host_of(url))?;
        if source.configured.source.obeys_robots() {
            Box::pin(robots::check(client, source, url)).await?;
        }
        let request = client.plan.polling.get(url, source.configured.source.accept());
        client.ask(source.fetch.as_ref(), &request).await
    };
    let response = asked.await.map_err(super::client::Refusal::message)?;
    answer::document(&response).map_err(|failure| failure.message)?;
    Ok(response)
}
