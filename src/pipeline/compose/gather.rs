//! What a digest has to tell: what became known since the last one, as entries, and the deadlines
//! of earlier ones that end soon.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use chrono::Days;

use super::entry::{entry_of, reason, update_of};
use super::maker::{Maker, Material, Moment};
use crate::dedup;
use crate::digest::{Selection, select};
use crate::model::{
    ActKind, AlsoReported, DateKind, Digest, DigestId, Entry, EntryTopic, ItemDate, Reminder,
    Section, Series, StoryId, Tagging, Timestamp, TopicId, Update, Window,
};
use crate::pipeline::PipelineError;
use crate::store::digests::{self, Progress};
use crate::store::items::{self, Received, Stored};
use crate::store::{StoreError, Transaction, acts, dates, stories, subscribers};
use crate::topic::Keywords;

/// A deadline is told once more so many days before it ends.
const REMINDED_BEFORE: Days = Days::new(7);

/// The rank of sources that speak for themselves.
const AUTHORITY: u8 = 1;

/// Most entries of a public page; no mail shows nearly as many.
const MOST_ON_PAGE: usize = 1000;

/// Returns whether it is the first report of a story by an authority itself, after others'.
fn is_authoritys_own(tx: &Transaction<'_>, received: &Received) -> Result<bool, StoreError> {
    let item = &received.item;
    if item.rank != AUTHORITY || received.change.is_some() {
        return Ok(false);
    }
    // Ids rise in the order in which items came.
    let members = items::of_story(tx, item.story)?;
    Ok(members.iter().filter(|other| other.id < item.id).all(|other| other.rank > AUTHORITY))
}

impl Maker {
    /// Returns what became known since the last digest, as entries; none if there is nothing to
    /// tell.
    pub(super) fn gather(
        &self,
        tx: &Transaction<'_>,
        progress: &Progress,
        upto: i64,
    ) -> Result<Option<Material>, PipelineError> {
        let received = items::received(tx, progress.last_receipt, upto, !self.keywords.is_empty())?;
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
            // had the story; to others it is a text they never had. The authority's own word
            // returns to them, too: a copy that was faster must not keep it from them.
            let Some(mut entry) = self.entry(tx, &received)? else { continue };
            let was_told = if entry.topics.is_empty() {
                digests::was_told_by_keyword(tx, &self.series, story)?
            } else {
                digests::was_told(tx, &self.series, story)?
            };
            let is_original = was_told && is_authoritys_own(tx, &received)?;
            if is_original {
                let what = format!("Original bei {}", entry.source);
                entry.update = Some(Update { at: received.at, what });
            }
            if received.change.is_some() == was_told || is_original {
                seen.insert(story, candidates.len());
                candidates.push(entry);
            }
        }
        let from = progress.last_time.or(earliest).unwrap_or(self.now).min(self.now);
        let reminders = self.reminders(tx, from, &seen)?;
        let sections = self.everything(&candidates).unwrap_or_default();
        // What only readers of a keyword get is on no page.
        let is_for_some = candidates.iter().any(|entry| !entry.keywords.is_empty());
        if sections.is_empty() && reminders.is_empty() && !is_for_some {
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

    /// Returns the entry that tells the story of a received item: the authority leads,
    /// the others are named. None if no item of the story has a topic or a reader's keyword.
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
        let keywords = self.keywords_in(&members);
        if topics.is_empty() && keywords.is_empty() {
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
        Ok(Some(entry_of(lead, received, (topics, keywords), also, told, related, &acts)))
    }

    /// Returns the entries of a digest that was begun, without what the editor took down since:
    /// another report of the story leads, if what is left has a topic or a keyword.
    pub(super) fn still_shown(
        &mut self,
        tx: &Transaction<'_>,
        entries: Vec<Entry>,
    ) -> Result<Vec<Entry>, StoreError> {
        let hidden: HashSet<StoryId> =
            acts::hidden(tx)?.into_iter().map(|hidden| hidden.story).collect();
        if entries.iter().all(|entry| !hidden.contains(&entry.story)) {
            return Ok(entries);
        }
        self.keywords = Arc::new(Keywords::new(subscribers::keywords_of(tx, &self.series)?));
        let mut shown = Vec::with_capacity(entries.len());
        for entry in entries {
            if !hidden.contains(&entry.story) {
                shown.push(entry);
                continue;
            }
            let Some(item) = items::of_story(tx, entry.story)?.into_iter().next() else { continue };
            let received = Received { at: entry.first_seen, change: None, item };
            let Some(mut led) = self.entry(tx, &received)? else { continue };
            // What changed is said of the item that changed.
            led.update = entry.update.filter(|_| led.item == entry.item);
            shown.push(led);
        }
        Ok(shown)
    }

    /// Returns the keywords of readers that the items of a story hold.
    fn keywords_in(&self, members: &[Stored]) -> Vec<String> {
        let found = members.iter().flat_map(|item| self.keywords.found(&item.title, &item.text));
        let found: BTreeSet<&str> = found.collect();
        found.into_iter().map(str::to_owned).collect()
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

    /// Returns topics of the config that the story has, in the config's order, with the reason.
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
    pub(super) fn everything(&self, candidates: &[Entry]) -> Option<Vec<Section>> {
        let series = Series {
            max_items: MOST_ON_PAGE,
            max_items_per_topic: MOST_ON_PAGE,
            ..self.series_plan().series.clone()
        };
        let topics = &self.plan.mail.face.topics;
        select(
            candidates,
            &Selection { series: &series, topics, chosen: &[], keywords: &[], since: None },
        )
    }
}

fn is_same_day(one: &ItemDate, other: &ItemDate) -> bool {
    one.kind == other.kind && one.due() == other.due()
}
