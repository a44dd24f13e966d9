//! The mails about a subscription: the request to confirm, the welcome, and the
//! question whether someone can be reached again.

use std::collections::HashSet;

use crate::digest::{Asked, Confirm, Ordered, Personal, Probe, Welcome, render};
use crate::model::{
    Entry, Envelope, ListFields, MailKind, Payload, Rendered, Section, Subscriber, SubscriberId,
    Timestamp, TopicId,
};
use crate::pipeline::envelope::{list_fields, offset_minutes, sender};
use crate::pipeline::{Context, PipelineError, Plan, outgoing};
use crate::store::bodies::Bytes;
use crate::store::items::{self, Listing, Stored};
use crate::store::subscribers::NewSubscriber;
use crate::store::{StoreError, Transaction};

/// Most entries of a topic under „Zuletzt erschienen“.
const LATEST: usize = 5;

/// A mail ready to be frozen.
pub(super) struct Letter {
    envelope: Envelope,
    payload: Payload,
    subscriber: SubscriberId,
}

impl Letter {
    fn new(
        ctx: &Context,
        plan: &Plan,
        subscriber: &Subscriber,
        (kind, list): (MailKind, Option<ListFields>),
        rendered: &Rendered,
        now: Timestamp,
    ) -> Result<Self, PipelineError> {
        let mail = &plan.mail;
        let id = subscriber.id;
        let envelope = Envelope {
            kind,
            recipient: subscriber.address.clone(),
            sender: sender(mail, &ctx.tokens.bounce(id)),
            from: mail.settings.from.to_string(),
            reply_to: mail.settings.reply_to.clone(),
            message_id: ctx.tokens.message_id(
                kind,
                &now.0.to_string(),
                Some(id),
                mail.settings.from.domain(),
            ),
            date: now,
            date_offset_minutes: offset_minutes(now, mail.timezone),
            list,
        };
        let payload = ctx.channel.encode(&envelope, rendered).map_err(PipelineError::Encode)?;
        Ok(Self { envelope, payload, subscriber: id })
    }

    /// Puts it into the outbox.
    pub(super) fn freeze(&self, tx: &Transaction<'_>) -> Result<(), PipelineError> {
        let envelope = &self.envelope;
        outgoing::freeze(tx, envelope, Bytes::Whole(&self.payload), None, Some(self.subscriber))?;
        Ok(())
    }
}

/// Returns the request to confirm.
pub(super) fn confirm(
    ctx: &Context,
    plan: &Plan,
    subscriber: &Subscriber,
    now: Timestamp,
    until: Timestamp,
) -> Result<Letter, PipelineError> {
    let mail = &plan.mail;
    let confirm = Confirm {
        url: mail.link(&format!("b/{}", ctx.tokens.confirm(subscriber.id, now))),
        requested_at: now,
        expires_at: until,
        series: ordered(plan, subscriber, None),
        topics: topics(plan, subscriber),
    };
    let rendered = render::confirm(&confirm, &mail.face, &mail.templates)?;
    Letter::new(ctx, plan, subscriber, (MailKind::Confirm, None), &rendered, now)
}

/// Returns the welcome, or word that they are subscribed already; then with what was asked for.
pub(super) fn welcome(
    tx: &Transaction<'_>,
    ctx: &Context,
    plan: &Plan,
    subscriber: &Subscriber,
    now: Timestamp,
    is_repeated: bool,
    asked: Option<&NewSubscriber>,
) -> Result<Letter, PipelineError> {
    let mail = &plan.mail;
    let series = ordered(plan, subscriber, Some(now));
    let personal = personal(ctx, plan, subscriber, &series, now);
    let asked = asked.and_then(|asked| other_choice(plan, subscriber, asked, &personal));
    let latest = if is_repeated { Vec::new() } else { latest(tx, plan, subscriber)? };
    let welcome = Welcome { series, latest, is_repeated, asked };
    let rendered = render::welcome(&welcome, &mail.face, &personal, &mail.templates)?;
    let list = list(ctx, plan, subscriber, MailKind::Welcome);
    Letter::new(ctx, plan, subscriber, (MailKind::Welcome, list), &rendered, now)
}

/// Returns what was asked for, if it is not what they have. The link is that of their settings:
/// whoever filled in the form does not have it, and it changes nothing before it is saved.
fn other_choice(
    plan: &Plan,
    subscriber: &Subscriber,
    asked: &NewSubscriber,
    personal: &Personal,
) -> Option<Asked> {
    let all = |topics: &[TopicId]| -> Vec<TopicId> {
        if topics.is_empty() {
            plan.topics.iter().map(|(id, _)| id.clone()).collect()
        } else {
            topics.to_vec()
        }
    };
    let is_same = |one: &[TopicId], other: &[TopicId]| {
        one.len() == other.len() && one.iter().all(|topic| other.contains(topic))
    };
    let has_series = asked.series.len() == subscriber.series.len()
        && asked.series.iter().all(|series| subscriber.series.contains(series));
    if has_series && is_same(&all(&asked.topics), &all(&subscriber.topics)) {
        return None;
    }
    let chosen = Subscriber {
        series: asked.series.clone(),
        topics: asked.topics.clone(),
        ..subscriber.clone()
    };
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(all(&asked.topics).iter().map(|topic| ("thema", topic.as_str())));
    query.extend_pairs(asked.series.iter().map(|series| ("ausgabe", series.as_str())));
    Some(Asked {
        series: ordered(plan, &chosen, None),
        topics: topics(plan, &chosen),
        url: format!("{}?{}", personal.settings_url, query.finish()),
    })
}

/// Returns the question whether they can be reached again; suspended since `since`.
pub(super) fn probe(
    ctx: &Context,
    plan: &Plan,
    subscriber: &Subscriber,
    since: Timestamp,
    now: Timestamp,
) -> Result<Letter, PipelineError> {
    let mail = &plan.mail;
    let series = ordered(plan, subscriber, None);
    let personal = personal(ctx, plan, subscriber, &series, now);
    let probe = Probe { since, series };
    let rendered = render::probe(&probe, &mail.face, &personal, &mail.templates)?;
    let list = list(ctx, plan, subscriber, MailKind::Probe);
    Letter::new(ctx, plan, subscriber, (MailKind::Probe, list), &rendered, now)
}

/// Returns the links that are theirs alone.
fn personal(
    ctx: &Context,
    plan: &Plan,
    subscriber: &Subscriber,
    series: &[Ordered],
    now: Timestamp,
) -> Personal {
    let (mail, tokens) = (&plan.mail, &ctx.tokens);
    Personal {
        settings_url: mail.link(&format!("e/{}", tokens.settings(subscriber.id, now))),
        unsubscribe_url: mail.link(&format!("a/{}", tokens.unsubscribe(subscriber.id))),
        topics: topics(plan, subscriber),
        chosen: subscriber.topics.clone(),
        frequency: series.first().map(|series| series.frequency.clone()).unwrap_or_default(),
        earlier: Vec::new(),
    }
}

/// Returns the List-* fields of the first series they get. Mails of one kind share a
/// Feedback-ID: receivers count complaints by it, and of one mail none counts.
fn list(ctx: &Context, plan: &Plan, subscriber: &Subscriber, kind: MailKind) -> Option<ListFields> {
    let series = subscriber.series.first()?;
    let feedback = format!("{series}:{}:amtsbote", kind.as_str());
    Some(list_fields(&plan.mail, series, &feedback, &ctx.tokens.unsubscribe(subscriber.id)))
}

/// Returns what they get, in words; with the next date, if it is asked for.
fn ordered(plan: &Plan, subscriber: &Subscriber, now: Option<Timestamp>) -> Vec<Ordered> {
    let mail = &plan.mail;
    subscriber
        .series
        .iter()
        .filter_map(|id| plan.series(id))
        .map(|plan| Ordered {
            title: plan.series.title.clone(),
            frequency: plan.schedule.every().to_owned(),
            next: now.and_then(|now| {
                Some(plan.schedule.next_after_instant(now, mail.timezone, mail.holidays)?.at)
            }),
        })
        .collect()
}

fn topics(plan: &Plan, subscriber: &Subscriber) -> Vec<String> {
    subscriber.topics.iter().map(|topic| plan.topic_title(topic).to_owned()).collect()
}

/// Returns the newest stories of each of their topics: what they would have had, not a
/// backlog (D9).
fn latest(
    tx: &Transaction<'_>,
    plan: &Plan,
    subscriber: &Subscriber,
) -> Result<Vec<Section>, StoreError> {
    let all = plan.topics.iter().map(|(id, _)| id);
    let topics: Vec<&TopicId> = if subscriber.topics.is_empty() {
        all.collect()
    } else {
        subscriber.topics.iter().collect()
    };
    let mut shown = HashSet::new();
    let mut sections = Vec::new();
    for topic in topics {
        let listing = Listing {
            topic: Some(topic.clone()),
            one_per_story: true,
            // Some may stand under an earlier topic.
            limit: LATEST * 4,
            ..Listing::default()
        };
        let entries: Vec<Entry> = items::list(tx, &listing)?
            .into_iter()
            .filter(|item| !item.withheld && shown.insert(item.story))
            .take(LATEST)
            .map(entry)
            .collect();
        if !entries.is_empty() {
            let title = plan.topic_title(topic).to_owned();
            sections.push(Section { topic: topic.clone(), title, entries, omitted: 0 });
        }
    }
    Ok(sections)
}

/// Returns as much of an item as a list of titles shows.
fn entry(item: Stored) -> Entry {
    Entry {
        item: item.id,
        story: item.story,
        title: item.title,
        url: item.url,
        source: item.source_name,
        rank: item.rank,
        published: item.published,
        first_seen: item.first_seen,
        ..Entry::default()
    }
}
