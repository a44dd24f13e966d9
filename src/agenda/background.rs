//! What an item as a whole tells about each of its dates.

use std::cell::OnceCell;

use chrono::NaiveDate;

use super::cues::{self, any_in};
use crate::model::{Budget, DateKind, Exhausted};
use crate::text::{fold, words};

/// What the whole item tells about each of its dates.
pub(super) struct Background {
    pub(super) published: NaiveDate,
    /// Folded words of the title.
    pub(super) title: Vec<String>,
    /// The folded text.
    text: String,
    /// What kind of deadline the whole item makes likely, once a deadline was found.
    calls: OnceCell<Calls>,
    /// The title names a gathering.
    pub(super) is_event: bool,
    /// The title warns of what the text tells.
    pub(super) is_warning: bool,
    /// The title says that something is off.
    pub(super) is_cancelled: bool,
    /// The title tells of a closure, of maintenance, of a contract.
    pub(super) is_notice: bool,
    /// The rows of its table are events or deadlines, as their heading says.
    pub(super) table: Option<DateKind>,
}

/// What an item calls for.
struct Calls {
    /// Words about money that can be applied for: in the title two, in the text one each.
    funding: usize,
    /// The text is about a contest: what it ends with is no funding, whatever it pays.
    is_contest: bool,
}

impl Background {
    /// Reads title and text for what they are about.
    ///
    /// # Errors
    /// Fails if the budget has no steps left for them.
    pub(super) fn of(
        title: &str,
        text: &str,
        published: NaiveDate,
        budget: &Budget,
    ) -> Result<Self, Exhausted> {
        budget.step(title.len() + text.len())?;
        let table = text.lines().find_map(table_of);
        let (title, text) = (fold(title), fold(text));
        let title: Vec<&str> = words(&title).map(|(_, word)| word).collect();
        let is_event = title.iter().any(|word| is_gathering(word));
        Ok(Self {
            published,
            title: title.iter().map(|word| (*word).to_owned()).collect(),
            calls: OnceCell::new(),
            is_event,
            is_warning: any_in!("=warnung =warnt betrug betruger phishing", &title),
            is_cancelled: is_off(&title),
            is_notice: cues::NOT_ACTIONABLE.has_any(&title) && !is_event,
            table,
            text,
        })
    }

    fn calls(&self) -> &Calls {
        self.calls.get_or_init(|| {
            let title = || self.title.iter().map(String::as_str);
            let text = || words(&self.text).map(|(_, word)| word);
            let is_about = |word: &&str| cues::FUNDING.has(word) && !cues::NO_FUNDING.has(word);
            let is_contest = |word: &str| cues::CONTESTS.has(word) && !cues::NO_CONTESTS.has(word);
            Calls {
                funding: 2 * title().filter(is_about).count() + text().filter(is_about).count(),
                is_contest: title().chain(text()).any(is_contest),
            }
        })
    }

    /// Returns the kind of a deadline that those words set.
    pub(super) fn deadline(&self, words: &[&str]) -> DateKind {
        let applies = cues::APPLICATIONS.has_any(words);
        let Calls { funding, is_contest } = *self.calls();
        let is_funding = funding >= 2 && !is_contest || applies;
        if funding > 0 && is_funding { DateKind::Funding } else { DateKind::Deadline }
    }
}

/// Returns what the rows below this line are, if it is the heading of a table with dates.
fn table_of(line: &str) -> Option<DateKind> {
    if line.matches('|').count() < 2 || line.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let line = fold(line);
    let heading: Vec<&str> = words(&line).map(|(_, word)| word).collect();
    let is_deadline = heading.iter().any(|word| is_deadline(word));
    let kind = if is_deadline { DateKind::Deadline } else { DateKind::Event };
    (is_deadline || cues::EVENT_LABELS.has_any(&heading)).then_some(kind)
}

/// Returns whether a word is a deadline by itself.
pub(super) fn is_deadline(word: &str) -> bool {
    cues::DEADLINE_NOUNS.has(word) && !cues::NO_DEADLINE_NOUNS.has(word)
}

/// Returns whether a word names a gathering.
pub(super) fn is_gathering(word: &str) -> bool {
    cues::EVENT_NOUNS.has(word) && !cues::NO_EVENT_NOUNS.has(word)
}

/// Returns whether the words call something off.
pub(super) fn is_off(words: &[&str]) -> bool {
    let has = |word: &str| words.contains(&word);
    cues::CANCELLED.has_any(words)
        || ((has("faellt") || has("fallen")) && has("aus"))
        || (has("nicht") && has("statt"))
        || (has("unbestimmte") && has("verschoben"))
}
