//! `explain`: why an item is what it is, and why a mail holds what it holds.

mod mail;
mod named_item;

use std::sync::Arc;

use serde_json::{Value, json};

use self::named_item::Named;
use super::items::object;
use super::{Exit, Global, Output, Session, topic};
use crate::agenda;
use crate::model::{Act, Correction, DigestId, ItemId, KeptDate, StoryId, Tagging};
use crate::pipeline;
use crate::store::items::{self, Stored};
use crate::store::{StoreError, Transaction, acts, dates, digests, stories};
use crate::topic::Considered;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  amtsbote explain 4711
  amtsbote explain https://www.example.de/meldung
  amtsbote explain \"Zeitplan bis 2027\"
  amtsbote explain ausgabe.eml")]
pub(super) struct Arguments {
    /// Number of an item, its address, a part of its title, or the file of a digest's mail
    #[arg(value_name = "ITEM")]
    what: String,
}

pub(super) async fn explain(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let session = Session::open_for_reading(global)?;
    if let Some(bytes) = mail::read(&arguments.what)? {
        return mail::explain(&session, &bytes).await;
    }
    match named_item::find(&session, &arguments.what).await? {
        Named::One(id) => item(&session, id).await,
        Named::Several(found) => {
            session.output.list(
                ["ID", "DATE", "SOURCE", "TITLE"],
                &found,
                |item| json!({"id": item.id.to_string(), "source": item.source, "title": item.title}),
                |item| {
                    let at = session.output.time(item.published.or(Some(item.first_seen)));
                    [item.id.to_string(), at, item.source.to_string(), item.title.clone()]
                },
            )?;
            session.output.say("several items are called so; `amtsbote explain ID` takes one");
            Ok(Exit::Done)
        }
    }
}

/// All that is known of an item.
struct Known {
    item: Stored,
    tags: Vec<(Tagging, String)>,
    members: Vec<Stored>,
    related: Vec<StoryId>,
    told: Vec<DigestId>,
    dates: Vec<KeptDate>,
    corrections: Vec<Correction>,
    acts: Vec<Act>,
    /// Every topic of the config as today's rules see it.
    considered: Vec<Considered>,
}

fn load(
    tx: &Transaction<'_>,
    plan: &pipeline::Plan,
    id: ItemId,
) -> Result<Option<Known>, StoreError> {
    let Some(item) = items::get(tx, id)? else { return Ok(None) };
    let mut members = items::of_story(tx, item.story)?;
    members.retain(|member| member.id != item.id);
    Ok(Some(Known {
        tags: items::tags(tx, id)?,
        members,
        related: stories::related(tx, item.story)?,
        told: digests::told_in(tx, item.story)?,
        dates: dates::of_item(tx, id)?,
        corrections: items::corrections(tx, id)?,
        acts: acts::of_item(tx, id)?,
        considered: pipeline::considered(plan, &item),
        item,
    }))
}

async fn item(session: &Session, id: ItemId) -> anyhow::Result<Exit> {
    let plan = Arc::clone(&session.plan);
    let found = session.ctx.store.read(move |tx| load(tx, &plan, id)).await?;
    let known = found.ok_or_else(|| super::named::no_item(id))?;
    if session.output.json {
        let Known { item, tags, related, told, dates, .. } = &known;
        let mut value = object(item, tags, related, told, dates);
        value["key"] = json!(item.key.0);
        value["topics"] = tags.iter().map(|(tag, version)| tagging(tag, version)).collect();
        value["considered"] = known.considered.iter().map(topic::shown::object).collect();
        value["members"] =
            known.members.iter().map(|m| json!({"id": m.id.to_string(), "source": m.source, "title": m.title, "url": m.url})).collect();
        value["corrections"] = known
            .corrections
            .iter()
            .map(|c| json!({"topic": c.topic, "has": c.has, "reason": c.reason, "at": c.at.rfc3339()}))
            .collect();
        value["acts"] = known.acts.iter().map(super::item::shown::object).collect();
        session.output.object(&value)?;
        return Ok(Exit::Done);
    }
    describe(&session.output, &known)?;
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

fn describe(output: &Output, known: &Known) -> anyhow::Result<()> {
    let Known { item, members, related, told, dates, .. } = known;
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
    topics(output, known)?;
    for Correction { topic, has, reason, at } in &known.corrections {
        let (sign, at) = (if *has { '+' } else { '-' }, output.time(Some(*at)));
        output.line(&format!("  corrected   {sign}{topic}, {at}: {reason}"))?;
    }
    known.acts.iter().try_for_each(|act| output.line(&super::item::shown::line(output, act)))
}

/// Prints the topics that it has and why, then those that it has not and what is missing.
fn topics(output: &Output, known: &Known) -> anyhow::Result<()> {
    for (tag, version) in &known.tags {
        output.line(&format!("  topic {}  score {:.2}  topics {version}", tag.topic, tag.score))?;
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
    if known.tags.is_empty() {
        output.line("  no topic")?;
    }
    if known.item.text.is_empty() {
        output.line("  its text was let go after its period: topics are judged by the title")?;
    }
    let has = |one: &&Considered| known.tags.iter().any(|(tag, _)| tag.topic == one.topic);
    for considered in known.considered.iter().filter(|one| !has(one)) {
        topic::shown::lines(output, "  ", considered)?;
    }
    Ok(())
}
