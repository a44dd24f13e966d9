//! Words of a letter round its news: greetings, headings, how to see it online, its foot.
//!
//! All lists are folded. What letters share with pages stands in `furniture` and `rubric`.

use super::furniture::is_credit;
use super::{Rubric, fold, rubric};

/// Beginnings of a letter.
const GREETINGS: &[&str] = &[
    "liebe ",
    "lieber ",
    "sehr geehrte",
    "guten tag",
    "hallo",
    "moin",
    "dear ",
    "herzlich willkommen",
];

/// Beginnings of its end.
const SIGN_OFFS: &[&str] = &[
    "mit freundlichen gruessen",
    "mit freundlichem gruss",
    "freundliche gruesse",
    "viele gruesse",
    "beste gruesse",
    "herzliche gruesse",
    "schoene gruesse",
];

/// Beginnings of links that only lead on to a story, in lower case.
const LEADING: &[&str] = &[
    "mehr", "weiter", "lesen", "zum ", "zur ", "details", "artikel", "hier", "link", "info",
    "read", "jetzt", "quelle", "zu den",
];

/// Beginnings of lines that speak of the letter itself.
const OWN_LINES: &[&str] = &[
    "newsletter",
    "in dieser ausgabe",
    "inhalt",
    "themen dieser",
    "die themen",
    "ausgabe ",
    "editorial",
    "folgen sie",
    "teilen",
    "weiterempfehlen",
    "kontakt",
    "ihre ansprechpartner",
    "mit freundlichen",
    "ihre redaktion",
    "ihr team",
    "viel spass",
    "wird diese e-mail",
    "falls diese",
    "wenn diese",
    "probleme beim",
    "bis zum naechsten",
];

/// Parts of a line that says where the letter can be seen online.
const ONLINE: &[&str] = &[
    "im browser",
    "ihrem browser",
    "deinem browser",
    "browseransicht",
    "browser-ansicht",
    "webansicht",
    "onlineansicht",
    "online-ansicht",
    "online ansehen",
    "online lesen",
    "webversion",
    "web-version",
    "onlineversion",
    "online-version",
    "in your browser",
];

/// Beginnings of a line that opens the foot.
const FOOT: &[&str] = &[
    "impressum",
    "herausgeber",
    "redaktion:",
    "verantwortlich",
    "abmelden",
    "newsletter abbestellen",
    "datenschutzerklaerung",
    "-- ",
];

/// Parts of a text that tells readers why they get the letter.
const WHY: &[&str] = &[
    "erhalten diese",
    "erhalten den newsletter",
    "erhalten unseren newsletter",
    "haben sich angemeldet",
    "you are receiving",
];

/// Parts of a text that tells readers how to get it no more, and what they act on.
const UNSUBSCRIBE: &[&str] = &["abmeld", "abbestell", "austrag", "unsubscribe"];
const UNSUBSCRIBED: &[&str] = &["newsletter", "hier", "link", "e-mail", "verteiler"];

/// Parts of links that act on the subscription or the letter.
const OWN_LINKS: &[&str] = &[
    "abmeld",
    "abbestell",
    "unsubscribe",
    "profil",
    "einstellungen",
    "weiterempfehl",
    "weiterleiten",
    "datenschutz",
    "impressum",
    "anmelden",
    "kommentar",
    "kommentieren",
    "comment",
];

/// Returns whether a text begins a letter.
pub fn greets(text: &str) -> bool {
    begins(&fold(text), GREETINGS)
}

/// Returns whether a text ends a letter.
pub fn signs_off(text: &str) -> bool {
    begins(&fold(text), SIGN_OFFS)
}

/// Returns whether the words of a link begin as those that only lead on to a story do.
pub fn begins_leading(words: &str) -> bool {
    begins(&words.trim_start_matches(['»', '›', '>', '→', ' ', '[']).to_lowercase(), LEADING)
}

/// Returns whether words are of the letter itself and name no story. Of a page's furniture
/// are so many words at most: `Datenschutz`, but not `Leitfaden Datenschutz erschienen`.
pub fn heads_no_story(text: &str, most_words: usize) -> bool {
    begins(&fold(text), OWN_LINES)
        || is_credit(text)
        || says_online(text)
        || matches!(rubric(text), Some(Rubric::Chrome))
            && text.split_whitespace().count() <= most_words
}

/// Returns whether a line says where the letter can be seen online.
pub fn says_online(line: &str) -> bool {
    let folded = fold(line);
    folded.len() < 160 && has(&folded, ONLINE)
}

/// Returns whether a text begins what stands below the stories.
pub fn is_foot(text: &str) -> bool {
    let folded = fold(text);
    text.chars().count() <= 60 && begins(&folded, FOOT)
        || has(&folded, WHY)
        || has(&folded, UNSUBSCRIBE) && has(&folded, UNSUBSCRIBED)
}

/// Returns whether the words of a link act on the subscription or the letter.
pub fn is_own_link(words: &str) -> bool {
    let folded = fold(words);
    folded.split_whitespace().count() <= 4 && has(&folded, OWN_LINKS)
}

fn begins(text: &str, openings: &[&str]) -> bool {
    openings.iter().any(|opening| text.starts_with(opening))
}

fn has(text: &str, parts: &[&str]) -> bool {
    parts.iter().any(|part| text.contains(part))
}
