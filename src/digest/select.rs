//! Which entries a digest shows, under which topic, and how many it leaves out.

use std::cmp::Reverse;
use std::collections::HashSet;

use super::urgency;
use crate::model::{Entry, Section, Series, StoryId, Timestamp, TopicId};

/// A topic in the order in which it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicTitle {
    /// Which.
    pub id: TopicId,
    /// Its title for readers.
    pub title: String,
    /// A short one for subjects; empty = the title.
    pub short: String,
}

/// Stands in the place of a topic for what a subscriber's own words found.
pub const KEYWORDS: &str = "ihre-stichwoerter";

/// What a digest is selected from and for.
#[derive(Debug, Clone, Copy)]
pub struct Selection<'a> {
    /// The series with its caps.
    pub series: &'a Series,
    /// Every topic, in the order of the config.
    pub topics: &'a [TopicTitle],
    /// What the subscriber chose, in their order; empty = all, in the config's order.
    pub chosen: &'a [TopicId],
    /// Words of the subscriber's own.
    pub keywords: &'a [String],
    /// Only entries first seen (or changed) after this: one who joins today
    /// gets no backlog.
    pub since: Option<Timestamp>,
}

/// Groups `candidates` by topic: each story once, under the first topic
/// chosen that it has; what the editor pinned, then authorities before associations
/// before press, then newest first; capped per topic and in all, with the number left out. No cap
/// cuts a warning, a deadline or what is pinned.
///
/// `None` if nothing is left: an empty digest is never sent.
pub fn select(candidates: &[Entry], selection: &Selection<'_>) -> Option<Vec<Section>> {
    let mut sorted: Vec<&Entry> = candidates.iter().filter(|e| is_new(e, selection)).collect();
    sorted.sort_by_cached_key(|entry| weight(entry));
    let order = order(selection);
    let mut stories = HashSet::new();
    let mut sections: Vec<Section> = Vec::new();
    sections.extend(by_keyword(&sorted, selection, &mut stories));
    let mut homes: Vec<(usize, &Entry)> = Vec::new();
    for entry in sorted {
        // Where the matter stands already, if the entry may stand there.
        let beside = homes
            .iter()
            .find(|(home, other)| are_related(other, entry) && has_topic(entry, &order[*home].id));
        let home = beside
            .map(|(home, _)| *home)
            .or_else(|| order.iter().position(|topic| has_topic(entry, &topic.id)));
        // The best teller of a story comes first in `sorted`; later ones add nothing.
        if let Some(home) = home
            && stories.insert(entry.story)
        {
            homes.push((home, entry));
        }
    }
    let groups: Vec<Vec<&Entry>> = (0..order.len())
        .map(|at| together(homes.iter().filter(|(home, _)| *home == at).map(|(_, entry)| *entry)))
        .collect();
    let shown = shares(&groups, selection.series);
    let by_topic =
        order.iter().zip(groups).zip(shown).filter(|((_, group), _)| !group.is_empty()).map(
            |((topic, group), shown)| Section {
                topic: topic.id.clone(),
                title: topic.title.clone(),
                omitted: group.len() - shown,
                entries: followed(&urgency::keep(&group, shown)),
            },
        );
    sections.extend(by_topic);
    let is_empty = sections.iter().all(|section| section.entries.is_empty());
    (!is_empty).then_some(sections)
}

/// Returns the entries that hold a keyword of the subscriber, each with those that it holds. They
/// stand first and nowhere else; they are few, and only warnings and deadlines go beyond the cap.
fn by_keyword(
    sorted: &[&Entry],
    selection: &Selection<'_>,
    stories: &mut HashSet<StoryId>,
) -> Option<Section> {
    let held = |entry: &Entry| {
        let theirs = selection.keywords.iter().filter(|word| entry.keywords.contains(word));
        theirs.cloned().collect::<Vec<String>>()
    };
    let found = sorted.iter().copied().filter(|entry| !held(entry).is_empty());
    let group = together(found.filter(|entry| stories.insert(entry.story)));
    let most = selection.series.max_items_per_topic.max(urgency::count(&group));
    let shown = group.len().min(most);
    let entries = urgency::keep(&group, shown);
    let mut shown_entries = followed(&entries);
    for (shown, entry) in shown_entries.iter_mut().zip(entries) {
        shown.keywords = held(entry);
    }
    (!group.is_empty()).then(|| Section {
        topic: KEYWORDS.into(),
        title: "Ihre Stichwörter".to_owned(),
        omitted: group.len() - shown,
        entries: shown_entries,
    })
}

/// Returns which of a section's entries are left out where so many are shown.
pub fn left_out(entries: &[Entry], shown: usize) -> Vec<Entry> {
    let all: Vec<&Entry> = entries.iter().collect();
    let kept: HashSet<_> = urgency::keep(&all, shown).iter().map(|entry| entry.item).collect();
    entries.iter().filter(|entry| !kept.contains(&entry.item)).cloned().collect()
}

fn are_related(one: &Entry, other: &Entry) -> bool {
    one.related.contains(&other.story) || other.related.contains(&one.story)
}

/// Returns the same entries, each followed by those of its matter.
fn together<'a>(sorted: impl Iterator<Item = &'a Entry>) -> Vec<&'a Entry> {
    let mut rest: Vec<&Entry> = sorted.collect();
    if rest.iter().all(|entry| entry.related.is_empty()) {
        return rest;
    }
    let mut placed = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let lead = rest.remove(0);
        let (behind, other) = rest.into_iter().partition(|entry| are_related(lead, entry));
        placed.push(lead);
        placed.extend::<Vec<&Entry>>(behind);
        rest = other;
    }
    placed
}

/// Returns the entries that are shown, each of which knows whether it stands behind one of its
/// matter.
fn followed(shown: &[&Entry]) -> Vec<Entry> {
    let mut lead: Option<&Entry> = None;
    let mut entries = Vec::with_capacity(shown.len());
    for entry in shown.iter().copied() {
        let follows = lead.is_some_and(|lead| are_related(lead, entry));
        if !follows {
            lead = Some(entry);
        }
        // Whose keywords it holds is nobody else's matter.
        entries.push(Entry { follows, keywords: Vec::new(), ..entry.clone() });
    }
    entries
}

/// Returns topics in the order shown: the subscriber's where they chose, without
/// repetition and without topics that no longer exist.
fn order<'a>(selection: &Selection<'a>) -> Vec<&'a TopicTitle> {
    if selection.chosen.is_empty() {
        return selection.topics.iter().collect();
    }
    let mut order: Vec<&TopicTitle> = Vec::new();
    for id in selection.chosen {
        let topic = selection.topics.iter().find(|topic| topic.id == *id);
        if let Some(topic) = topic
            && !order.iter().any(|known| known.id == topic.id)
        {
            order.push(topic);
        }
    }
    order
}

fn has_topic(entry: &Entry, topic: &TopicId) -> bool {
    entry.topics.iter().any(|of| of.topic == *topic)
}

fn is_new(entry: &Entry, selection: &Selection<'_>) -> bool {
    let seen = entry.update.as_ref().map_or(entry.first_seen, |update| update.at);
    selection.since.is_none_or(|since| seen > since)
}

/// Smaller comes first: what the editor pinned, then rank, then newest, then the row
/// for a stable order.
fn weight(entry: &Entry) -> (bool, u8, Reverse<Timestamp>, i64) {
    // A date from the future must not hold the top for ever.
    let date = entry.published.map_or(entry.first_seen, |at| at.min(entry.first_seen));
    (!entry.pinned, entry.rank, Reverse(date), entry.item.0)
}

/// Returns how many entries of each group are shown: at most the cap of a topic, and
/// where they are too many in all the groups are served in turns, one entry
/// each, so that a loud topic does not silence the ones behind it. A topic
/// that was chosen first is served first. What is urgent has its place before
/// all that.
fn shares(groups: &[Vec<&Entry>], series: &Series) -> Vec<usize> {
    let max = series.max_items_per_topic;
    let all: usize = groups.iter().map(Vec::len).sum();
    let are_few = all <= series.max_items && groups.iter().all(|group| group.len() <= max);
    if are_few {
        return groups.iter().map(Vec::len).collect();
    }
    let mut shown: Vec<usize> = groups.iter().map(|group| urgency::count(group)).collect();
    let wanted: Vec<usize> = groups
        .iter()
        .zip(&shown)
        .map(|(group, urgent)| group.len().min(max).max(*urgent))
        .collect();
    let mut room = series.max_items.saturating_sub(shown.iter().sum());
    if room == 0 && shown.iter().any(|urgent| *urgent > 0) {
        // A flood of warnings leaves the other topics one entry each.
        for (shown, wanted) in shown.iter_mut().zip(&wanted) {
            *shown = (*shown).max((*wanted).min(1));
        }
    }
    while room > 0 {
        let before = room;
        for (shown, wanted) in shown.iter_mut().zip(&wanted) {
            if *shown < *wanted && room > 0 {
                *shown += 1;
                room -= 1;
            }
        }
        if room == before {
            break;
        }
    }
    shown
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::model::{
        DateKind, EntryTopic, ItemDate, ItemId, KeptDate, Precision, StoryId, Update,
    };

    pub(crate) fn entry(id: i64, rank: u8, seconds: i64, topics: &[&str]) -> Entry {
        Entry {
            item: ItemId(id),
            story: StoryId(id),
            title: format!("Meldung {id}"),
            url: Some(format!("https://x.example/{id}")),
            source: "KITU".into(),
            rank,
            published: Some(Timestamp::from_seconds(seconds)),
            first_seen: Timestamp::from_seconds(1_000_000),
            topics: topics
                .iter()
                .map(|topic| EntryTopic {
                    topic: (*topic).into(),
                    score: 3.0,
                    reason: "„OZG“ im Titel".into(),
                })
                .collect(),
            ..Entry::default()
        }
    }

    pub(crate) fn kept(kind: DateKind, due: &str) -> KeptDate {
        let date = ItemDate {
            kind,
            from: None,
            to: due.parse().ok(),
            time: None,
            time_to: None,
            precision: Precision::Day,
            sentence: format!("Der Tag ist der {due}."),
            place: None,
            cancelled: false,
        };
        KeptDate { number: 1, sequence: 0, moved_from: None, date }
    }

    pub(crate) fn series(max_items: usize, max_items_per_topic: usize) -> Series {
        Series {
            id: "taeglich".into(),
            title: "Kommunal-IT".into(),
            max_items,
            max_items_per_topic,
        }
    }

    pub(crate) fn topics() -> Vec<TopicTitle> {
        [
            ("ozg", "OZG und Onlinedienste"),
            ("sicherheit", "IT-Sicherheit"),
            ("ki", "Künstliche Intelligenz"),
        ]
        .into_iter()
        .map(|(id, title)| TopicTitle { id: id.into(), title: title.into(), short: String::new() })
        .collect()
    }

    fn shown(
        candidates: &[Entry],
        chosen: &[&str],
        max: (usize, usize),
    ) -> Vec<(String, Vec<i64>, usize)> {
        let (series, topics) = (series(max.0, max.1), topics());
        let chosen: Vec<TopicId> = chosen.iter().map(|id| (*id).into()).collect();
        let selection = Selection {
            series: &series,
            topics: &topics,
            chosen: &chosen,
            keywords: &[],
            since: None,
        };
        select(candidates, &selection)
            .unwrap_or_default()
            .into_iter()
            .map(|section| {
                let ids = section.entries.iter().map(|entry| entry.item.0).collect();
                (section.topic.as_str().to_owned(), ids, section.omitted)
            })
            .collect()
    }

    #[test]
    fn authorities_come_before_press_and_new_before_old() {
        let candidates = [
            entry(1, 3, 900, &["ozg"]),
            entry(2, 1, 100, &["ozg"]),
            entry(3, 1, 500, &["ozg"]),
            entry(4, 2, 999, &["ozg"]),
        ];
        assert_eq!(shown(&candidates, &[], (30, 10)), [("ozg".into(), vec![3, 2, 4, 1], 0)]);
    }

    #[test]
    fn an_entry_of_two_topics_stands_once_in_the_first_one_chosen() {
        let candidates = [entry(1, 1, 1, &["ozg", "ki"]), entry(2, 1, 2, &["ozg"])];
        assert_eq!(shown(&candidates, &[], (30, 10)), [("ozg".into(), vec![2, 1], 0)]);
        assert_eq!(
            shown(&candidates, &["ki", "ozg"], (30, 10)),
            [("ki".into(), vec![1], 0), ("ozg".into(), vec![2], 0)]
        );
        assert_eq!(shown(&candidates, &["sicherheit"], (30, 10)), []);
    }

    #[test]
    fn a_story_is_told_once_by_its_weightiest_teller() {
        let mut press = entry(2, 3, 900, &["ozg"]);
        press.story = StoryId(1);
        let candidates = [press, entry(1, 1, 100, &["ki"])];
        assert_eq!(shown(&candidates, &[], (30, 10)), [("ki".into(), vec![1], 0)]);
    }

    #[test]
    fn entries_of_one_matter_stand_together_where_both_may_stand() {
        let related = |mut entry: Entry, to: &[i64]| {
            entry.related = to.iter().map(|id| StoryId(*id)).collect();
            entry
        };
        // 1 and 4 are one matter; the later one names it. 5 may not stand beside them.
        let candidates = [
            entry(1, 1, 900, &["ki"]),
            entry(2, 1, 800, &["ki"]),
            entry(3, 2, 700, &["ozg"]),
            related(entry(4, 3, 600, &["ozg", "ki"]), &[1]),
            related(entry(5, 3, 500, &["ozg"]), &[1]),
        ];
        let expected = [("ozg".into(), vec![3, 5], 0), ("ki".into(), vec![1, 4, 2], 0)];
        assert_eq!(shown(&candidates, &[], (30, 10)), expected);
        let (series, topics) = (series(30, 10), topics());
        let chosen = ["ki".into()];
        let selection = Selection {
            series: &series,
            topics: &topics,
            chosen: &chosen,
            keywords: &[],
            since: None,
        };
        let sections = select(&candidates, &selection).unwrap();
        let lead_ins: Vec<&str> = sections[0].entries.iter().map(Entry::lead_in).collect();
        assert_eq!(lead_ins, ["", "Siehe auch: ", ""]);
    }

    #[test]
    fn caps_say_how_many_they_left_out_and_silence_no_topic() {
        let mut candidates: Vec<Entry> = (0..50).map(|id| entry(id, 1, id, &["ozg"])).collect();
        candidates.push(entry(99, 3, 1, &["ki"]));
        assert_eq!(
            shown(&candidates, &[], (4, 10)),
            [("ozg".into(), vec![49, 48, 47], 47), ("ki".into(), vec![99], 0)]
        );
        assert_eq!(shown(&candidates, &[], (30, 2))[0], ("ozg".into(), vec![49, 48], 48));
    }

    #[test]
    fn no_cap_cuts_a_warning_or_a_deadline() {
        let mut candidates: Vec<Entry> = (0..50).map(|id| entry(id, 1, id, &["ozg"])).collect();
        candidates[3].title = "BSI warnt vor Schwachstelle".into();
        candidates[7].title = "Antragsfrist endet am Freitag".into();
        candidates.push(entry(99, 3, 1, &["ki"]));
        assert_eq!(shown(&candidates, &[], (30, 3))[0], ("ozg".into(), vec![49, 7, 3], 47));
        assert_eq!(
            shown(&candidates, &[], (3, 10)),
            [("ozg".into(), vec![49, 7, 3], 47), ("ki".into(), vec![], 1)]
        );
        assert_eq!(
            shown(&candidates, &[], (1, 1)),
            [("ozg".into(), vec![7, 3], 48), ("ki".into(), vec![99], 0)]
        );
    }

    #[test]
    fn what_holds_a_keyword_stands_first_once_and_names_only_its_readers_words() {
        let (series, topics) = (series(30, 10), topics());
        let mut candidates =
            [entry(1, 1, 1, &["ozg"]), entry(2, 1, 2, &[]), entry(3, 1, 3, &["ozg"])];
        candidates[0].keywords = vec!["Breitband".into(), "Geheim".into()];
        candidates[1].keywords = vec!["Geheim".into()];
        let shown = |keywords: &[&str]| {
            let keywords: Vec<String> = keywords.iter().map(|word| (*word).to_owned()).collect();
            let selection = Selection {
                series: &series,
                topics: &topics,
                chosen: &[],
                keywords: &keywords,
                since: None,
            };
            let sections = select(&candidates, &selection).unwrap();
            let entries = |section: &Section| -> Vec<(i64, Vec<String>)> {
                section.entries.iter().map(|e| (e.item.0, e.keywords.clone())).collect()
            };
            sections
                .iter()
                .map(|section| (section.topic.as_str().to_owned(), entries(section)))
                .collect::<Vec<_>>()
        };
        let none = Vec::new();
        let ozg =
            |ids: &[i64]| ("ozg".to_owned(), ids.iter().map(|id| (*id, none.clone())).collect());
        assert_eq!(shown(&[]), [ozg(&[3, 1])]);
        assert_eq!(shown(&["Fremd"]), [ozg(&[3, 1])]);
        let own = |word: &str, id| (KEYWORDS.to_owned(), vec![(id, vec![word.to_owned()])]);
        assert_eq!(shown(&["Breitband"]), [own("Breitband", 1), ozg(&[3])]);
    }

    #[test]
    fn nothing_to_say_is_no_digest() {
        assert_eq!(shown(&[], &[], (30, 10)), []);
        assert_eq!(shown(&[entry(1, 1, 1, &["unbekannt"])], &[], (30, 10)), []);
        assert_eq!(shown(&[entry(1, 1, 1, &["ozg"])], &[], (0, 10)), []);
    }

    #[test]
    fn who_joined_later_gets_no_backlog_but_gets_later_changes() {
        let (series, topics) = (series(30, 10), topics());
        let since = Some(Timestamp::from_seconds(2_000_000));
        let selection =
            Selection { series: &series, topics: &topics, chosen: &[], keywords: &[], since };
        let mut candidates = [entry(1, 1, 1, &["ozg"])];
        assert_eq!(select(&candidates, &selection), None);
        candidates[0].update =
            Some(Update { at: Timestamp::from_seconds(2_000_001), what: String::new() });
        assert!(select(&candidates, &selection).is_some());
    }

    #[test]
    fn a_date_in_the_future_does_not_hold_the_top() {
        let candidates = [entry(1, 1, 999_999_999, &["ozg"]), entry(2, 1, 1_000_000, &["ozg"])];
        // Both count as of when they were seen; the row decides.
        assert_eq!(shown(&candidates, &[], (30, 10)), [("ozg".into(), vec![1, 2], 0)]);
    }
}
