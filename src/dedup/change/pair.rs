//! A sentence beside the one that stood in its place.

use super::super::fact::{Fact, Is, Sentence, Token, Unit, Word, in_words};
use super::super::stem::stem;
use super::super::typo::is_typo;
use super::parts::{Parts, Rank};
use super::signs::{is_until, quoted, speaks_of_a_deadline, speaks_of_a_place};
use super::text::Text;
use crate::text::{self, Outcome};

/// Share of their words that two sentences have in common if one is the other reworded.
pub(super) const REWORDED: f64 = 0.34;
/// The same if they are equal but for what is looked for.
const EQUAL: f64 = 0.6;

/// A sentence and the one that stands in its place.
pub(super) struct Pair<'s, 'a, 'b> {
    pub(super) before: &'s Sentence<'a>,
    pub(super) after: &'s Sentence<'b>,
    pub(super) likeness: f64,
}

impl Pair<'_, '_, '_> {
    pub(super) fn compare(&self, old: &Text<'_>, new: &Text<'_>, parts: &mut Parts) {
        let told = parts.all.len();
        self.outcomes(old, parts);
        self.facts(old, new, parts);
        self.severity(parts);
        self.form(old, parts);
        self.bounds(parts);
        if parts.all.len() == told {
            self.names(old, new, parts);
        }
        let is_turned = self.before.denials != self.after.denials && self.likeness >= EQUAL;
        if is_turned && parts.all.len() == told {
            parts.add(Rank::Sentence, "jetzt", &quoted(self.after));
        }
    }

    fn outcomes(&self, old: &Text<'_>, parts: &mut Parts) {
        let new = self.after.outcomes.without(self.before.outcomes).without(old.outcomes);
        for outcome in new.iter().filter(|outcome| outcome.is_news()) {
            parts.add(Rank::Outcome, outcome.in_words(), &outcome_words(outcome, self.after));
        }
    }

    /// Facts that one sentence has and the other lacks, in pairs of a kind.
    fn facts(&self, old: &Text<'_>, new: &Text<'_>, parts: &mut Parts) {
        let mut before: Vec<(Fact, &Token<'_>)> = self.before.facts().collect();
        let mut after: Vec<(Fact, &Token<'_>)> = self.after.facts().collect();
        after.retain(|(fact, _)| match before.iter().position(|(known, _)| known.agrees(*fact)) {
            Some(place) => {
                before.remove(place);
                false
            }
            None => true,
        });
        if self.likeness < 0.9 {
            // A reworded sentence may take over what another one said.
            // One that says a time twice where it said it once tells of another day.
            after.retain(|(fact, _)| {
                !old.says(*fact) || self.before.facts().any(|(known, _)| known.agrees(*fact))
            });
            before.retain(|(fact, _)| !new.says(*fact));
        }
        let speaks = speaks_of_a_deadline(self.after) || speaks_of_a_deadline(self.before);
        for (fact, token) in after {
            let is_end = speaks || is_until(self.after, token);
            let counterpart = before.iter().position(|(known, _)| known.is_like(fact));
            let (rank, label) = label(fact, is_end);
            let now = shown(self.after, fact, token);
            if let Some(place) = counterpart {
                let (known, old_token) = before.remove(place);
                let was = shown(self.before, known, old_token);
                parts.add(rank, label, &format!("{was} → {now}"));
            } else if fact.is_of_calendar() || matches!(fact, Fact::Time(_)) {
                let label = if is_end { "neue Frist" } else { "neu" };
                parts.add(rank, label, &now);
            } else if is_money(fact)
                && let Some(free) = self.before.units.iter().find(|token| is_free(token))
            {
                parts.add(rank, label, &format!("{} → {now}", free.text));
            } else {
                parts.add(Rank::Sentence, "neu", &quoted(self.after));
            }
        }
        for (fact, token) in before {
            let is_end = speaks || is_until(self.before, token);
            if is_end && matches!(fact, Fact::Day { .. }) {
                let was = shown(self.before, fact, token);
                parts.add(Rank::Deadline, "Frist entfällt, bisher", &was);
            }
        }
    }

    /// Finds a raised or lowered severity.
    fn severity(&self, parts: &mut Parts) {
        const LEVELS: [&str; 8] = [
            "niedrig",
            "gering",
            "mittel",
            "moderat",
            "hoch",
            "erhoeht",
            "kritisch",
            "schwerwiegend",
        ];
        let level = |part: &Sentence<'_>| {
            let found = part.units.iter().find(|token| {
                matches!(&token.is, Is::Word(word) if LEVELS.contains(&word.letters.as_str()))
            });
            found.map(|token| text::clean_line(token.text, 30))
        };
        if let (Some(was), Some(now)) = (level(self.before), level(self.after))
            && was.to_lowercase() != now.to_lowercase()
            && self.likeness >= REWORDED
        {
            parts.add(Rank::Value, "Einstufung", &format!("{was} → {now}"));
        }
    }

    /// Finds a limit that became the opposite one, a permission that became a duty.
    fn bounds(&self, parts: &mut Parts) {
        const OPPOSITES: [(&[&str], &[&str]); 3] = [
            (&["hoechstens", "maximal", "laengstens"], &["mindestens", "wenigstens", "minimal"]),
            (&["darf", "duerfen", "kann", "koennen"], &["muss", "muessen"]),
            (&["moeglich", "freiwillig"], &["noetig", "erforderlich", "notwendig", "pflicht"]),
        ];
        let find = |part: &Sentence<'_>, list: &[&str]| {
            let found = part.units.iter().find(|token| {
                matches!(&token.is, Is::Word(word) if list.contains(&word.letters.as_str()))
            });
            found.map(|token| token.text.to_owned())
        };
        let turned = |from: &[&str], to: &[&str]| {
            let (was, now) = (find(self.before, from)?, find(self.after, to)?);
            let is_other = find(self.before, to).is_none() && find(self.after, from).is_none();
            is_other.then(|| format!("{was} → {now}"))
        };
        for (one, other) in OPPOSITES {
            if let Some(turned) = turned(one, other).or_else(|| turned(other, one)) {
                parts.add(Rank::Value, "jetzt", &quoted(self.after));
                parts.add(Rank::Value, "", &turned);
            }
        }
    }

    /// Finds what takes part in another way than before: online, for money, as a duty.
    fn form(&self, old: &Text<'_>, parts: &mut Parts) {
        const FORMS: [&str; 12] = [
            "online",
            "onlin",
            "praesenz",
            "hybrid",
            "videokonferenz",
            "kostenlo",
            "kostenfrei",
            "kostenpflichtig",
            "gebuehrenfrei",
            "gebuehrenpflichtig",
            "verpflichtend",
            "freiwillig",
        ];
        let is_form = |word: &&Word| FORMS.contains(&stem(&word.letters));
        let is_new = self.after.words().filter(is_form).any(|word| !old.stems.contains(&word.stem));
        let told = parts.all.iter().any(|(rank, ..)| *rank == Rank::Value);
        if is_new && !told {
            parts.add(Rank::Value, "jetzt", &quoted(self.after));
        }
    }

    /// Finds a name or noun that is new in an otherwise equal sentence.
    fn names(&self, old: &Text<'_>, new: &Text<'_>, parts: &mut Parts) {
        let changed = |part: &Sentence<'_>, other: &Sentence<'_>| -> Vec<(usize, bool)> {
            let theirs: Vec<&Word> = other.words().collect();
            let is_known = |word: &Word| {
                theirs
                    .iter()
                    .any(|known| known.stem == word.stem || is_typo(&known.letters, &word.letters))
            };
            part.units
                .iter()
                .enumerate()
                .filter_map(|(at, token)| match &token.is {
                    Is::Word(word) if !word.is_small && !is_known(word) => Some((at, word.is_noun)),
                    _ => None,
                })
                .collect()
        };
        let (gone, added) = (changed(self.before, self.after), changed(self.after, self.before));
        let is_new = |part: &Sentence<'_>, at: usize, text: &Text<'_>| match &part.units[at].is {
            Is::Word(word) => !text.stems.contains(&word.stem),
            Is::Fact(_) => false,
        };
        let new_nouns = added.iter().filter(|(at, noun)| *noun && is_new(self.after, *at, old));
        let gone_nouns = gone.iter().filter(|(at, noun)| *noun && is_new(self.before, *at, new));
        let verbs = |changed: &[(usize, bool)]| changed.iter().filter(|(_, noun)| !noun).count();
        let is_reworded = verbs(&gone) > 1 || verbs(&added) > 1 || self.likeness < REWORDED;
        let new_nouns: Vec<usize> = new_nouns.map(|(at, _)| *at).collect();
        let gone_nouns: Vec<usize> = gone_nouns.map(|(at, _)| *at).collect();
        if new_nouns.is_empty() || is_reworded {
            return;
        }
        let span = |part: &Sentence<'_>, places: &[usize]| -> String {
            let ends = places.first().zip(places.last());
            let tokens = ends.map(|(first, last)| (&part.units[*first], &part.units[*last]));
            let bytes = tokens.map(|(first, last)| first.from..last.from + last.text.len());
            bytes
                .and_then(|bytes| part.text.get(bytes))
                .map_or(String::new(), |words| text::clean_line(words, 80))
        };
        let label = if speaks_of_a_place(self.after) { "Ort" } else { "" };
        if gone_nouns.is_empty() {
            if self.likeness >= EQUAL {
                parts.add(Rank::Sentence, "jetzt", &quoted(self.after));
            }
        } else {
            let (was, now) = (span(self.before, &gone_nouns), span(self.after, &new_nouns));
            parts.add(Rank::Value, label, &format!("{was} → {now}"));
        }
    }
}

const fn is_money(fact: Fact) -> bool {
    matches!(fact, Fact::Amount { unit: Unit::Euro, .. })
}

fn is_free(token: &Token<'_>) -> bool {
    matches!(&token.is, Is::Word(word)
        if matches!(word.letters.as_str(), "kostenlos" | "kostenfrei" | "gebuehrenfrei" | "frei"))
}

/// Returns what an outcome needs beside its word.
pub(super) fn outcome_words(outcome: Outcome, part: &Sentence<'_>) -> String {
    match outcome {
        Outcome::Cancelled | Outcome::FullyBooked => String::new(),
        _ => quoted(part),
    }
}

fn label(fact: Fact, is_end: bool) -> (Rank, &'static str) {
    match fact {
        Fact::Day { .. } | Fact::Month { .. } | Fact::Weekday(_) | Fact::Time(_) if is_end => {
            (Rank::Deadline, "Frist")
        }
        Fact::Day { .. } | Fact::Month { .. } | Fact::Weekday(_) => (Rank::Date, "Termin"),
        Fact::Time(_) => (Rank::Date, "Uhrzeit"),
        Fact::Year(_) => (Rank::Date, "Jahr"),
        Fact::Amount { .. } | Fact::Code(_) | Fact::Ago => (Rank::Value, ""),
    }
}

/// Returns the fact in words, an amount with the noun that it counts.
fn shown(part: &Sentence<'_>, fact: Fact, token: &Token<'_>) -> String {
    let words = in_words(fact, token.text);
    if !matches!(fact, Fact::Amount { unit: Unit::Plain, .. } | Fact::Code(_))
        || words.contains('@')
    {
        return words;
    }
    let behind = part.units.iter().find(|next| next.from > token.from);
    match behind.map(|next| (&next.is, next)) {
        Some((Is::Word(word), next))
            if word.is_noun && next.from <= token.from + token.text.len() + 1 =>
        {
            format!("{words} {}", text::clean_line(next.text, 40))
        }
        _ => match part.units.iter().take_while(|unit| unit.from < token.from).last() {
            Some(Token { text: name, is: Is::Word(word), .. }) if word.is_noun => {
                format!("{} {words}", text::clean_line(name, 40))
            }
            _ => words,
        },
    }
}
