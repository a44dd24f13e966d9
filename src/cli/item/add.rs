//! `item add`: an item written by hand.

use serde_json::json;

use crate::cli::{Exit, Session, UsageError, named};
use crate::desk::{self, Draft, Written};
use crate::model::{ItemId, StoryId, TopicId};
use crate::page::shown_url;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct AddArguments {
    /// Its title
    #[arg(long, value_name = "TEXT")]
    title: String,
    /// Where to read it
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// What it says
    #[arg(long, value_name = "TEXT", default_value = "")]
    text: String,
    /// Topics beside those that its words give it
    #[arg(long, value_name = "T,T", value_delimiter = ',')]
    topics: Vec<String>,
    /// Why; it is kept and shown by `explain` and `item log`
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

pub(super) async fn add(session: &Session, arguments: AddArguments) -> anyhow::Result<Exit> {
    let AddArguments { title, url, text, topics, reason } = arguments;
    let reason = named::required(&reason, "`--reason`")?;
    let title = named::required(&title, "`--title`")?.to_owned();
    if let Some(url) = url.as_deref().filter(|url| shown_url(url).is_none()) {
        let message = format!("`{url}` is no address that begins with `https://` or `http://`");
        return Err(UsageError::new(message).into());
    }
    for topic in &topics {
        named::topic(session, topic)?;
    }
    let topics = topics.into_iter().map(TopicId::new).collect();
    let draft = Draft { title, url, text, topics };
    let output = &session.output;
    match desk::write(&session.ctx, &session.plan, draft, reason).await? {
        Written::Empty => Err(UsageError::new("there is nothing to show in it").into()),
        Written::Known(id) => {
            let message = format!("item {id} has this address already; `amtsbote explain {id}`");
            Err(UsageError::new(message).into())
        }
        Written::Stored { item, story, topics } => {
            let names: Vec<&str> = topics.iter().map(TopicId::as_str).collect();
            if output.json {
                output.object(&json!({"id": item.to_string(), "story": story.to_string(),
                    "topics": names}))?;
            } else {
                output.line(&format!("{item}: {}", told(item, story, &names)))?;
            }
            Ok(Exit::Done)
        }
    }
}

/// Returns what becomes of it.
fn told(item: ItemId, story: StoryId, topics: &[&str]) -> String {
    let topics = if topics.is_empty() {
        "no topic, so no digest tells it; give it one by `amtsbote item tag`".to_owned()
    } else {
        topics.join(", ")
    };
    if story == StoryId(item.0) {
        return topics;
    }
    format!("{topics}; it tells the same as item {story}, as a further report")
}
