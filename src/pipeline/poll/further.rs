//! Further documents of one poll: maps that an index names, the pages of a list.

use std::sync::Arc;

use super::client::{PoliteClient, RequestPermit};
use super::hosts::host_of;
use super::robots;
use crate::answer;
use crate::model::Response;
use crate::pipeline::SourcePlan;

/// Most documents beside the first, whatever a kind asks for.
const MOST: usize = 50;

/// Asks for what the answer leads to. Returns all answers, and why one is missing.
///
/// Gives `permit` back before it asks: see `RequestPermit`.
pub(super) async fn fetch<'a>(
    client: &'a PoliteClient,
    source: &Arc<SourcePlan>,
    first: Response,
    permit: &mut RequestPermit<'a>,
) -> (Vec<Response>, Option<String>) {
    let kind = source.configured.source.as_ref();
    let mut answers = vec![first];
    while answers.len() <= MOST
        && let Some(url) = kind.further(&answers)
    {
        *permit = None;
        match one(client, source, &url).await {
            Ok(response) => answers.push(response),
            Err(message) => return (answers, Some(format!("{url} was not read: {message}"))),
        }
    }
    (answers, None)
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
