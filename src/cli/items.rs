//! `items`: what is there.

use chrono::NaiveTime;
use serde_json::{Value, json};

use super::output::json_time;
use super::{Exit, Global, Session, named};
use crate::model::{DigestId, KeptDate, SourceId, StoryId, Tagging, TopicId};
use crate::store::items::{self, Listing, Part, Stored};
use crate::store::{StoreError, Transaction, dates, digests, stories};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Only with this topic
    #[arg(long)]
    topic: Option<String>,
    /// Only of this source
    #[arg(long)]
    source: Option<String>,
    /// Only first seen since: a span such as `7d`, or a date such as `2025-12-09`
    #[arg(long, value_name = "D")]
    since: Option<String>,
    /// Only with all of these words in title or text, what fits best first
    #[arg(long, value_name = "Q")]
    search: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
}

pub(super) async fn list(global: &Global, arguments: Arguments) -> anyhow::Result<Exit> {
    let session = Session::open_for_reading(global)?;
    if let Some(topic) = &arguments.topic {
        named::topic(&session, topic)?;
    }
    if let Some(source) = &arguments.source {
        named::source_ever(&session, source).await?;
    }
    let since = arguments
        .since
        .as_deref()
        .map(|text| named::since(text, session.ctx.clock.now(), session.output.zone))
        .transpose()?;
    let listing = Listing {
        topic: arguments.topic.map(TopicId::new),
        source: arguments.source.map(SourceId::new),
        since,
        with_hidden: true,
        one_per_story: false,
        with_topic: false,
        limit: arguments.limit,
        part: Part::Newest,
    };
    print(&session, listing, arguments.search).await?;
    Ok(Exit::Done)
}

/// Prints the items of a listing, or of a search among them.
pub(super) async fn print(
    session: &Session,
    listing: Listing,
    search: Option<String>,
) -> anyhow::Result<()> {
    let (found, suggestion) = session
        .ctx
        .store
        .read(move |tx| {
            let mut found = Vec::new();
            let items = match &search {
                Some(words) => sought(tx, words, &listing)?,
                None => items::list(tx, &listing)?,
            };
            let suggestion = match &search {
                Some(words) if items.is_empty() => items::suggestion(tx, words, &listing)?,
                _ => None,
            };
            for item in items {
                let tags = items::tags(tx, item.id)?;
                let related = stories::related(tx, item.story)?;
                let told = digests::told_in(tx, item.story)?;
                let dates = dates::of_item(tx, item.id)?;
                found.push((item, tags, related, told, dates));
            }
            Ok((found, suggestion))
        })
        .await?;
    let output = &session.output;
    if found.is_empty() {
        output.say(&match suggestion {
            Some(words) => format!("no items; did you mean `{words}`?"),
            None => "no items".to_owned(),
        });
        return Ok(());
    }
    output.list(
        ["ID", "DATE", "SOURCE", "TOPICS", "TITLE"],
        &found,
        |(item, tags, related, told, dates)| object(item, tags, related, told, dates),
        |(item, tags, ..)| {
            let topics: Vec<&str> = tags.iter().map(|(tag, _)| tag.topic.as_str()).collect();
            [
                item.id.to_string(),
                output.time(item.published.or(Some(item.first_seen))),
                item.source.to_string(),
                topics.join(","),
                item.title.clone(),
            ]
        },
    )
}

/// Returns the items of a search, what fits best first.
fn sought(tx: &Transaction<'_>, words: &str, listing: &Listing) -> Result<Vec<Stored>, StoreError> {
    let mut found = Vec::new();
    for place in items::search(tx, words, listing)?.items.into_iter().take(listing.limit) {
        found.extend(items::get(tx, place.id)?);
    }
    Ok(found)
}

pub(super) fn object(
    item: &Stored,
    tags: &[(Tagging, String)],
    related: &[StoryId],
    told: &[DigestId],
    dates: &[KeptDate],
) -> Value {
    let topics: Vec<Value> =
        tags.iter().map(|(tag, _)| json!({"id": tag.topic, "score": tag.score})).collect();
    json!({
        "id": item.id.to_string(),
        "source": item.source,
        "title": item.title,
        "url": item.url,
        "published": json_time(item.published),
        "published_is_guess": item.published_is_guess,
        "first_seen": item.first_seen.rfc3339(),
        "updated": json_time(item.updated),
        "story": item.story.to_string(),
        "related": related.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "topics": topics,
        "guid": item.guid,
        "summary": item.summary,
        "text": item.text,
        "documents": item.details.documents,
        "withheld": item.withheld,
        "reported_in": told,
        "dates": dates.iter().map(date).collect::<Vec<Value>>(),
    })
}

fn date(kept: &KeptDate) -> Value {
    let date = &kept.date;
    let time = |time: Option<NaiveTime>| time.map(|time| time.format("%H:%M").to_string());
    json!({
        "kind": date.kind.as_str(),
        "from": date.from,
        "to": date.to,
        "time": time(date.time),
        "time_to": time(date.time_to),
        "precise": date.precision.as_str(),
        "sentence": date.sentence,
        "place": date.place,
        "cancelled": date.cancelled,
        "moved_from": kept.moved_from,
    })
}
