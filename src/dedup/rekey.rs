//! Which stored items the items of a document are, where their keys cannot be trusted.
//!
//! A key alone proves nothing: keys that count positions are taken over by the next
//! item when one comes or goes, and publishing systems give freed ids to new items. So
//! what an item says decides: the same words and date are the same item under whatever
//! key, and an item whose title, text and date all differ from those of its key's
//! holder is another one.

use std::collections::HashSet;

use super::serial::{marks, told_apart};
use super::similar::ratio;
use crate::model::Timestamp;
use crate::text;

/// Words of a text that are compared.
const MOST_WORDS: usize = 300;
/// Words from which a text says something by itself.
const FEWEST_WORDS: usize = 4;
/// Share of their words below which two texts, or titles, have nothing to do with each other.
const APART: f64 = 0.5;
/// The same where the date is the same.
const FAR_APART: f64 = 0.25;
/// Share of their words from which two texts are the same but for an edit.
const ALIKE: f64 = 0.6;

/// Share of their words from which two texts differ in nothing that counts.
const UNCHANGED: f64 = 0.95;
/// Letters of a word that names something.
const SHORTEST_NAME: usize = 4;

/// What an item says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Letters of the title, folded.
    letters: String,
    title: String,
    title_words: HashSet<String>,
    /// Words of the title with a capital, folded.
    title_names: Vec<String>,
    text_words: HashSet<String>,
    published: Option<Timestamp>,
}

impl Content {
    /// Reads what an item says. `published` is none if it is only when the item came.
    pub fn of(title: &str, text: &str, published: Option<Timestamp>) -> Self {
        let words = |text: &str, least: usize| -> HashSet<String> {
            let all = text::words(text).take(MOST_WORDS).map(|(_, word)| text::fold(word));
            all.filter(|word| word.len() >= least).collect()
        };
        Self {
            letters: letters(title),
            title: title.to_owned(),
            title_words: words(title, 1),
            title_names: text::words(title)
                .filter(|(_, word)| word.starts_with(char::is_uppercase))
                .map(|(_, word)| text::fold(word))
                .filter(|word| word.len() >= SHORTEST_NAME)
                .collect(),
            text_words: words(text, 4),
            published,
        }
    }

    /// Returns the letters of the title, folded.
    pub fn letters(&self) -> &str {
        &self.letters
    }

    fn dates(&self, other: &Self) -> Option<bool> {
        self.published.zip(other.published).map(|(one, other)| one == other)
    }

    fn text_likeness(&self, other: &Self) -> Option<f64> {
        let says = |words: &HashSet<String>| words.len() >= FEWEST_WORDS;
        (says(&self.text_words) && says(&other.text_words))
            .then(|| containment(&self.text_words, &other.text_words))
    }

    /// Returns whether both say the same: the same title and date, and no other text.
    pub fn is_same(&self, other: &Self) -> bool {
        let text = self.text_likeness(other);
        let same_text = text.is_none_or(|likeness| likeness >= ALIKE);
        let edited_text = text.is_none_or(|likeness| likeness >= FAR_APART);
        match self.dates(other) {
            Some(false) => false,
            Some(true) => self.letters == other.letters && edited_text,
            None => {
                // Without a date and a text a title that comes again is another item.
                let is_serial = text.is_none() && marks(&self.title).serial;
                self.letters == other.letters && same_text && !is_serial
            }
        }
    }

    /// Returns whether most of what the title names stands nowhere in the other item.
    fn names_what_is_unknown_to(&self, other: &Self) -> bool {
        let is_known = |name: &&String| {
            let stem = &name[..name.floor_char_boundary(name.len().saturating_sub(2).max(4))];
            other.title_words.iter().chain(&other.text_words).any(|word| word.starts_with(stem))
        };
        let known = self.title_names.iter().filter(is_known).count();
        known * 2 < self.title_names.len()
    }

    /// Returns whether title, text and date all differ in substance.
    pub fn is_another(&self, other: &Self) -> bool {
        if self.letters == other.letters {
            return false;
        }
        let title = likeness(&self.title_words, &other.title_words);
        let text = self.text_likeness(other);
        // Made from one template, as council papers are: most of the words stay.
        let speaks_of_another = self.names_what_is_unknown_to(other)
            && other.names_what_is_unknown_to(self)
            && text.is_none_or(|likeness| likeness < UNCHANGED);
        if self.dates(other) == Some(false) && speaks_of_another {
            return true;
        }
        match (self.dates(other), text) {
            (Some(true), None) => false,
            (Some(true), Some(text)) => text < FAR_APART && title < FAR_APART,
            (_, Some(text)) => text < APART && (title < APART || text < FAR_APART),
            (date, None) => {
                let apart = told_apart(&marks(&self.title), &marks(&other.title));
                title < APART || apart && date == Some(false)
            }
        }
    }
}

/// Returns the letters of a title, folded: titles of the same letters are the same.
pub fn letters(title: &str) -> String {
    text::fold(title).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Returns the share of words that both have, of the words of the two, 0 to 1.
fn likeness(one: &HashSet<String>, other: &HashSet<String>) -> f64 {
    if one.is_empty() && other.is_empty() {
        return 1.0;
    }
    ratio(2 * one.intersection(other).count(), one.len() + other.len())
}

/// Returns the share of the words of the shorter text that the longer one has: a teaser has few.
fn containment(one: &HashSet<String>, other: &HashSet<String>) -> f64 {
    ratio(one.intersection(other).count(), one.len().min(other.len()))
}

/// Which stored item an item of a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recognised {
    /// The one that its key says, or none if its key is unknown.
    AsKeyed,
    /// Another stored one, by its place among them.
    Is(usize),
    /// None, although its key is known: the key was used again.
    New,
}

/// An item of a document, with the place of its key's holder among the stored ones.
pub type Listed = (Option<usize>, Content);

/// Finds out which stored item each item of a document is. No stored item is found twice.
pub fn rekey(listed: &[Listed], stored: &[Content]) -> Vec<Recognised> {
    let mut found: Vec<Option<Recognised>> = vec![None; listed.len()];
    let mut taken = HashSet::new();
    for (place, (holder, content)) in listed.iter().enumerate() {
        if let Some(holder) = *holder
            && stored.get(holder).is_some_and(|stored| stored.is_same(content))
        {
            taken.insert(holder);
            found[place] = Some(Recognised::AsKeyed);
        }
    }
    for (place, (_, content)) in
        listed.iter().enumerate().filter(|(at, _)| found[*at].is_none()).collect::<Vec<_>>()
    {
        let same = (0..stored.len()).find(|at| !taken.contains(at) && stored[*at].is_same(content));
        if let Some(same) = same {
            taken.insert(same);
            found[place] = Some(Recognised::Is(same));
        }
    }
    for (place, (holder, content)) in listed.iter().enumerate() {
        let Some(holder) = holder.filter(|_| found[place].is_none()) else { continue };
        let is_free = taken.insert(holder);
        let is_edit = is_free && !stored[holder].is_another(content);
        if is_free && !is_edit {
            taken.remove(&holder);
        }
        found[place] = Some(if is_edit { Recognised::AsKeyed } else { Recognised::New });
    }
    found.into_iter().map(|found| found.unwrap_or(Recognised::AsKeyed)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(title: &str, text: &str) -> Content {
        Content::of(title, text, None)
    }

    fn all() -> Vec<Content> {
        [
            ("Sirenenprobe in Burg", "Am Sonnabend heulen in der Stadt die Sirenen zur Probe."),
            ("Neues Serviceportal", "Anträge für Ausweise lassen sich nun am Rechner stellen."),
            (
                "Haushalt beschlossen",
                "Der Rat gibt für die Schulen im kommenden Jahr mehr Geld aus.",
            ),
        ]
        .map(|(title, text)| said(title, text))
        .to_vec()
    }

    #[test]
    fn keys_that_count_positions_are_seen_through() {
        let stored = all();
        let new =
            said("Glasfaser für Genthin", "Der Ausbau beginnt im Frühjahr am Bahnhof der Stadt.");
        let shifted: Vec<Listed> = vec![
            (Some(0), new.clone()),
            (Some(1), stored[0].clone()),
            (Some(2), stored[1].clone()),
            (None, stored[2].clone()),
        ];
        let is = Recognised::Is;
        assert_eq!(rekey(&shifted, &stored), [Recognised::New, is(0), is(1), is(2)]);
        let removed: Vec<Listed> = vec![(Some(0), stored[1].clone()), (Some(1), stored[2].clone())];
        assert_eq!(rekey(&removed, &stored), [is(1), is(2)]);
        let swapped: Vec<Listed> = vec![
            (Some(0), stored[1].clone()),
            (Some(1), stored[0].clone()),
            (Some(2), stored[2].clone()),
        ];
        assert_eq!(rekey(&swapped, &stored), [is(1), is(0), Recognised::AsKeyed]);
        assert_eq!(rekey(&[(Some(0), new)], &stored), [Recognised::New]);
    }

    #[test]
    fn a_paper_made_from_the_same_template_is_another_item() {
        let paper = |what: &str, town: &str, sum: u32, day| {
            let title = format!("{what} in {town} wird saniert");
            let text = format!(
                "Der Rat von {town} hat am Dienstag beschlossen, dafür {sum} Euro in den Haushalt \
                 einzustellen ({what}). Die Arbeiten sollen im kommenden Jahr beginnen."
            );
            Content::of(&title, &text, Some(Timestamp(day)))
        };
        let old = paper("Sporthalle", "Burg", 20_000, 1);
        let new = paper("Bibliothek", "Gommern", 33_000, 2);
        assert!(old.is_another(&new) && new.is_another(&old));
        // The same matter on a new day, with another sum or in other words, is an edit.
        assert!(!old.is_another(&paper("Sporthalle", "Burg", 25_000, 2)));
        let retold = Content::of(
            "Sanierung der Sporthallen",
            "Der Rat von Burg hat am Dienstag beschlossen, die Sporthalle zu erneuern. Die \
             Arbeiten sollen im kommenden Jahr beginnen.",
            Some(Timestamp(2)),
        );
        assert!(!old.is_another(&retold));
        let all_new: Vec<Listed> = vec![(Some(0), new)];
        assert_eq!(rekey(&all_new, &[old]), [Recognised::New]);
    }

    #[test]
    fn an_edit_is_no_other_item() {
        let old = said("Digitaltag in Burg", "Der Digitaltag beginnt am Marktplatz um zehn Uhr.");
        for (title, text) in [
            ("Digitaltag in Burg abgesagt", "Der Digitaltag beginnt am Marktplatz um zehn Uhr."),
            ("Fest auf dem Markt", "Der Digitaltag beginnt am Marktplatz erst um elf Uhr."),
            ("Digitaltag in Burg", "Nun ist alles anders, und das Programm liegt im Rathaus aus."),
        ] {
            assert!(!old.is_another(&said(title, text)), "{title}");
        }
        let at = |day| Content::of("Digitaltag", "", Some(Timestamp(day)));
        assert!(at(1).is_same(&at(1)) && !at(1).is_same(&at(2)));
        assert!(!said("Sprechstunde", "").is_same(&said("Sprechstunde", "")), "it comes again");
    }
}
