//! The words by which a heading or an address says what a section of a page holds.

use super::{fold, words};

/// What a section of a page holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rubric {
    /// News, press releases, notices.
    News,
    /// Events and dates of meetings.
    Events,
    /// Vacancies.
    Jobs,
    /// Services of an office, forms, contacts.
    Services,
    /// Files, journals, brochures.
    Downloads,
    /// News that stand elsewhere as well: most read, related, recommended.
    Again,
    /// Parts of the page itself: tags, archive, search, sitemap, partners.
    Chrome,
}

use Rubric::{Again, Chrome, Downloads, Events, Jobs, News, Services};

/// Beginnings or parts of words, folded. The longest that a word holds decides, of equally
/// long ones the last in the word: a newsletter is no news, press dates are dates.
const PARTS: &[(&str, Rubric)] = &[
    ("nachricht", News),
    ("meldung", News),
    ("mitteilung", News),
    ("bekanntmachung", News),
    ("bekanntgabe", News),
    ("neuigkeit", News),
    ("presse", News),
    ("press", News),
    ("medieninfo", News),
    ("medien-info", News),
    ("artikel", News),
    ("article", News),
    ("beitrag", News),
    ("beitraeg", News),
    ("schlagzeile", News),
    ("rundschreiben", News),
    ("berichte", News),
    ("veranstaltung", Events),
    ("termin", Events),
    ("kalender", Events),
    ("calendar", Events),
    ("event", Events),
    ("fuehrungen", Events),
    ("stellenangebot", Jobs),
    ("stellenausschreibung", Jobs),
    ("stellenmarkt", Jobs),
    ("stellenboerse", Jobs),
    ("karriere", Jobs),
    ("arbeitgeber", Jobs),
    ("buergerservice", Services),
    ("dienstleistung", Services),
    ("onlinedienst", Services),
    ("serviceportal", Services),
    ("formular", Services),
    ("anliegen", Services),
    ("lebenslage", Services),
    ("kontakt", Services),
    ("ansprechpartner", Services),
    ("oeffnungszeit", Services),
    ("sprechzeit", Services),
    ("mitarbeiter", Services),
    ("schnellzugriff", Services),
    ("download", Downloads),
    ("amtsblatt", Downloads),
    ("amtsblaetter", Downloads),
    ("publikation", Downloads),
    ("broschuere", Downloads),
    ("dokument", Downloads),
    ("satzung", Downloads),
    ("meistgelesen", Again),
    ("meistgesucht", Again),
    ("beliebt", Again),
    ("verwandt", Again),
    ("aehnlich", Again),
    ("related", Again),
    ("popular", Again),
    ("empfehlung", Again),
    ("schlagwort", Chrome),
    ("schlagwoerter", Chrome),
    ("stichwort", Chrome),
    ("kategorie", Chrome),
    ("category", Chrome),
    ("navigation", Chrome),
    ("newsletter", Chrome),
    ("galerie", Chrome),
    ("mediathek", Chrome),
    ("wetter", Chrome),
    ("umfrage", Chrome),
    ("partner", Chrome),
    ("archiv", Chrome),
    ("suche", Chrome),
    ("sitemap", Chrome),
    ("barrierefrei", Chrome),
    ("leichte-sprache", Chrome),
    ("impressum", Chrome),
    ("datenschutz", Chrome),
];

/// Whole words, folded.
const WORDS: &[(&str, Rubric)] = &[
    ("news", News),
    ("blog", News),
    ("post", News),
    ("posts", News),
    ("pm", News),
    ("jobs", Jobs),
    ("job", Jobs),
    ("stellen", Jobs),
    ("ausbildung", Jobs),
    ("service", Services),
    ("services", Services),
    ("tags", Chrome),
    ("tag", Chrome),
    ("links", Chrome),
    ("archive", Chrome),
];

/// Beginnings of words that make news of a section that names nothing else.
const FRESH: &[&str] = &["aktuell", "neues", "neueste", "latest"];

/// Sayings of several words, folded.
const SAYINGS: &[(&str, Rubric)] = &[
    ("meist gelesen", Again),
    ("mehr zum thema", Again),
    ("siehe auch", Again),
    ("lesen sie auch", Again),
    ("das koennte sie", Again),
    ("weitere themen", Again),
    ("was ist los", Events),
    ("wann ist was", Events),
    ("freie stellen", Jobs),
    ("offene stellen", Jobs),
    ("was erledige ich", Services),
    ("haeufig gesucht", Services),
    ("haeufig nachgefragt", Services),
    ("online dienste", Services),
    ("sie befinden sich", Chrome),
];

/// Returns what a section with this heading or address holds, if its words say so.
///
/// Where they name news and something else the other counts, unless the word for
/// news is as strong: `Aktuelle Termine` are events, `Nachrichten und Termine` are news.
pub fn rubric(text: &str) -> Option<Rubric> {
    let folded = fold(text);
    let spoken: Vec<&str> = words(&folded).map(|(_, word)| word).take(40).collect();
    let line = spoken.join(" ");
    if let Some((_, rubric)) = SAYINGS.iter().find(|(saying, _)| line.contains(saying)) {
        return Some(*rubric);
    }
    let named: Vec<Rubric> = spoken.iter().filter_map(|word| of_word(word)).collect();
    if named.contains(&News) {
        return Some(News);
    }
    named.first().copied().or_else(|| {
        let is_fresh = spoken.iter().any(|word| FRESH.iter().any(|fresh| word.starts_with(fresh)));
        // The menu's `Rathaus` leads to offices and councils.
        (is_fresh || line.contains("aus dem rathaus")).then_some(News)
    })
}

/// Parts of words that say nothing of what a section holds: a search finds news and services.
const NEUTRAL: &[&str] = &["suchergebnis", "searchresult"];

fn of_word(word: &str) -> Option<Rubric> {
    if NEUTRAL.iter().any(|neutral| word.contains(neutral)) {
        return None;
    }
    // An archive of news holds news.
    let word = word.strip_suffix("archiv").filter(|rest| !rest.is_empty()).unwrap_or(word);
    if let Some((_, rubric)) = WORDS.iter().find(|(whole, _)| *whole == word) {
        return Some(*rubric);
    }
    PARTS
        .iter()
        .filter_map(|(part, rubric)| Some((word.rfind(part)? + part.len(), part.len(), *rubric)))
        .max_by_key(|(end, length, _)| (*end, *length))
        .map(|(_, _, rubric)| rubric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_what_its_last_word_says() {
        for (text, expected) in [
            ("Aktuelles", Some(News)),
            ("Aus dem Rathaus", Some(News)),
            ("Rathaus", None),
            ("/presse/pressemitteilungen/", Some(News)),
            ("Aktuelle Termine", Some(Events)),
            ("Pressetermine", Some(Events)),
            ("Nachrichten und Termine", Some(News)),
            ("Newsletter", Some(Chrome)),
            ("Pressearchiv", Some(News)),
            ("Archiv", Some(Chrome)),
            ("Suchergebnisse", None),
            ("Neues aus dem Amtsblatt", Some(Downloads)),
            ("Das könnte Sie auch interessieren", Some(Again)),
            ("Häufig gesucht", Some(Services)),
            ("Freie Stellen", Some(Jobs)),
            ("Kultur & Tourismus", None),
            ("", None),
        ] {
            assert_eq!(rubric(text), expected, "{text}");
        }
    }
}
