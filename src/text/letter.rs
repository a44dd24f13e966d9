//! Words of a letter round its news: greetings, headings, how to see it online, its foot.
//!
//! All lists are folded. What letters share with pages stands in `furniture` and `rubric`.

use super::furniture::is_credit;
use super::links::leads_on;
use super::{Rubric, fold, rubric, words};

/// Beginnings of a letter.
const GREETINGS: &[&str] = &[
    "liebe ",
    "lieber ",
    "sehr geehrte",
    "guten tag",
    "guten morgen",
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
    "read", "jetzt", "quelle", "zu den", "download", "als pdf", "pdf",
];

/// Labels of what belongs to the letter itself: few words follow.
const LABELS: &[&str] = &[
    "in dieser ausgabe",
    "inhalt",
    "inhaltsverzeichnis",
    "themen dieser",
    "die themen",
    "ausgabe",
    "editorial",
    "folgen sie",
    "teilen",
    "weiterempfehlen",
    "kontakt",
    "ihre ansprechpartner",
    "ihre redaktion",
    "ihr team",
    "feedback",
    "ihre meinung",
    "viel spass",
];

/// Beginnings of lines that speak of the letter itself.
const OWN_LINES: &[&str] = &[
    "mit freundlichen",
    "wird diese e-mail",
    "falls diese",
    "wenn diese",
    "probleme beim",
    "bis zum naechsten",
    "wie fand",
    "wie hat ihnen",
    "wie gefaellt",
];

/// Lines that say that what follows is paid for.
const ADVERTS: &[&str] =
    &["anzeige", "anzeigen", "werbung", "advertorial", "gesponsert", "sponsored"];

/// Parts of a text about an account, an order or a sign-up.
const ACCOUNT: &[&str] = &[
    "passwor",
    "kennwort",
    "zugangsdaten",
    "ihr zugang",
    "ihr konto",
    "ihrem konto",
    "ihr benutzerkonto",
    "einmalcode",
    "sicherheitscode",
    "bestaetigungscode",
    "verifizier",
    "ihre rechnung",
    "ihre bestellung",
    "ihre anmeldung",
    "ihre anfrage",
    "ihr anliegen",
    "ticketnummer",
    "mit ihnen geteilt",
    "shared with you",
    "ticket#",
    "your account",
    "verify your",
];

/// Words by which somebody is reached, or that say whose all of it is.
const REACHED: &[&str] = &["tel", "telefon", "fon", "fax", "telefax", "copyright"];

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
    "v.i.s.d.p",
    "-- ",
    "©",
];

/// Parts of a text that tells readers why they get the letter.
const WHY: &[&str] = &[
    "erhalten diese",
    "erhalten den newsletter",
    "erhalten unseren newsletter",
    "haben sich angemeldet",
    "diese e-mail wurde",
    "all rights reserved",
    "you are receiving",
    "you received this",
    "this email was sent",
];

/// Parts of a text that tells readers how to get it no more, and what they act on.
const UNSUBSCRIBE: &[&str] = &[
    "abmeld",
    "abbestell",
    "austrag",
    "unsubscribe",
    "nicht mehr erhalten",
    "nicht mehr empfangen",
    "keinen newsletter mehr",
    "keine e-mails mehr",
];
const UNSUBSCRIBED: &[&str] = &[
    "newsletter",
    "hier",
    "link",
    "mail",
    "verteiler",
    "nachricht",
    "wenn sie",
    "moechten",
    "wollen",
];

/// Words between others that say nothing themselves, folded.
const FILLERS: &[&str] = &[
    "und", "oder", "der", "die", "das", "den", "dem", "des", "im", "in", "an", "zu", "zum", "zur",
    "vom", "von", "unser", "unsere", "unserem", "ihr", "ihre", "ihren", "hier", "jetzt", "alle",
    "diesen", "diese", "dieser", "sich", "sie", "koennen", "bitte", "link", "the", "your", "this",
    "from", "here", "a",
];

/// Parts of words that name what belongs to the newsletter itself, folded.
const OWN_WORDS: &[&str] = &[
    "abmeld",
    "abbestell",
    "austrag",
    "unsubscribe",
    "opt-out",
    "profil",
    "einstellung",
    "preferences",
    "weiterempfehl",
    "weiterleit",
    "datenschutz",
    "impressum",
    "kommentar",
    "kommentier",
    "comment",
    "newsletter",
    "abonnement",
    "verteiler",
    "agb",
    "login",
    "mediadaten",
];

/// What is done to those, folded.
const OWN_DEEDS: &[&str] = &[
    "aendern",
    "anmelden",
    "bearbeiten",
    "verwalten",
    "schreiben",
    "hinterlassen",
    "anpassen",
    "aktualisieren",
    "kuendigen",
    "loeschen",
    "beenden",
    "leave",
    "update",
    "manage",
    "teilen",
];

/// Parts of words and addresses by which a reader leaves.
const LEAVING: &[&str] =
    &["abmeld", "abbestell", "austrag", "unsubscribe", "opt-out", "optout", "loeschen", "kuendig"];

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
    leads_on(words)
        || begins(&words.trim_start_matches(['»', '›', '>', '→', ' ', '[']).to_lowercase(), LEADING)
}

/// Returns whether words are of the letter itself and name no story: `Datenschutz`, but not
/// `Leitfaden Datenschutz erschienen`; `Ausgabe 12`, but not `Ausgabe von Tablets an den Rat`.
pub fn heads_no_story(text: &str) -> bool {
    let folded = fold(text);
    let is_label = |label: &str, most_words: usize| {
        folded.strip_prefix(label).is_some_and(|rest| {
            !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-')
                && rest.split_whitespace().count() <= most_words
        })
    };
    let is_furniture = |word: &str| matches!(rubric(word), Some(Rubric::Chrome));
    let mut telling = telling(&folded).peekable();
    is_label("newsletter", 7)
        || LABELS.iter().any(|label| is_label(label, 3))
        || begins(&folded, OWN_LINES)
        || is_advert(text)
        || is_credit(text)
        || says_online(text)
        || telling.peek().is_some() && telling.all(is_furniture)
}

/// Returns the words that say something, of folded ones.
fn telling(folded: &str) -> impl Iterator<Item = &str> {
    words(folded).map(|(_, word)| word).filter(|word| !FILLERS.contains(word)).take(40)
}

/// Returns whether what follows a line is paid for.
pub fn is_advert(line: &str) -> bool {
    let folded = fold(line);
    ADVERTS.contains(&folded.trim_matches(|c: char| !c.is_alphanumeric()))
}

/// Returns whether words are about somebody's account, order or sign-up.
pub fn is_of_account(text: &str) -> bool {
    has(&fold(text), ACCOUNT)
}

/// Returns whether a text says how somebody is reached, and whose all of it is.
pub fn is_contact(text: &str) -> bool {
    text.contains(['@', '©']) || words(&fold(text)).any(|(_, word)| REACHED.contains(&word))
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

/// Returns whether the words of a link act on the subscription or the letter, and do nothing else.
pub fn is_own_link(words: &str) -> bool {
    let folded = fold(words);
    has(&folded, OWN_WORDS) && is_own(&folded)
}

/// Returns whether a reader leaves by a link with these words, or none, to this address.
pub fn leaves(words: &str, url: &str) -> bool {
    let folded = fold(words);
    (has(&folded, LEAVING) || has(&url.to_lowercase(), LEAVING)) && is_own(&folded)
}

/// Returns whether folded words speak of the letter and of nothing else.
fn is_own(folded: &str) -> bool {
    telling(folded).all(|word| {
        has(word, OWN_WORDS)
            || has(word, LEAVING)
            || OWN_DEEDS.contains(&word)
            || word.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn begins(text: &str, openings: &[&str]) -> bool {
    openings.iter().any(|opening| text.starts_with(opening))
}

fn has(text: &str, parts: &[&str]) -> bool {
    parts.iter().any(|part| text.contains(part))
}
