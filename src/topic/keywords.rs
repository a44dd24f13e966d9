//! Readers' own words, in the term language: which of them an item holds. All words of all
//! readers are looked for in one pass over a text.

use super::folded::fold;
use super::matcher::Matcher;
use super::term;
use crate::model::WordLists;
use crate::text::furniture_ranges;

/// Most keywords of a reader.
pub const MOST_KEYWORDS: usize = 20;
/// Longest keyword, in characters.
const LONGEST: usize = 60;

/// Keywords, ready to be looked for.
#[derive(Debug, Default)]
pub struct Keywords {
    /// None without keywords.
    matcher: Option<Matcher>,
    written: Vec<String>,
}

impl Keywords {
    /// Makes them of words as readers wrote them, each once. What is no keyword any more is left
    /// out; it was checked when it was saved.
    pub fn new(words: impl IntoIterator<Item = String>) -> Self {
        let mut written = Vec::new();
        let mut terms = Vec::new();
        for word in words {
            if let Ok(term) = term::parse(&word, &WordLists::default()) {
                written.push(word);
                terms.push(term.sides);
            }
        }
        let matcher = if terms.is_empty() { None } else { Matcher::new(&terms).ok() };
        Self { matcher, written }
    }

    /// Returns whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.matcher.is_none()
    }

    /// Returns those that stand in a title or text, in their order.
    pub fn found(&self, title: &str, text: &str) -> Vec<&str> {
        let Some(matcher) = &self.matcher else { return Vec::new() };
        let places = [fold(title, &[]), fold(text, &furniture_ranges(text))];
        let mut terms: Vec<usize> =
            places.iter().flat_map(|place| matcher.hits(place)).map(|hit| hit.term).collect();
        terms.sort_unstable();
        terms.dedup();
        terms.into_iter().map(|term| self.written[term].as_str()).collect()
    }
}

/// Returns the keywords of a form, one a line, as they are kept: cleaned, each once.
///
/// # Errors
/// What is wrong with the first that is none, for its reader.
pub fn keywords(form: &str) -> Result<Vec<String>, String> {
    let mut kept: Vec<String> = Vec::new();
    for line in form.lines() {
        let word = crate::text::clean_line(line, 10 * LONGEST);
        let word = word.split_whitespace().collect::<Vec<_>>().join(" ");
        if word.is_empty() || kept.contains(&word) {
            continue;
        }
        if kept.len() == MOST_KEYWORDS {
            return Err(format!(
                "Das sind mehr als {MOST_KEYWORDS} Stichwörter. Behalten Sie die wichtigsten."
            ));
        }
        check(&word)?;
        kept.push(word);
    }
    Ok(kept)
}

fn check(word: &str) -> Result<(), String> {
    let problem = |text: &str| Err(format!("„{word}“: {text}"));
    if word.chars().count() > LONGEST {
        let shown = crate::text::shorten(word, 30);
        return Err(format!("„{shown}“: Ein Stichwort hat höchstens {LONGEST} Zeichen."));
    }
    if word.contains(['@', '!', '?', '^']) {
        return problem("Die Zeichen @ ! ? ^ kann ein Stichwort nicht enthalten.");
    }
    if term::parse(word, &WordLists::default()).is_ok() {
        return Ok(());
    }
    let has_inner_star = word.split_whitespace().any(|word| word.trim_matches('*').contains('*'));
    if has_inner_star {
        return problem("Ein * steht nur am Anfang oder am Ende eines Worts.");
    }
    if word.contains('*') {
        return problem("Neben einem * braucht ein Wort wenigstens 3 Buchstaben.");
    }
    problem("Ein Stichwort besteht aus Wörtern von wenigstens 2 Buchstaben, höchstens 8 davon.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_all_readers_are_found_in_title_and_text() {
        let words = ["Breitband*", "Glasfaser", "digitale Rathaus ~ Kosten", "KI", "@liste"];
        let keywords = Keywords::new(words.map(str::to_owned));
        assert_eq!(
            keywords.found("Breitbandausbau beginnt", "Die Glasfasern liegen."),
            ["Breitband*", "Glasfaser"]
        );
        assert_eq!(
            keywords.found("Rat", "Das digitale Rathaus und seine Kosten."),
            ["digitale Rathaus ~ Kosten"]
        );
        assert_eq!(keywords.found("Kiosk", "Nichts."), [""; 0]);
        assert!(Keywords::new(Vec::new()).is_empty());
    }

    #[test]
    fn a_form_is_read_line_by_line_and_what_is_wrong_is_said_in_german() {
        let read = keywords("  Breitband* \n\nKI\nBreitband*\n digitales   Rathaus\n").unwrap();
        assert_eq!(read, ["Breitband*", "KI", "digitales Rathaus"]);
        for (form, told) in [
            ("Breit*band", "„Breit*band“: Ein * steht nur am Anfang oder am Ende eines Worts."),
            ("a*", "„a*“: Neben einem * braucht ein Wort wenigstens 3 Buchstaben."),
            ("Wort!", "„Wort!“: Die Zeichen @ ! ? ^ kann ein Stichwort nicht enthalten."),
            (
                "x",
                "„x“: Ein Stichwort besteht aus Wörtern von wenigstens 2 Buchstaben, höchstens 8 davon.",
            ),
        ] {
            assert_eq!(keywords(form).unwrap_err(), told);
        }
        assert!(keywords(&"lang ".repeat(30)).unwrap_err().contains("höchstens 60 Zeichen"));
        let many: String = (0..21).map(|number| format!("Wort{number}\n")).collect();
        assert!(keywords(&many).unwrap_err().starts_with("Das sind mehr als 20 Stichwörter."));
    }
}
