//! A digest that was sent, without what the editor has taken down since.

use chrono_tz::Tz;

use crate::model::{Digest, Entry, ItemId, StoryId, Timestamp};
use crate::text::typography as typo;

/// An item that was taken down.
#[derive(Debug, Clone, Copy)]
pub struct TakenDown<'a> {
    /// Which.
    pub item: ItemId,
    /// Its story, whose entries may name it as a further report.
    pub story: StoryId,
    /// Its address.
    pub url: Option<&'a str>,
    /// Since when.
    pub since: Timestamp,
}

/// Leaves of each entry that was taken down only a line that says so, and drops it from
/// further reports and reminders. Entries stay in their places, so that their numbers are
/// those of the mail.
pub fn take_down(mut digest: Digest, taken: &[TakenDown<'_>], zone: Tz) -> Digest {
    if taken.is_empty() {
        return digest;
    }
    let find = |item: ItemId| taken.iter().find(|taken| taken.item == item);
    digest.reminders.retain(|reminder| find(reminder.item).is_none());
    for entry in digest.sections.iter_mut().flat_map(|section| &mut section.entries) {
        let story = entry.story;
        entry.also.retain(|also| {
            let names = |taken: &TakenDown<'_>| {
                taken.story == story && taken.url.is_some() && taken.url == also.url.as_deref()
            };
            !taken.iter().any(names)
        });
        if let Some(taken) = find(entry.item) {
            empty(entry, taken.since, zone);
        }
    }
    digest
}

fn empty(entry: &mut Entry, since: Timestamp, zone: Tz) {
    entry.title = format!("Entfernt am {}", typo::date(since, zone));
    entry.url = None;
    entry.summary.clear();
    entry.documents.clear();
    entry.dates.clear();
    entry.update = None;
    entry.note = None;
    for topic in &mut entry.topics {
        topic.reason.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::super::render::samples;
    use super::*;

    #[test]
    fn what_was_taken_down_leaves_its_place_and_no_word() {
        let digest = samples::digest(true);
        let entry = digest.sections[0].entries[0].clone();
        let taken =
            TakenDown { item: entry.item, story: entry.story, url: None, since: Timestamp(0) };
        let left = take_down(digest, &[taken], chrono_tz::Europe::Berlin);
        let gone = &left.sections[0].entries[0];
        assert_eq!(gone.title.replace('\u{a0}', " "), "Entfernt am 1. Januar 1970");
        let said = serde_json::to_string(gone).unwrap();
        for words in [&entry.summary, &entry.topics[0].reason, entry.url.as_ref().unwrap()] {
            assert!(!words.is_empty() && !said.contains(words.as_str()), "{words}");
        }
    }

    #[test]
    fn a_further_report_that_was_taken_down_is_not_named() {
        let digest = samples::digest(true);
        let entry = &digest.sections[0].entries[0];
        let (story, url) = (entry.story, entry.also[1].url.clone());
        let before = entry.also.len();
        let taken = TakenDown { item: ItemId(99), story, url: url.as_deref(), since: Timestamp(0) };
        let left = take_down(digest, &[taken], chrono_tz::Europe::Berlin);
        let also = &left.sections[0].entries[0].also;
        assert_eq!(also.len(), before - 1);
        assert!(also.iter().all(|other| other.url != url));
    }
}
