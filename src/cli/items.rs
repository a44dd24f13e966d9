//! `items` and `explain`.

use chrono::NaiveTime;
use serde_json::{Value, json};

use super::output::json_time;
use super::{Exit, Global, Output, Session, UsageError, named};
use crate::agenda;
use crate::model::{Correction, DigestId, ItemId, KeptDate, SourceId, StoryId, Tagging, TopicId};
use crate::store::items::{self, Listing, Part, Stored};
use crate::store::{StoreError, Transaction, acts, dates, digests, stories};

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

#[derive(Debug, clap::Args)]
pub(super) struct ExplainArguments {
    /// Number of an item, as `amtsbote items` shows it
    #[arg(value_parser = item_number)]
    item: i64,
}

fn item_number(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| "an item is named by its number; `amtsbote items` shows it".to_owned())
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
        .map(|text| named::since(text, session.ctx.clock.now()))
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

fn object(
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

pub(super) async fn explain(global: &Global, arguments: &ExplainArguments) -> anyhow::Result<Exit> {
    let session = Session::open_for_reading(global)?;
    let id = ItemId(arguments.item);
    let found = session
        .ctx
        .store
        .read(move |tx| {
            let Some(item) = items::get(tx, id)? else { return Ok(None) };
            let tags = items::tags(tx, id)?;
            let members = items::of_story(tx, item.story)?;
            let related = stories::related(tx, item.story)?;
            let told = digests::told_in(tx, item.story)?;
            let dates = dates::of_item(tx, id)?;
            let corrections = items::corrections(tx, id)?;
            let acts = acts::of_item(tx, id)?;
            Ok(Some((item, tags, members, related, told, dates, corrections, acts)))
        })
        .await?;
    let Some((item, tags, members, related, told, dates, corrections, acts)) = found else {
        return Err(
            UsageError::new(format!("there is no item {id}; `amtsbote items` lists them")).into()
        );
    };
    let members: Vec<&Stored> = members.iter().filter(|member| member.id != item.id).collect();
    if session.output.json {
        let mut value = object(&item, &tags, &related, &told, &dates);
        value["key"] = json!(item.key.0);
        value["topics"] = tags.iter().map(|(tag, version)| tagging(tag, version)).collect();
        value["members"] =
            members.iter().map(|m| json!({"id": m.id.to_string(), "source": m.source, "title": m.title, "url": m.url})).collect();
        value["corrections"] = corrections
            .iter()
            .map(|c| json!({"topic": c.topic, "has": c.has, "reason": c.reason, "at": c.at.rfc3339()}))
            .collect();
        value["acts"] = acts.iter().map(super::item::shown::object).collect();
        session.output.object(&value)?;
        return Ok(Exit::Done);
    }
    describe(&session.output, &item, &tags, &members, &related, &told, &dates)?;
    for Correction { topic, has, reason, at } in &corrections {
        let (sign, at) = (if *has { '+' } else { '-' }, session.output.time(Some(*at)));
        session.output.line(&format!("  corrected   {sign}{topic}, {at}: {reason}"))?;
    }
    for act in &acts {
        session.output.line(&super::item::shown::line(&session.output, act))?;
    }
    Ok(Exit::Done)
}

fn tagging(tag: &Tagging, version: &str) -> Value {
    let evidence: Vec<Value> = tag
        .evidence
        .iter()
        .map(|e| {
            json!({"signal": e.signal, "field": e.field.as_str(), "start": e.span.0, "end": e.span.1,
                "words": e.words, "term": e.term, "weight": e.weight})
        })
        .collect();
    json!({"id": tag.topic, "score": tag.score, "version": version, "evidence": evidence})
}

fn describe(
    output: &Output,
    item: &Stored,
    tags: &[(Tagging, String)],
    members: &[&Stored],
    related: &[StoryId],
    told: &[DigestId],
    dates: &[KeptDate],
) -> anyhow::Result<()> {
    output.line(&item.title)?;
    output.line(&format!(
        "  source      {} ({}, rank {})",
        item.source, item.source_name, item.rank
    ))?;
    output.line(&format!("  url         {}", item.url.as_deref().unwrap_or("-")))?;
    output.line(&format!("  identity    {}", item.key.0))?;
    let guess = if item.published_is_guess { " (a guess)" } else { "" };
    output.line(&format!("  published   {}{guess}", output.time(item.published)))?;
    output.line(&format!("  first seen  {}", output.time(Some(item.first_seen))))?;
    output.line(&format!("  updated     {}", output.time(item.updated)))?;
    if item.withheld {
        output.line("  withheld    it is stored but not mailed")?;
    }
    output.line(&format!("  story       {}", item.story))?;
    for member in members {
        output
            .line(&format!("    also in   {} ({}): {}", member.source, member.id, member.title))?;
    }
    if !related.is_empty() {
        let related: Vec<String> = related.iter().map(ToString::to_string).collect();
        output.line(&format!("  related     stories {}", related.join(", ")))?;
    }
    for digest in told {
        output.line(&format!("  reported in {digest}"))?;
    }
    for KeptDate { date, .. } in dates {
        let (kind, said) = (date.kind.as_str(), agenda::words::say(date));
        output.line(&format!("  date        {kind}: {said} („{}“)", date.sentence))?;
    }
    if tags.is_empty() {
        output.line("  no topic; `amtsbote topic test` shows what each rule made of a text")?;
    }
    for (tag, version) in tags {
        output.line(&format!("  topic {}  score {}  topics {version}", tag.topic, tag.score))?;
        for e in &tag.evidence {
            output.line(&format!(
                "    {:>4}  „{}“ in {} at {}–{} by `{}` ({})",
                e.weight,
                e.words,
                e.field.as_str(),
                e.span.0,
                e.span.1,
                e.term,
                e.signal
            ))?;
        }
    }
    Ok(())
}
