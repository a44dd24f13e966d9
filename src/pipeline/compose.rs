//! Make one dated digest of what has become known, unique by series and slot,
//! and freeze one message for each subscriber. The digest, its entries and the
//! series' progress are one transaction; the messages follow in small ones, and
//! a digest that a crash left half frozen is finished out of its stored entries.

mod entry;
mod freeze;
mod preview;
mod proof;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{Days, NaiveDate};
use sha2::{Digest as _, Sha256};

use self::entry::{entry_of, update_of};
pub use self::entry::{opinion, reason};
use self::freeze::Freezer;
pub use self::preview::{Preview, Upcoming, preview, upcoming};
pub use self::proof::send_proof;
use super::envelope::{list_fields, offset_minutes, sender};
use super::{Context, PipelineError, Plan};
use crate::config::SeriesPlan;
use crate::dedup;
use crate::digest::{Personal, Selection, render, select};
use crate::model::{
    ActKind, ActOn, AlsoReported, DateKind, Digest, DigestId, Entry, EntryTopic, Envelope,
    ItemDate, MailKind, Payload, Reminder, Rendered, Section, Series, SeriesId, StoryId,
    Subscriber, SubscriberId, Tagging, Timestamp, TopicId, Window,
};
use crate::schedule::calendar::Slot;
use crate::store::digests::{self, DigestRow, Progress};
use crate::store::items::{self, Received};
use crate::store::{StoreError, Transaction, acts, dates, drafts, sources, stories};

/// A deadline is told once more so many days before it ends.
const REMINDED_BEFORE: Days = Days::new(7);

/// Most entries of a public page; no mail shows nearly as many.
const MOST_ON_PAGE: usize = 1000;

/// Why a digest is made now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// A slot of the calendar has come.
    Due {
        /// Which.
        slot: Slot,
        /// It stands for earlier slots too, missed in one outage.
        catches_up: bool,
    },
    /// The operator asked for one, off schedule.
    Asked,
}

/// What composing came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ComposeReport {
    /// The digest; none if there was nothing to tell.
    pub digest: Option<DigestId>,
    /// Entries in all.
    pub entries: usize,
    /// Messages frozen.
    pub messages: usize,
    /// The slot had been done already.
    pub was_done: bool,
    /// It waits for its editors.
    pub waits: bool,
}

/// Composes the digest of a series and freezes its messages.
pub async fn compose(
    ctx: &Context,
    plan: &Arc<Plan>,
    series: &SeriesId,
    moment: Moment,
) -> Result<ComposeReport, PipelineError> {
    let maker = Maker::new(ctx, plan, series, moment)?;
    let begun = ctx.store.try_write(move |tx| maker.begin(tx)).await?;
    // This one, and what an earlier run had to leave.
    finish(ctx, plan).await?;
    let Some(digest) = begun.digest.clone() else { return Ok(begun) };
    let row = ctx.store.read(move |tx| digests::get(tx, &digest)).await?;
    Ok(ComposeReport { messages: row.map_or(0, |row| row.recipients), ..begun })
}

/// Freezes the messages of every digest that was begun and not finished.
/// Answers how many digests.
pub async fn finish(ctx: &Context, plan: &Arc<Plan>) -> Result<usize, PipelineError> {
    let mut finished = 0;
    while let Some((row, candidates)) = ctx.store.read(unfinished).await? {
        let digest: Digest = serde_json::from_str(&row.content).map_err(PipelineError::Page)?;
        if plan.series(&row.series).is_none() {
            // The series left the config with its readers' wish for it: nobody gets it.
            ctx.store.write(move |tx| digests::set_reached(tx, &row.id, None)).await?;
            continue;
        }
        let mut maker = Maker::new(ctx, plan, &row.series, Moment::Asked)?;
        maker.now = row.composed_at;
        let freezer = Arc::new(Freezer::new(maker, Digest { id: row.id, ..digest }, candidates));
        while !freezer.freeze_some().await? {}
        finished += 1;
    }
    Ok(finished)
}

/// A digest whose messages are not all frozen, and its entries but those that the
/// editor took down since.
fn unfinished(tx: &Transaction<'_>) -> Result<Option<(DigestRow, Vec<Entry>)>, StoreError> {
    let Some((row, mut entries)) = digests::unfinished(tx)? else { return Ok(None) };
    let hidden = acts::hidden(tx)?;
    entries.retain(|entry| hidden.iter().all(|hidden| hidden.item != entry.item));
    Ok(Some((row, entries)))
}

/// Everything needed inside the transaction.
pub(super) struct Maker {
    pub(super) ctx: Context,
    pub(super) plan: Arc<Plan>,
    pub(super) series: SeriesId,
    pub(super) moment: Moment,
    pub(super) now: Timestamp,
}

/// What a digest is made of, before anyone's choice.
struct Material {
    candidates: Vec<Entry>,
    digest: Digest,
}

impl Maker {
    pub(super) fn new(
        ctx: &Context,
        plan: &Arc<Plan>,
        series: &SeriesId,
        moment: Moment,
    ) -> Result<Self, PipelineError> {
        if plan.series(series).is_none() {
            let known: Vec<&str> = plan.series.iter().map(|s| s.series.id.as_str()).collect();
            return Err(PipelineError::Unknown {
                what: "series",
                name: series.to_string(),
                suggestion: crate::model::suggestion(series.as_str(), &known),
            });
        }
        let now = ctx.clock.now();
        Ok(Self { ctx: ctx.clone(), plan: Arc::clone(plan), series: series.clone(), moment, now })
    }

    fn anyone(&self) -> Subscriber {
        Subscriber {
            id: SubscriberId(0),
            address: "muster@example.de".to_owned(),
            standing: crate::model::Standing::Active,
            series: vec![self.series.clone()],
            topics: Vec::new(),
            since: Timestamp(i64::MIN),
            consent: crate::model::Consent {
                origin: String::new(),
                reason: String::new(),
                requested_at: self.now,
                confirmed_at: None,
            },
        }
    }

    fn begin(&self, tx: &Transaction<'_>) -> Result<ComposeReport, PipelineError> {
        let slot = self.slot();
        let progress = digests::progress(tx, &self.series)?;
        let upto = items::last_receipt(tx)?;
        if digests::is_done(tx, &self.series, &slot)? {
            // Composed before, by a run that died before it said so or under a
            // clock that was set back: what came since waits for the next slot.
            self.advance(tx, &progress, progress.last_receipt, progress.last_time)?;
            return Ok(ComposeReport { was_done: true, ..ComposeReport::default() });
        }
        let admitted = self.admitted(tx, upto)?;
        let upto = admitted.unwrap_or(upto);
        let material = self.gather(tx, &progress, upto)?;
        if material.is_some() && admitted.is_none() {
            return Ok(ComposeReport { waits: true, ..ComposeReport::default() });
        }
        self.advance(tx, &progress, upto, Some(self.now))?;
        drafts::expire(tx, &self.series, &slot)?;
        let Some(material) = material else { return Ok(ComposeReport::default()) };
        let stem = format!("{}-{}", self.local_date(), self.series);
        let id = digests::free_id(tx, &stem)?;
        let digest = Digest { id: id.clone(), ..material.digest };
        let row = DigestRow {
            id: id.clone(),
            series: self.series.clone(),
            slot,
            window: digest.window,
            composed_at: self.now,
            entries: digest.shown() + digest.omitted(),
            recipients: 0,
            content: serde_json::to_string(&digest).map_err(PipelineError::Page)?,
        };
        digests::insert(tx, &row)?;
        for entry in &material.candidates {
            digests::tell(tx, &self.series, entry.story, &id)?;
        }
        acts::end(tx, &self.intro(), ActKind::Intro, &format!("in {id}"), self.now)?;
        digests::begin(tx, &id, &material.candidates)?;
        Ok(ComposeReport { digest: Some(id), entries: row.entries, ..ComposeReport::default() })
    }

    /// Returns what became known since the last digest, as entries; none if there is nothing to tell.
    fn gather(
        &self,
        tx: &Transaction<'_>,
        progress: &Progress,
        upto: i64,
    ) -> Result<Option<Material>, PipelineError> {
        let received = items::received(tx, progress.last_receipt, upto)?;
        let earliest = received.iter().map(|received| received.at).min();
        let mut candidates: Vec<Entry> = Vec::new();
        let mut seen: HashMap<StoryId, usize> = HashMap::new();
        for received in received {
            let story = received.item.story;
            if let Some(index) = seen.get(&story) {
                let entry = &mut candidates[*index];
                // Two changes since the last digest are one return.
                if let (Some(update), Some(more)) = (&mut entry.update, update_of(&received)) {
                    update.what = dedup::with_more(&update.what, &more.what);
                    update.at = more.at;
                }
                continue;
            }
            // A later report of a story that was told is marked in the archive, not
            // mailed again. A change returns only to the readers of this series who
            // had the story; to others it is a text they never had.
            if received.change.is_some() != digests::was_told(tx, &self.series, story)? {
                continue;
            }
            if let Some(entry) = self.entry(tx, &received)? {
                seen.insert(story, candidates.len());
                candidates.push(entry);
            }
        }
        let from = progress.last_time.or(earliest).unwrap_or(self.now).min(self.now);
        let reminders = self.reminders(tx, from, &seen)?;
        let sections = self.everything(&candidates).unwrap_or_default();
        if sections.is_empty() && reminders.is_empty() {
            return Ok(None);
        }
        let digest = Digest {
            id: DigestId::new(""),
            series: self.series_plan().series.clone(),
            window: Window { from, to: self.now },
            composed_at: self.now,
            sections,
            reminders,
            reasons: self.series_plan().reasons,
            silent_sources: self.unread_sources(tx, from)?,
            source_count: self.polled().count(),
            catches_up: matches!(self.moment, Moment::Due { catches_up: true, .. }),
            intro: acts::in_force(tx, &self.intro(), ActKind::Intro)?.map(|act| act.words),
        };
        Ok(Some(Material { candidates, digest }))
    }

    /// The entry that tells the story of a received item: the authority leads,
    /// the others are named. None if no item of the story has a topic.
    fn entry(
        &self,
        tx: &Transaction<'_>,
        received: &Received,
    ) -> Result<Option<Entry>, StoreError> {
        let mut members = items::of_story(tx, received.item.story)?;
        if members.is_empty() {
            members.push(received.item.clone());
        }
        let mut taggings: Vec<Tagging> = Vec::new();
        for member in &members {
            for (tagging, _) in items::tags(tx, member.id)? {
                match taggings.iter_mut().find(|known| known.topic == tagging.topic) {
                    Some(known) if known.score >= tagging.score => {}
                    Some(known) => *known = tagging,
                    None => taggings.push(tagging),
                }
            }
        }
        let topics = self.entry_topics(&taggings);
        if topics.is_empty() {
            return Ok(None);
        }
        let lead = members.remove(0);
        let mut also: Vec<AlsoReported> = Vec::new();
        for other in &members {
            let is_new = other.source != lead.source
                && also.iter().all(|known| known.source != other.source_name);
            if is_new {
                also.push(AlsoReported {
                    source: other.source_name.clone(),
                    url: other.url.clone(),
                    title: dedup::says_something_else(&lead.title, &other.title)
                        .then(|| other.title.clone()),
                });
            }
        }
        // The lead's dates count; another teller only adds a kind that it lacks.
        let mut told = dates::of_item(tx, lead.id)?;
        for other in &members {
            let of_lead: Vec<DateKind> = told.iter().map(|kept| kept.date.kind).collect();
            let dates = dates::of_item(tx, other.id)?.into_iter();
            told.extend(dates.filter(|kept| !of_lead.contains(&kept.date.kind)));
        }
        let related = stories::related(tx, lead.story)?;
        let acts = acts::on_story(tx, lead.story)?;
        Ok(Some(entry_of(lead, received, topics, also, told, related, &acts)))
    }

    /// Returns the deadlines of stories told before that end a week after a day of the window: the
    /// windows of a series leave no gap and do not overlap, so each is told once more, and
    /// again only if it moved. What stands in this digest anyway is left out.
    fn reminders(
        &self,
        tx: &Transaction<'_>,
        from: Timestamp,
        seen: &HashMap<StoryId, usize>,
    ) -> Result<Vec<Reminder>, StoreError> {
        let today = self.local_day(self.now);
        let first = (self.local_day(from) + REMINDED_BEFORE + Days::new(1)).max(today);
        let days = first..=today + REMINDED_BEFORE;
        let mut reminders: Vec<(StoryId, Reminder)> = Vec::new();
        for (id, date) in dates::deadlines_told(tx, &self.series, &days)? {
            let Some(item) = items::get(tx, id)? else { continue };
            let is_told = |(story, told): &(StoryId, Reminder)| {
                *story == item.story && is_same_day(&told.date.date, &date.date)
            };
            if seen.contains_key(&item.story) || reminders.iter().any(is_told) {
                continue;
            }
            let tags = items::tags(tx, id)?;
            let topics: Vec<TopicId> = tags.into_iter().map(|(tag, _)| tag.topic).collect();
            reminders.push((
                item.story,
                Reminder {
                    item: id,
                    title: item.title,
                    url: item.url,
                    source: item.source_name,
                    topics,
                    date,
                },
            ));
        }
        Ok(reminders.into_iter().map(|(_, reminder)| reminder).collect())
    }

    /// Topics of the config that the story has, in the config's order, with the reason.
    fn entry_topics(&self, taggings: &[Tagging]) -> Vec<EntryTopic> {
        self.plan
            .topics
            .iter()
            .filter_map(|(topic, _)| {
                let tagging = taggings.iter().find(|tagging| tagging.topic == *topic)?;
                Some(EntryTopic {
                    topic: topic.clone(),
                    score: tagging.score,
                    reason: reason(tagging),
                })
            })
            .collect()
    }

    /// Returns what the public page shows: all there is, where a mail has only so many
    /// and links the rest.
    fn everything(&self, candidates: &[Entry]) -> Option<Vec<Section>> {
        let series = Series {
            max_items: MOST_ON_PAGE,
            max_items_per_topic: MOST_ON_PAGE,
            ..self.series_plan().series.clone()
        };
        let topics = &self.plan.mail.face.topics;
        select(candidates, &Selection { series: &series, topics, chosen: &[], since: None })
    }

    /// Returns what of a digest someone gets; none if there is nothing for them.
    fn digest_for(
        &self,
        digest: &Digest,
        candidates: &[Entry],
        someone: &Subscriber,
    ) -> Option<Digest> {
        let selection = Selection {
            series: &self.series_plan().series,
            topics: &self.plan.mail.face.topics,
            chosen: &someone.topics,
            since: Some(someone.since),
        };
        let sections = select(candidates, &selection).unwrap_or_default();
        let is_theirs =
            |topic: &TopicId| someone.topics.is_empty() || someone.topics.contains(topic);
        let mut reminders = digest.reminders.clone();
        reminders.retain(|reminder| reminder.topics.iter().any(is_theirs));
        let is_empty = sections.is_empty() && reminders.is_empty();
        (!is_empty).then(|| Digest { sections, reminders, ..digest.clone() })
    }

    /// The words and the bytes of one subscriber's mail.
    fn message(
        &self,
        digest: &Digest,
        subscriber: &Subscriber,
    ) -> Result<(Rendered, Payload, Envelope), PipelineError> {
        let rendered = self.words(digest, &subscriber.topics, subscriber.id)?;
        let (payload, envelope) = self.bytes(&digest.id, subscriber, &rendered)?;
        Ok((rendered, payload, envelope))
    }

    /// The words of the mail to someone of these topics, with the links of `whose`.
    fn words(
        &self,
        digest: &Digest,
        topics: &[TopicId],
        whose: SubscriberId,
    ) -> Result<Rendered, PipelineError> {
        let mail = &self.plan.mail;
        let tokens = &self.ctx.tokens;
        let personal = Personal {
            settings_url: mail.link(&format!("e/{}", tokens.settings(whose))),
            unsubscribe_url: mail.link(&format!("a/{}", tokens.unsubscribe(whose))),
            topics: topics.iter().map(|topic| self.plan.topic_title(topic).to_owned()).collect(),
            chosen: topics.to_vec(),
            frequency: self.series_plan().schedule.every().to_owned(),
        };
        Ok(render::digest(digest, &mail.face, &personal, &mail.templates)?)
    }

    /// The bytes of the mail to a subscriber.
    fn bytes(
        &self,
        digest: &DigestId,
        subscriber: &Subscriber,
        rendered: &Rendered,
    ) -> Result<(Payload, Envelope), PipelineError> {
        let mail = &self.plan.mail;
        let tokens = &self.ctx.tokens;
        let unsubscribe = tokens.unsubscribe(subscriber.id);
        let envelope = Envelope {
            kind: MailKind::Digest,
            recipient: subscriber.address.clone(),
            sender: sender(mail, &tokens.bounce(subscriber.id)),
            from: mail.settings.from.to_string(),
            reply_to: mail.settings.reply_to.clone(),
            message_id: tokens.message_id(
                MailKind::Digest,
                &format!("{digest}-{}", fingerprint(rendered)),
                Some(subscriber.id),
                mail.settings.from.domain(),
            ),
            date: self.now,
            date_offset_minutes: offset_minutes(self.now, mail.timezone),
            list: Some(list_fields(
                mail,
                &self.series,
                &format!("{}:{}:digest:amtsbote", digest, self.series),
                &unsubscribe,
            )),
        };
        let payload =
            self.ctx.channel.encode(&envelope, rendered).map_err(PipelineError::Encode)?;
        Ok((payload, envelope))
    }

    /// The sources that could not be read at some time since `from`; those that
    /// can be read again are marked.
    fn unread_sources(
        &self,
        tx: &Transaction<'_>,
        from: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        let mut unread = Vec::new();
        for settings in self.polled() {
            if sources::state(tx, &settings.id)?.condition.is_unread() {
                unread.push(settings.name.clone());
            } else if sources::last_failure(tx, &settings.id)?.is_some_and(|at| at > from) {
                unread.push(format!("{} (zeitweise)", settings.name));
            }
        }
        Ok(unread)
    }

    fn polled(&self) -> impl Iterator<Item = &crate::model::SourceSettings> {
        self.plan
            .sources
            .iter()
            .map(|source| &source.configured.settings)
            .filter(|settings| settings.enabled)
    }

    /// Writes how far the series has come. A digest by hand leaves the calendar alone.
    fn advance(
        &self,
        tx: &Transaction<'_>,
        before: &Progress,
        upto: i64,
        last_time: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let last_slot = match self.moment {
            Moment::Due { slot, .. } => Some(slot.id()),
            Moment::Asked => before.last_slot.clone(),
        };
        let after = Progress { last_slot, last_receipt: upto, last_time };
        digests::set_progress(tx, &self.series, &after)
    }

    /// What an introduction stands above.
    fn intro(&self) -> ActOn {
        ActOn::Series(self.series.clone())
    }

    fn slot(&self) -> String {
        match self.moment {
            Moment::Due { slot, .. } => slot.id(),
            Moment::Asked => format!("now:{}", self.now.0),
        }
    }

    fn local_date(&self) -> String {
        self.local_day(self.now).format("%Y-%m-%d").to_string()
    }

    fn local_day(&self, at: Timestamp) -> NaiveDate {
        at.utc().with_timezone(&self.plan.mail.timezone).date_naive()
    }

    pub(super) fn series_plan(&self) -> &SeriesPlan {
        // Checked in `new`; a plan does not change.
        self.plan.series(&self.series).unwrap_or(&self.plan.series[0])
    }
}

fn is_same_day(one: &ItemDate, other: &ItemDate) -> bool {
    one.kind == other.kind && one.due() == other.due()
}

/// Returns a short hash of the words. It is part of the Message-ID: a digest
/// that is composed anew after a restore has the id of the one before it, and
/// mailers would take other words under one Message-ID for a copy.
fn fingerprint(words: &Rendered) -> String {
    let mut hasher = Sha256::new();
    for part in [&words.subject, &words.text, &words.html] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize()[..4].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A window never begins before its reader did (D9).
fn narrowed(mut digest: Digest, since: Option<Timestamp>) -> Digest {
    let window = &mut digest.window;
    let since = since.unwrap_or(window.from).min(window.to);
    window.from = window.from.max(since);
    digest
}
