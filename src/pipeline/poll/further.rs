//! Further documents of one poll: maps that an index names, the pages of a list.

use std::sync::Arc;

use super::client::{PoliteClient, RequestPermit};
use super::hosts::host_of;
use super::robots;
use crate::answer;
use crate::model::{Cursor, Response};
use crate::pipeline::SourcePlan;
use crate::source::{Documents, Walked};

/// Most documents beside the first, whatever a kind asks for.
const MOST: usize = 50;

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
    let mut documents = Documents::new(source.configured.source.as_ref(), cursor, first);
    for _ in 0..MOST {
        let Some(url) = documents.next_url() else { break };
        *permit = None;
        documents.take(one(client, source, &url).await);
    }
    documents.end()
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
