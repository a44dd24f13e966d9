//! What a source's own history says of its latest answer: flood, gap, silence,
//! move. No clock and no store; the history is a short text in the cursor.

use std::time::Duration;

use crate::model::{Cursor, Timestamp};

/// Mark of the history in the cursor.
const HISTORY: &str = "watch.history";
/// Mark of how many items wait for an admin's word.
const HELD: &str = "watch.held";
/// Mark of a permanent redirect in the cursor: hits, then the target.
const MOVED: &str = "watch.moved";
/// Key of what was said when the list was found again elsewhere on its page.
const REBUILT: &str = "watch.rebuilt";

/// So many new items at once are no flood for any source: a decision day of the
/// IT-Planungsrat brings up to 35, a WordPress feed holds 10.
const HARMLESS: u64 = 40;
/// New items in one poll are a flood beyond so many times the most there ever were.
const FLOOD_FACTOR: u64 = 4;
/// A document of fewer items may well be all new.
const GAP_DOCUMENT: usize = 5;
/// Silence is unusual beyond so many times the longest there was lately.
const SILENCE_FACTOR: u32 = 3;
/// No source is called silent sooner than this.
const SHORTEST_SILENCE: Duration = Duration::from_hours(14 * 24);
/// Arrivals from which a source has a rhythm.
const RHYTHM: u64 = 4;
/// Answers in a row from the same new place that make a move.
const MOVE_HITS: u32 = 3;

/// What is remembered of a source's arrivals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct History {
    /// Polls that brought something new, the first one apart.
    arrivals: u64,
    /// Most new items of one such poll.
    most_new: u64,
    /// Longest time between two of them, fading, in milliseconds.
    longest_gap: u64,
}

impl History {
    /// Returns the history in the cursor; none yet is an empty one.
    pub fn of(cursor: &Cursor) -> Self {
        let numbers: Vec<u64> = cursor
            .values
            .get(HISTORY)
            .map(|text| text.split(' ').filter_map(|number| number.parse().ok()).collect())
            .unwrap_or_default();
        match numbers[..] {
            [arrivals, most_new, longest_gap] => Self { arrivals, most_new, longest_gap },
            _ => Self::default(),
        }
    }

    /// Puts the history into the cursor.
    pub fn keep(self, cursor: &mut Cursor) {
        let text = format!("{} {} {}", self.arrivals, self.most_new, self.longest_gap);
        cursor.values.insert(HISTORY.to_owned(), text);
    }

    /// Returns the history after a poll that brought `new` items, `last_new_item` being the time of
    /// those before.
    #[must_use]
    pub fn after(self, new: usize, now: Timestamp, last_new_item: Option<Timestamp>) -> Self {
        if new == 0 {
            return self;
        }
        let gap = last_new_item.map_or(0, |last| now.since(last).as_millis());
        let gap = u64::try_from(gap).unwrap_or(u64::MAX);
        Self {
            arrivals: self.arrivals.saturating_add(1),
            most_new: self.most_new.max(new as u64),
            longest_gap: gap.max(self.longest_gap - self.longest_gap / 10),
        }
    }

    /// Returns whether `new` items at once are far more than this source ever gave: a
    /// relaunch that renamed everything. The longer we were away, the more may come.
    pub fn is_flood(self, new: usize, away: Duration) -> bool {
        let days = away.as_secs().div_ceil(86_400).max(1);
        let bound = HARMLESS.max(self.most_new.saturating_mul(FLOOD_FACTOR)).saturating_mul(days);
        new as u64 > bound
    }

    /// Returns whether the source has been without anything new for unusually long.
    pub fn is_silent(self, now: Timestamp, last_new_item: Option<Timestamp>) -> bool {
        let Some(last) = last_new_item else { return false };
        let usual = Duration::from_millis(self.longest_gap).saturating_mul(SILENCE_FACTOR);
        self.arrivals >= RHYTHM && now.since(last) > usual.max(SHORTEST_SILENCE)
    }
}

/// Returns how many items of a flood wait. Kept in the cursor, since a source that fails
/// for a while still holds them.
pub fn held(cursor: &Cursor) -> usize {
    cursor.values.get(HELD).and_then(|count| count.parse().ok()).unwrap_or(0)
}

/// Notes that `more` items wait.
pub fn hold(cursor: &mut Cursor, more: usize) {
    let count = held(cursor).saturating_add(more);
    cursor.values.insert(HELD.to_owned(), count.to_string());
}

/// Notes that none waits any more.
pub fn let_go(cursor: &mut Cursor) {
    cursor.values.remove(HELD);
}

/// Returns whether items may have been missed: a full document none of whose items we know.
pub const fn is_gap(known: usize, total: usize, has_history: bool) -> bool {
    has_history && known == 0 && total >= GAP_DOCUMENT
}

/// Counts permanent redirects. Returns the new place once it has answered often
/// enough in a row, with items we know: a maintenance page must not adopt a source.
pub fn moved(cursor: &mut Cursor, target: Option<&str>, overlaps: bool) -> Option<String> {
    let Some(target) = target.filter(|_| overlaps) else {
        if target.is_none() {
            cursor.values.remove(MOVED);
        }
        return None;
    };
    let before = cursor.values.get(MOVED).and_then(|text| text.split_once(' '));
    let hits = match before {
        Some((hits, same)) if same == target => hits.parse::<u32>().unwrap_or(0).saturating_add(1),
        _ => 1,
    };
    cursor.values.insert(MOVED.to_owned(), format!("{hits} {target}"));
    (hits >= MOVE_HITS).then(|| target.to_owned())
}

/// Remembers that a list was read where the settings do not look (`said`). Returns what was said
/// as long as the document has not changed since: what is not read anew fits no better.
pub fn rebuilt(cursor: &mut Cursor, said: Option<&str>, is_unchanged: bool) -> Option<String> {
    if let Some(said) = said {
        cursor.values.insert(REBUILT.to_owned(), said.to_owned());
    } else if !is_unchanged {
        cursor.values.remove(REBUILT);
    }
    cursor.values.get(REBUILT).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_was_rebuilt_stays_so_until_its_page_is_read_as_configured() {
        let mut cursor = Cursor::default();
        assert_eq!(rebuilt(&mut cursor, None, true), None);
        assert_eq!(rebuilt(&mut cursor, Some("elsewhere"), false).as_deref(), Some("elsewhere"));
        assert_eq!(rebuilt(&mut cursor, None, true).as_deref(), Some("elsewhere"), "unchanged");
        assert_eq!(rebuilt(&mut cursor, None, false), None);
        assert_eq!(rebuilt(&mut cursor, None, true), None);
    }

    const DAY: Duration = Duration::from_hours(24);

    #[test]
    fn the_history_survives_in_the_cursor() {
        let history = History { arrivals: 3, most_new: 12, longest_gap: 86_400_000 };
        let mut cursor = Cursor::default();
        history.keep(&mut cursor);
        assert_eq!(History::of(&cursor), history);
        cursor.values.insert(HISTORY.to_owned(), "nonsense".to_owned());
        assert_eq!(History::of(&cursor), History::default());
    }

    #[test]
    fn floods_add_up_until_they_are_let_go() {
        let mut cursor = Cursor::default();
        hold(&mut cursor, 60);
        hold(&mut cursor, 50);
        assert_eq!(held(&cursor), 110);
        let_go(&mut cursor);
        assert_eq!(cursor, Cursor::default());
    }

    #[test]
    fn a_relaunch_is_a_flood_and_a_decision_day_is_not() {
        let history = History { arrivals: 20, most_new: 3, longest_gap: 0 };
        assert!(!history.is_flood(35, DAY));
        assert!(history.is_flood(60, DAY));
        assert!(!history.is_flood(60, 3 * DAY), "three days away explain it");
    }

    #[test]
    fn silence_is_measured_by_the_sources_own_rhythm() {
        let last = Timestamp::from_seconds(0);
        let weekly = History { arrivals: 9, most_new: 2, longest_gap: 7 * 86_400_000 };
        assert!(!weekly.is_silent(last.after(20 * DAY), Some(last)));
        assert!(weekly.is_silent(last.after(36 * DAY), Some(last)));
        let young = History { arrivals: 2, ..weekly };
        assert!(!young.is_silent(last.after(99 * DAY), Some(last)));
    }

    #[test]
    fn a_move_takes_three_answers_in_a_row_with_known_items() {
        let mut cursor = Cursor::default();
        let new = Some("https://new.example/");
        assert_eq!(moved(&mut cursor, new, true), None);
        assert_eq!(moved(&mut cursor, new, false), None, "a maintenance page does not count");
        assert_eq!(moved(&mut cursor, new, true), None);
        assert_eq!(moved(&mut cursor, new, true).as_deref(), new);
        assert_eq!(moved(&mut cursor, None, true), None);
        assert_eq!(moved(&mut cursor, new, true), None, "it begins anew");
    }

    #[test]
    fn a_document_without_a_known_item_is_a_gap_unless_it_is_short_or_the_first() {
        assert!(is_gap(0, 10, true));
        assert!(!is_gap(1, 10, true));
        assert!(!is_gap(0, 2, true));
        assert!(!is_gap(0, 10, false));
    }
}
