//! Makes a digest within one transaction: what is new, for whom, in which words.

use std::sync::Arc;

use chrono::NaiveDate;
use sha2::{Digest as _, Sha256};

use crate::config::SeriesPlan;
use crate::digest::{Personal, Selection, render, select};
use crate::model::{
    ActKind, ActOn, Digest, DigestId, Entry, Envelope, MailKind, Payload, Rendered, SeriesId,
    Subscriber, SubscriberId, Timestamp, TopicId,
};
use crate::pipeline::envelope::{list_fields, offset_minutes, sender};
use crate::pipeline::{Context, PipelineError, Plan};
use crate::schedule::calendar::Slot;
use crate::store::digests::{self, DigestRow, Progress};
use crate::store::items;
use crate::store::{StoreError, Transaction, acts, drafts, sources, subscribers};
use crate::topic::Keywords;

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

/// Digests of before whose subjects a new one must differ from: a mailbox shows a week at once.
const REMEMBERED: usize = 7;

/// Everything needed inside the transaction.
pub(in crate::pipeline) struct Maker {
    pub(in crate::pipeline) ctx: Context,
    pub(in crate::pipeline) plan: Arc<Plan>,
    pub(in crate::pipeline) series: SeriesId,
    pub(in crate::pipeline) moment: Moment,
    pub(in crate::pipeline) now: Timestamp,
    /// What readers of the series look for beside topics.
    pub(in crate::pipeline) keywords: Arc<Keywords>,
}

/// What a digest is made of, before anyone's choice.
pub(in crate::pipeline) struct Material {
    pub(in crate::pipeline) candidates: Vec<Entry>,
    pub(in crate::pipeline) digest: Digest,
}

impl Maker {
    pub(in crate::pipeline) fn new(
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
        Ok(Self {
            ctx: ctx.clone(),
            plan: Arc::clone(plan),
            series: series.clone(),
            moment,
            now,
            keywords: Arc::default(),
        })
    }

    /// Reads the words of all readers. They are made ready before the digest's transaction, since
    /// that takes a while where they are many; a word that comes meanwhile counts from the next
    /// digest on.
    pub(in crate::pipeline) async fn with_keywords(self) -> Result<Self, StoreError> {
        let series = self.series.clone();
        let read =
            move |tx: &Transaction<'_>| Ok(Keywords::new(subscribers::keywords_of(tx, &series)?));
        let keywords = Arc::new(self.ctx.store.read(read).await?);
        Ok(Self { keywords, ..self })
    }

    pub(in crate::pipeline) fn anyone(&self) -> Subscriber {
        Subscriber {
            id: SubscriberId(0),
            address: "muster@example.de".to_owned(),
            standing: crate::model::Standing::Active,
            series: vec![self.series.clone()],
            topics: Vec::new(),
            keywords: Vec::new(),
            since: Timestamp(i64::MIN),
            consent: crate::model::Consent {
                origin: String::new(),
                reason: String::new(),
                requested_at: self.now,
                confirmed_at: None,
            },
        }
    }

    pub(in crate::pipeline) fn begin(
        &self,
        tx: &Transaction<'_>,
    ) -> Result<ComposeReport, PipelineError> {
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
            if entry.topics.is_empty() {
                digests::tell_by_keyword(tx, &self.series, entry.story, &id)?;
            } else {
                digests::tell(tx, &self.series, entry.story, &id)?;
            }
        }
        acts::end(tx, &self.intro(), ActKind::Intro, &format!("in {id}"), self.now)?;
        digests::begin(tx, &id, &material.candidates)?;
        Ok(ComposeReport { digest: Some(id), entries: row.entries, ..ComposeReport::default() })
    }

    /// Returns what of a digest someone gets; none if there is nothing for them.
    pub(in crate::pipeline) fn digest_for(
        &self,
        digest: &Digest,
        candidates: &[Entry],
        someone: &Subscriber,
    ) -> Option<Digest> {
        let selection = Selection {
            series: &self.series_plan().series,
            topics: &self.plan.mail.face.topics,
            chosen: &someone.topics,
            keywords: &someone.keywords,
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

    /// Returns the digests that the series made before this one, the last of them.
    pub(super) fn earlier(&self, tx: &Transaction<'_>) -> Result<Vec<Digest>, PipelineError> {
        let pages = digests::pages_before(tx, &self.series, self.now, REMEMBERED)?;
        let read = |page: String| serde_json::from_str(&page).map_err(PipelineError::Page);
        pages.into_iter().map(read).collect()
    }

    /// Returns what the subjects of earlier digests were to someone of this choice.
    fn subjects(&self, earlier: &[Digest], someone: &Subscriber) -> Vec<String> {
        let always = Subscriber { since: Timestamp(i64::MIN), ..someone.clone() };
        let subject = |digest: &Digest| {
            let entries = digest.sections.iter().flat_map(|section| &section.entries);
            let entries: Vec<Entry> = entries.cloned().collect();
            let theirs = self.digest_for(digest, &entries, &always)?;
            Some(render::subject(&theirs, &self.plan.mail.face))
        };
        earlier.iter().filter_map(subject).collect()
    }

    /// Returns the words and the bytes of one subscriber's mail.
    pub(in crate::pipeline) fn message(
        &self,
        digest: &Digest,
        earlier: &[Digest],
        subscriber: &Subscriber,
    ) -> Result<(Rendered, Payload, Envelope), PipelineError> {
        let rendered = self.words(digest, earlier, subscriber, subscriber.id)?;
        let (payload, envelope) = self.bytes(&digest.id, subscriber, &rendered)?;
        Ok((rendered, payload, envelope))
    }

    /// Returns the words of the mail to someone of this choice, with the links of `whose`.
    pub(in crate::pipeline) fn words(
        &self,
        digest: &Digest,
        earlier: &[Digest],
        someone: &Subscriber,
        whose: SubscriberId,
    ) -> Result<Rendered, PipelineError> {
        let topics = &someone.topics;
        let mail = &self.plan.mail;
        let tokens = &self.ctx.tokens;
        let personal = Personal {
            settings_url: mail.link(&format!("e/{}", tokens.settings(whose, self.now))),
            unsubscribe_url: mail.link(&format!("a/{}", tokens.unsubscribe(whose))),
            topics: topics.iter().map(|topic| self.plan.topic_title(topic).to_owned()).collect(),
            chosen: topics.clone(),
            frequency: self.series_plan().schedule.every().to_owned(),
            earlier: self.subjects(earlier, someone),
        };
        Ok(render::digest(digest, &mail.face, &personal, &mail.templates)?)
    }

    /// Returns the bytes of the mail to a subscriber.
    pub(in crate::pipeline) fn bytes(
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

    /// Returns the sources that could not be read at some time since `from`; those that
    /// can be read again are marked.
    pub(in crate::pipeline) fn unread_sources(
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

    pub(in crate::pipeline) fn polled(
        &self,
    ) -> impl Iterator<Item = &crate::model::SourceSettings> {
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

    /// Returns what an introduction stands above.
    pub(in crate::pipeline) fn intro(&self) -> ActOn {
        ActOn::Series(self.series.clone())
    }

    pub(in crate::pipeline) fn slot(&self) -> String {
        match self.moment {
            Moment::Due { slot, .. } => slot.id(),
            Moment::Asked => format!("now:{}", self.now.0),
        }
    }

    pub(in crate::pipeline) fn local_date(&self) -> String {
        self.local_day(self.now).format("%Y-%m-%d").to_string()
    }

    pub(in crate::pipeline) fn local_day(&self, at: Timestamp) -> NaiveDate {
        at.utc().with_timezone(&self.plan.mail.timezone).date_naive()
    }

    pub(in crate::pipeline) fn series_plan(&self) -> &SeriesPlan {
        // Checked in `new`; a plan does not change.
        self.plan.series(&self.series).unwrap_or(&self.plan.series[0])
    }
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
pub(super) fn narrowed(mut digest: Digest, since: Option<Timestamp>) -> Digest {
    let window = &mut digest.window;
    let since = since.unwrap_or(window.from).min(window.to);
    window.from = window.from.max(since);
    digest
}
